"""Construct a model from a name and options, or say in one line why not.

    offline                        the rule-based stand-in that ships with us
    openai-completion:NAME         a completion model, the paper's kind
    PROVIDER:NAME                  a chat model, as LangChain's `init_chat_model` knows it
    package.module.Class[:NAME]    any LangChain model class, imported only then: the community's, or your own

Options go to the constructor as they are. One that it would silently ignore, or send along with every request, is an error.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any, TypeAlias

from langchain_core.language_models import BaseChatModel, BaseLLM
from pydantic import ValidationError

from self_instruct.records.errors import SettingsError
from self_instruct.settings.secrets import without_secrets

OFFLINE = "offline"
COMPLETION_PREFIX = "openai-completion:"
OPENAI_PREFIXES = ("openai:", COMPLETION_PREFIX)
AZURE_PREFIX = "azure_openai:"
_CLASS = re.compile(r"(?P<module>[A-Za-z_]\w*(\.[A-Za-z_]\w*)*)\.(?P<name>[A-Z]\w*)(:(?P<model>.+))?", re.DOTALL)
_EXAMPLE = "expected PROVIDER:NAME, e.g. openai:gpt-4.1-mini"
LONGEST_REASON = 300  # characters of why a constructor gave up

Model: TypeAlias = BaseChatModel | BaseLLM
Maker: TypeAlias = Callable[..., object]


def construct(name: str, base_url: str | None, options: Mapping[str, Any], seed: int, *, client_retries: bool) -> Model:
    """Return the model called `name`, reached at `base_url`, constructed with `options`; `seed` is the offline model's.

    Without `client_retries` its client does not retry by itself, unless the options say so. Raises `SettingsError`.
    """
    try:
        model = _model(name, base_url, options, seed)
        if client_retries or "max_retries" in options or "max_retries" not in type(model).model_fields:
            return model
        return _model(name, base_url, {**options, "max_retries": 0}, seed)
    except SettingsError as error:
        raise SettingsError(f"model {name!r}: {error}") from None
    except ValidationError as error:
        raise SettingsError(f"model {name!r}: {_first_fault(error)}") from None
    except ImportError as error:
        reason = f" ({error.__cause__})" if error.__cause__ else ""  # a package may be there, and one that it needs not
        raise SettingsError(f"model {name!r}: {_one_line(f'{error}{reason}')}") from None
    except Exception as error:  # noqa: BLE001  each provider has its own errors for a missing package, key or setting
        raise SettingsError(f"model {name!r}: {_one_line(str(error) or type(error).__name__)}") from None


def _model(name: str, base_url: str | None, options: Mapping[str, Any], seed: int) -> Model:
    given = _with_key(options)
    if name == OFFLINE:
        return _of_class(_imported("self_instruct.chains.offline", "OfflineModel"), None, {"seed": seed, **given})
    if name.startswith((*OPENAI_PREFIXES, AZURE_PREFIX)):
        given = _own_client(given, name, base_url)
    if base_url is not None:
        given["base_url"] = base_url
    if found := _CLASS.fullmatch(name):
        return _of_class(_imported(found["module"], found["name"]), found["model"], given)
    return _of_provider(name, given)


def _with_key(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options with the key that `api_key_env` names: for a run that asks two providers through one client."""
    given = dict(options)
    variable = given.pop("api_key_env", None)
    if variable is not None:
        given["api_key"] = os.environ.get(variable)
        if not given["api_key"]:
            raise SettingsError(f"the environment variable {variable}, named by api_key_env, is not set.")
    return given


def _own_client(given: Mapping[str, Any], name: str, base_url: str | None) -> dict[str, Any]:
    """Return the options with a client for one model alone: the one that langchain-openai shares dies with its event loop."""
    from openai import DefaultAsyncHttpxClient

    ours: dict[str, Any] = {"http_async_client": DefaultAsyncHttpxClient()}
    if base_url is not None and "OPENAI_API_KEY" not in os.environ and name.startswith(OPENAI_PREFIXES):
        ours["api_key"] = "none"  # most self-hosted servers ask for no key, but the client insists on one
    return {**ours, **given}


