"""The names of models: as settings and ledgers have them, and from a model that somebody made.

offline                        the rule-based stand-in that ships with us
openai-completion:NAME         a completion model, the paper's kind
transformers:DIR               a model of a local folder, in this process; a completion model unless its option `is_chat` is set
PROVIDER:NAME                  a chat model, as LangChain's `init_chat_model` knows it
package.module.Class[:NAME]    any LangChain model class: the community's, or your own
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import PureWindowsPath
from types import MappingProxyType
from typing import Any

from langchain_core.language_models import BaseChatModel, BaseLanguageModel, BaseLLM
from langchain_core.runnables import RunnableSequence, RunnableWithFallbacks
from langchain_core.runnables.base import RunnableBindingBase
from langchain_core.runnables.configurable import DynamicRunnable

from self_instruct.chains.models.replies import Model
from self_instruct.settings.secrets import holds_secret

CLASS = re.compile(r"(?P<module>[A-Za-z_]\w*(\.[A-Za-z_]\w*)*)\.(?P<name>[A-Z]\w*)(:(?P<model>.+))?", re.DOTALL)
OFFLINE = "offline"
COMPLETION_PREFIX = "openai-completion:"
OPENAI_PREFIXES = ("openai:", COMPLETION_PREFIX)
AZURE_PREFIX = "azure_openai:"
FOLDER_PREFIX = "transformers:"
_PLACE = re.compile(r"[~/\\]|\.{1,2}[/\\]|[A-Za-z]:[\\/]")  # how a path begins that leads somewhere on one machine
_AZURE = "azure"  # LangSmith's word for it
NO_OPTIONS: Mapping[str, Any] = MappingProxyType({})


def model_name_of(model: Model) -> str:
    """Return the name of a model by which it can be known again, such as "openai:gpt-4.1-mini"; it never holds a secret.

    Bindings, retries, fallbacks and what is configurable are looked through: the model is the one that is asked first. One
    that says neither who provides it nor what it is called has the name of its class.
    """
    inner = asked_first(model)
    name = _told(inner) if isinstance(inner, BaseChatModel | BaseLLM) else getattr(inner, "name", None)
    return type(inner).__name__ if not name or holds_secret(name) else name


def asked_first(model: Model) -> Model:
    """Return the model inside bindings, retries, fallbacks and sequences that is asked first."""
    if isinstance(model, RunnableBindingBase):
        return asked_first(model.bound)
    if isinstance(model, RunnableWithFallbacks):
        return asked_first(model.runnable)
    if isinstance(model, DynamicRunnable):
        return asked_first(model.default)
    if isinstance(model, RunnableSequence):
        steps = (asked_first(step) for step in reversed(model.steps))
        return next((step for step in steps if isinstance(step, BaseLanguageModel)), model)
    return model


def _told(model: BaseChatModel | BaseLLM) -> str:
    """Return a model's name by what it tells LangSmith of itself; by its class where its provider is only guessed."""
    told = model._get_ls_params()  # noqa: SLF001  the one place where every integration says it
    provider, name = told.get("ls_provider", ""), told.get("ls_model_name", "")
    kind = type(model)
    is_openai = kind.__module__.startswith("langchain_openai")
    is_completion = isinstance(model, BaseLLM) and not is_openai
    is_guessed = is_completion or kind._get_ls_params in (BaseChatModel._get_ls_params, BaseLLM._get_ls_params)  # noqa: SLF001
    if provider == OFFLINE:
        return OFFLINE
    if is_guessed and not is_openai:
        return f"{kind.__module__}.{kind.__qualname__}" + (f":{name}" if name else "")
    if not name:
        return kind.__name__
    if is_openai and isinstance(model, BaseLLM) and provider == "openai":
        return f"{COMPLETION_PREFIX}{name}"
    return f"{AZURE_PREFIX if provider == _AZURE else f'{provider}:'}{name}"


def without_folder(name: str) -> str:
    """Return a model's name without the folder of this machine that it may name.

    >>> [without_folder(name) for name in ("transformers:runs/tuned", "huggingface:/home/me/tiny", "openai:org/model")]
    ['transformers:tuned', 'huggingface:tiny', 'openai:org/model']
    """
    provider, _, place = name.partition(":")
    is_place = name.startswith(FOLDER_PREFIX) or _PLACE.match(place)
    return f"{provider}:{PureWindowsPath(place).name}" if is_place else name


def tells_probabilities(name: str | None, options: Mapping[str, Any] = NO_OPTIONS) -> bool:
    """Return whether a name says of a completion model that it is likely to tell how likely it found its words."""
    return (name or "").startswith((COMPLETION_PREFIX, FOLDER_PREFIX)) and is_completion_model(name, options)


def is_completion_model(name: str | None, options: Mapping[str, Any] = NO_OPTIONS) -> bool:
    """Return whether a name says of a model that it goes on with a text, as the paper's did; others are chat models.

    `options` are what it is constructed with: a model of a local folder is a chat model if they say `is_chat`. A class is
    imported to look; where it cannot be, loading the model says why.
    """
    if name is None or name.startswith(COMPLETION_PREFIX):
        return name is not None
    if name.startswith(FOLDER_PREFIX):
        return not options.get("is_chat", False)
    found = CLASS.fullmatch(name)
    if not found:
        return False
    try:
        kind = getattr(import_module(found["module"]), found["name"], None)
    except ImportError:
        return False
    return isinstance(kind, type) and issubclass(kind, BaseLLM)
