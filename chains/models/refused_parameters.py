"""Leave out the parameters that a model refuses: reasoning models take no `temperature`, many clients no `presence_penalty`.

The first refusal is warned of once, remembered in the ledger, and the request asked again at once; a run that goes on leaves
the parameter out from its first request. Only parameters of our settings are ever left out. A refusal that names none of them
is the caller's to deal with.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable, RunnableConfig
from pydantic import ValidationError

from self_instruct.ledger import Ledger
from self_instruct.settings.frozen import thawed

_log = logging.getLogger(__name__)
FACT = "parameters left out"
NEVER_LEFT_OUT = frozenset({"model", "messages", "prompt", "input"})
RENAMED = {"max_tokens": "max_completion_tokens"}  # by OpenAI; its Azure client goes on sending the old name
_REFUSED_CODES = frozenset({"unsupported_parameter", "unsupported_value", "unknown_parameter"})
_INVALID_STATUS = frozenset({400, 422})
_REFUSAL = re.compile(
    r"not? (longer )?(be )?(currently )?(supported|permitted|allowed|enabled|available|recogni[sz]ed)"
    r"|(does not|doesn't|do not|cannot) (support|accept|take|both)|(can|may) only be|only the default|only supports"
    r"|unsupported|unrecogni[sz]ed|unknown|unexpected|extraneous|extra (input|field)|deprecated",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=[.!])\s|\n")

Refused = dict[str, str | None]
"""Parameters that a model refuses; each with the name to send it by instead, or None."""


class LeftOut:
    """What each of a run's models refuses, by the model's name.

    `known` is what is known of it already; `remember` is given all of it, and `warn` one sentence, at each first refusal.
    """

    def __init__(
        self,
        known: Mapping[str, Refused] | None = None,
        remember: Callable[[dict[str, Refused]], None] = lambda _: None,
        warn: Callable[[str], None] = _log.warning,
    ) -> None:
        self._refused = {model: dict(refused) for model, refused in (known or {}).items()}
        self._remember = remember
        self._warn = warn

    @classmethod
    def of(cls, ledger: Ledger, warn: Callable[[str], None]) -> LeftOut:
        """Return what the run's ledger knows, and goes on to remember."""
        return cls(known_left_out(ledger), lambda refused: ledger.set_fact(FACT, refused), warn)

    def sent(self, model: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters that the model takes, each by the name it takes it by."""
        refused = self._refused.get(model, {})
        sent = {refused.get(name, name): thawed(value) for name, value in parameters.items()}
        return {name: value for name, value in sent.items() if name is not None}

    def add(self, model: str, name: str, instead: str | None) -> None:
        """Leave a parameter out from now on, or send it by another name; what is known is not said again."""
        refused = self._refused.setdefault(model, {})
        if name in refused:  # by a request that was under way with it at the first refusal
            return
        original = next((ours for ours, sent in refused.items() if sent == name), name)
        refused |= {name: instead, original: instead}
        self._remember(self._refused)
        what = f"it is sent as {instead!r}" if instead else "it is left out"
        self._warn(f"the model {model} refuses the parameter {name!r}; {what} from now on")


def known_left_out(ledger: Ledger) -> dict[str, Refused]:
    """Return the parameters that a run's models are known to refuse, by the model's name."""
    return dict(ledger.fact(FACT) or {})


class TakenParameters(Runnable[LanguageModelInput, AIMessage | str]):
    """A model that is asked with those of the parameters that it takes; one that it refuses is left out from then on."""

    def __init__(self, asking: Runnable[LanguageModelInput, AIMessage | str], model: str, left_out: LeftOut) -> None:
        self._asking = asking
        self._model = model
        self._left_out = left_out
        self.name = asking.get_name()

    def invoke(self, input: LanguageModelInput, config: RunnableConfig | None = None, **parameters: Any) -> AIMessage | str:  # noqa: A002
        """Return the answer to a prompt; what the provider raises otherwise is raised as it is."""
        while True:
            sent = self._left_out.sent(self._model, parameters)
            try:
                return self._asking.invoke(input, config, **sent)
            except Exception as error:  # noqa: BLE001  raised again below, unless it refuses a parameter
                self._leave_out(error, sent)

    async def ainvoke(
        self,
        input: LanguageModelInput,  # noqa: A002
        config: RunnableConfig | None = None,
        **parameters: Any,
    ) -> AIMessage | str:
        """Return the answer to a prompt; what the provider raises otherwise is raised as it is."""
        while True:
            sent = self._left_out.sent(self._model, parameters)
            try:
                return await self._asking.ainvoke(input, config, **sent)
            except Exception as error:  # noqa: BLE001  raised again below, unless it refuses a parameter
                self._leave_out(error, sent)

    def _leave_out(self, error: Exception, sent: Mapping[str, Any]) -> None:
        """Take note of the parameter that the error refuses, or raise the error."""
        if not leave_out(self._left_out, self._model, error, sent):
            raise error


def leave_out(left_out: LeftOut, model: str, error: Exception, sent: Collection[str]) -> bool:
    """Take note of the parameter of those sent that an error refuses; False where it refuses none."""
    name = refused_parameter(error, sent)
    if name is None:
        return False
    successor = RENAMED.get(name)
    is_asked_for = successor and re.search(rf"\buse\W+{successor}\b", str(error), re.IGNORECASE)
    left_out.add(model, name, successor if is_asked_for else None)
    return True


def refused_parameter(error: Exception, sent: Collection[str]) -> str | None:
    """Return which of the parameters sent an error refuses, or None if it refuses none of them.

    By what it says in fields (OpenAI's `code` and `param`, the `loc` of FastAPI and pydantic), else by its words: a sentence
    that refuses something and names a parameter. Of two that do not go together ("cannot both be specified"), the last.
    """
    ours = {name: name for name in sent if name not in NEVER_LEFT_OUT}
    ours |= {new: old for old, new in RENAMED.items() if old in ours}  # the OpenAI client renames it on the way
    if not _may_refuse(error):
        return None
    named = next((name for name in _fields_named(error) if name in ours), None) or _named_in_words(str(error), ours)
    return ours[named] if named else None


def _may_refuse(error: Exception) -> bool:
    status = getattr(error, "status_code", None)
    return isinstance(error, TypeError | ValueError) if status is None else status in _INVALID_STATUS


def _fields_named(error: Exception) -> Iterator[str]:
    """Yield the parameter names that an error refuses in fields of its own."""
    if isinstance(error, ValidationError):
        yield from (str(each["loc"][-1]) for each in error.errors() if each["type"] == "extra_forbidden" and each["loc"])
    body = getattr(error, "body", None)
    if not isinstance(body, Mapping):
        return
    told = body.get("error") if isinstance(body.get("error"), Mapping) else body
    if isinstance(told, Mapping) and told.get("code") in _REFUSED_CODES:
        yield str(told.get("param")).rpartition(".")[2]
    details = body.get("detail")
    for each in details if isinstance(details, list) else ():
        if isinstance(each, Mapping) and each.get("type") == "extra_forbidden" and each.get("loc"):
            yield str(each["loc"][-1])


def _named_in_words(words: str, names: Collection[str]) -> str | None:
    for sentence in _SENTENCE_END.split(words):
        if not _REFUSAL.search(sentence):
            continue
        places = {name: found.start() for name in names if (found := _mention(name).search(sentence))}
        if places:
            choose = max if "both" in sentence else min
            return choose(places, key=lambda name: places[name])
    return None


def _mention(name: str) -> re.Pattern[str]:
    """Return what finds a parameter named as one in a sentence, in snake or camel case; "stop" alone may be any word."""
    first, *others = name.split("_")
    either = f"(?:{re.escape(name)}|{re.escape(first + ''.join(map(str.title, others)))})"
    return re.compile(
        rf"[`'\"\[(]{either}[`'\"\])]|(?:parameters?|arguments?|property|properties|fields?|keys?|options?|name):?\s+{either}\b"
        rf"|^\W*{either}\b(?=:| is| are| does| may| can| and| parameter)"
        rf"|:\s*{either}(?=\W*$|,|:| is| does)|\b{either} parameter",
    )