def _of_provider(name: str, given: dict[str, Any]) -> Model:
    provider, colon, model = name.partition(":")
    if colon and not model:
        raise SettingsError(f"names no model; {_EXAMPLE}.")
    if name.startswith(COMPLETION_PREFIX):
        from langchain_openai import OpenAI

        return _of_class(OpenAI, model, given)
    from langchain.chat_models import init_chat_model

    def make(**options: Any) -> object:
        try:
            return init_chat_model(name, **options)
        except AttributeError:  # LangChain then looks in langchain-community, in vain
            package = f"langchain-{provider.replace('_', '-')}"
            raise SettingsError(f"its package is not installed; run `pip install {package}`.") from None
        except ValueError as error:
            raise _unknown_provider(provider, str(error)) or error from None

    return _made(make, given)


def _unknown_provider(provider: str, words: str) -> SettingsError | None:
    """Return what to say of LangChain's own list of providers, if that is what the error is about."""
    if "Unable to infer model provider" not in words:
        return None
    _, _, known = " ".join(words.split()).partition("Supported providers: ")
    known = known.partition(" For ")[0]
    near = get_close_matches(provider, known.split(", "), n=1)
    hint = f"; did you mean {near[0]!r}?" if near else f", of {known}."
    return SettingsError(f"no such provider; {_EXAMPLE}{hint}")


def _imported(module: str, name: str) -> type[Model]:
    """Return a model class by the place it is defined at."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # langchain-community says on import that it is sunset
            found = getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        package = (error.name or module).partition(".")[0].replace("_", "-")
        raise SettingsError(
            f"cannot be imported ({_one_line(str(error))}); is its package installed? `pip install {package}`"
        ) from None
    except AttributeError:
        raise SettingsError(f"{module} has no {name}.") from None
    if not (isinstance(found, type) and issubclass(found, BaseChatModel | BaseLLM)):
        raise SettingsError("is not a LangChain chat or completion model.")
    return found


def _of_class(kind: type[Model], model: str | None, given: dict[str, Any]) -> Model:
    named = {} if model is None else {"model": model}
    _check_options(kind, {**given, **named})
    return _made(kind, {**given, **named})


def _made(make: Maker, given: dict[str, Any]) -> Model:
    """Return the model that `make` constructs; raises `SettingsError` where it is none, or takes no such options."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is not default parameter", category=UserWarning)  # an error, below
        model = make(**given)
        if not isinstance(model, BaseChatModel | BaseLLM):
            raise SettingsError("is not a LangChain chat or completion model.")
        _check_options(type(model), given)
    return model


def _check_options(kind: type[Model], given: Mapping[str, Any]) -> None:
    """Raise `SettingsError` for an option that is no field of the class, naming the nearest that is."""
    if kind.model_config.get("extra") == "allow" or hasattr(kind, "from_model_id"):  # the class knows more than its fields say
        return
    known = _option_names(kind)
    for name in given:
        if name not in known:
            near = get_close_matches(name, sorted(known), n=1)
            raise SettingsError(f"takes no option {name!r}" + (f"; did you mean {near[0]!r}?" if near else "."))


def _option_names(kind: type[Model]) -> set[str]:
    aliases = {alias for one in kind.model_fields.values() for alias in (one.alias, one.validation_alias)}
    return set(kind.model_fields) | {alias for alias in aliases if isinstance(alias, str)}


def _first_fault(error: ValidationError) -> str:
    """Return what pydantic found first, without the values, which may hold a key."""
    first = error.errors(include_url=False, include_input=False)[0]
    option = ".".join(map(str, first["loc"]))
    words = _one_line(first["msg"].removeprefix("Value error, "))
    return f"option {option!r}: {words[:1].lower()}{words[1:]}." if option else words


def _one_line(words: str) -> str:
    return " ".join(without_secrets(words).split())[:LONGEST_REASON]
