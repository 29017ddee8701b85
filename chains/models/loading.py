"""Load a model by its name (`chains.models.names`) with options, or say in one line why not.

Options go to the constructor as they are. One that it would silently ignore, or send along with every request, is an error.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any, TypeAlias

from langchain_core.language_models import BaseChatModel, BaseLanguageModel, BaseLLM
from pydantic import ValidationError

from self_instruct.chains.models.in_process import options_wanted
from self_instruct.chains.models.names import (
    AZURE_PREFIX,
    CLASS,
    COMPLETION_PREFIX,
    FOLDER_PREFIX,
    OFFLINE,
    OPENAI_PREFIXES,
)
from self_instruct.chains.models.replies import Model
from self_instruct.records.errors import SettingsError, sentence
from self_instruct.settings.frozen import thawed
from self_instruct.settings.secrets import one_line
from self_instruct.settings.sections import ModelChoice

CONNECT_S = 10.0  # seconds to reach OpenAI's protocols, with TLS; how long an answer may take is another matter
_EXAMPLE = "expected PROVIDER:NAME, e.g. openai:gpt-4.1-mini"
_NO_MODEL = "is not a LangChain chat or completion model."
_TIMEOUTS = ("timeout", "request_timeout")

Loaded: TypeAlias = BaseChatModel | BaseLLM


def load_chosen(choice: ModelChoice, seed: int = 0) -> BaseLanguageModel[Any]:
    """Return the model of a choice for a run, whose `chains.models.retrying` is the one layer of retries; see `load_model`."""
    return load_model(choice.model or "", base_url=choice.base_url, options=choice.options, seed=seed, client_retries=False)


def load_stages(
    choices: Mapping[str, ModelChoice], seed: int = 0, objects: Mapping[str, Model] | None = None
) -> dict[str, Model]:
    """Return the model of each stage; stages that chose the same share one, and with it its client.

    `objects` are models that are there already, by the names that the choices have for them.
    """
    models: dict[str, Model] = {}
    for stage, choice in choices.items():
        same = next((earlier for earlier in models if choices[earlier] == choice), None)
        there = (objects or {}).get(choice.model or "")
        models[stage] = models[same] if same else there or load_chosen(choice, seed)
    return models


def load_model(
    name: str,
    *,
    base_url: str | None = None,
    options: Mapping[str, Any] | None = None,
    seed: int = 0,
    client_retries: bool = True,
) -> BaseLanguageModel[Any]:
    """Return the model called `name`: a chat model, which answers with a message, or a completion model, with a text.

    `offline` is the rule-based stand-in that ships with us (`seed` is its); `openai-completion:NAME` a completion model, the
    paper's kind; `transformers:DIR` a model of a local folder, in this process; `package.module.Class` or
    `package.module.Class:NAME` any LangChain model class, imported only then; anything else is `provider:name` as LangChain's
    `init_chat_model` knows it. `base_url` points a client at another server; `options`
    go to the model's constructor (`azure_deployment`, `model_path`, `n_ctx` ...), and `api_key_env` among them names the
    environment variable that holds the key, where that is not the provider's usual one. A caller that retries by itself, as a
    run does, switches off `client_retries`. Raises `SettingsError` where the provider is unknown, its package is not installed,
    its key is not set, or an option is none of the model's.
    """
    options = options or {}
    try:
        model = _model(name, base_url, options, seed)
        if client_retries or "max_retries" in options or "max_retries" not in type(model).model_fields:
            return model
        return _model(name, base_url, {**options, "max_retries": 0}, seed)
    except SettingsError as error:
        raise SettingsError(f"model {name!r}: {error}") from None
    except ValidationError as error:
        raise SettingsError(f"model {name!r}: {_faults(error)}.") from None
    except ImportError as error:
        reason = f" ({error.__cause__})" if error.__cause__ else ""  # a package may be there, and one that it needs not
        raise SettingsError(f"model {name!r}: {one_line(f'{error}{reason}')}.") from None
    except Exception as error:  # noqa: BLE001  each provider has its own errors for a missing package, key or setting
        raise SettingsError(f"model {name!r}: {one_line(error) or type(error).__name__}.") from None


def _model(name: str, base_url: str | None, options: Mapping[str, Any], seed: int) -> Loaded:
    all_options = _with_key(options)
    if name == OFFLINE:
        return _of_class(_imported("self_instruct.chains.offline", "OfflineModel"), None, {"seed": seed, **all_options})
    if name.startswith(FOLDER_PREFIX):
        folder = name.removeprefix(FOLDER_PREFIX)
        return _of_class(_imported("self_instruct.chains.models.folder_model", "FolderModel"), folder, all_options)
    if name.startswith((*OPENAI_PREFIXES, AZURE_PREFIX)):
        all_options = _own_client(all_options, name, base_url)
    if base_url is not None:
        all_options["base_url"] = base_url
    if found := CLASS.fullmatch(name):
        return _of_class(_imported(found["module"], found["name"]), found["model"], all_options)
    return _of_provider(name, all_options)


def _with_key(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options with the key that `api_key_env` names: for a run that asks two providers through one client."""
    with_key: dict[str, Any] = thawed(dict(options))
    variable = with_key.pop("api_key_env", None)
    if variable is not None:
        with_key["api_key"] = os.environ.get(variable)
        if not with_key["api_key"]:
            raise SettingsError(f"the environment variable {variable}, named by api_key_env, is not set.")
    return with_key


def _own_client(options: Mapping[str, Any], name: str, base_url: str | None) -> dict[str, Any]:
    """Return the options with a client for one model alone: the one that langchain-openai shares dies with its event loop."""
    from openai import DefaultAsyncHttpxClient, Timeout

    from self_instruct.chains.models.response_limits import ENCODINGS, bound

    client = DefaultAsyncHttpxClient(headers={"Accept-Encoding": ", ".join(ENCODINGS)}, event_hooks={"response": [bound]})
    ours: dict[str, Any] = {"http_async_client": client}
    if not any(name in options for name in _TIMEOUTS):
        ours["timeout"] = Timeout(None, connect=CONNECT_S)
    if base_url is not None and "OPENAI_API_KEY" not in os.environ and name.startswith(OPENAI_PREFIXES):
        ours["api_key"] = "none"  # most self-hosted servers ask for no key, but the client insists on one
    return {**ours, **options}


def _of_provider(name: str, options: dict[str, Any]) -> Loaded:
    provider, colon, model = name.partition(":")
    if colon and not model:
        raise SettingsError(f"names no model; {_EXAMPLE}.")
    if name.startswith(COMPLETION_PREFIX):
        from langchain_openai import OpenAI

        return _of_class(OpenAI, model, options)
    from langchain.chat_models import init_chat_model

    def make(**each: Any) -> object:
        try:
            return init_chat_model(name, **each)
        except AttributeError:  # LangChain then looks in langchain-community, in vain
            package = f"langchain-{provider.replace('_', '-')}"
            raise SettingsError(f"its package is not installed; run `pip install {package}`.") from None
        except ValueError as error:
            raise _unknown_provider(provider, str(error)) or error from None

    return _with_own_connections(_made(make, options))


def _with_own_connections(model: Loaded) -> Loaded:
    """Return a model whose client shares no connections: those that langchain-anthropic's share die with their event loop."""
    if type(model).__module__.startswith("langchain_anthropic."):
        from anthropic import AsyncAnthropic

        told: Any = model
        told._async_client = AsyncAnthropic(**told._client_params)  # noqa: SLF001  it takes no client of the caller's
    return model


def _unknown_provider(provider: str, words: str) -> SettingsError | None:
    """Return what to say of LangChain's own list of providers, if that is what the error is about."""
    if "Unable to infer model provider" not in words:
        return None
    _, _, known = " ".join(words.split()).partition("Supported providers: ")
    known = known.partition(" For ")[0]
    near = get_close_matches(provider, known.split(", "), n=1)
    hint = f"; did you mean {near[0]!r}?" if near else f", of {known}."
    return SettingsError(f"no such provider; {_EXAMPLE}{hint}")


def imported(module: str, name: str) -> object:
    """Return a class by the place it is defined at; raises `SettingsError` where there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # langchain-community says on import that it is sunset
            return getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        package = (error.name or module).partition(".")[0].replace("_", "-")
        how = f" (`pip install {package}`)" if package.startswith("langchain-") else ", or its folder in PYTHONPATH"
        raise SettingsError(f"cannot be imported ({one_line(error)}); is its package installed{how}?") from None
    except AttributeError:
        raise SettingsError(f"{module} has no {name}.") from None


def _imported(module: str, name: str) -> type[Loaded]:
    found = imported(module, name)
    if not (isinstance(found, type) and issubclass(found, BaseChatModel | BaseLLM)):
        raise SettingsError(_NO_MODEL)
    return found


def _of_class(kind: type[Loaded], model: str | None, options: Mapping[str, Any]) -> Loaded:
    if model is not None and hasattr(kind, "from_model_id"):  # langchain-huggingface
        return _made(kind.from_model_id, {"model_id": model, "task": "text-generation", **options})
    all_options = dict(options) if model is None else {**options, "model": model}
    all_options = {**options_wanted(kind), **all_options}
    _check_options(kind, all_options)
    return _made(kind, all_options)


def _made(make: Callable[..., object], options: Mapping[str, Any]) -> Loaded:
    """Return the model that `make` constructs; raises `SettingsError` where it is none, or takes no such options."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is not default parameter", category=UserWarning)  # an error, below
        model = make(**options)
        if not isinstance(model, BaseChatModel | BaseLLM):
            raise SettingsError(_NO_MODEL)
        _check_options(type(model), options)
    return model


def _check_options(kind: type[Loaded], options: Mapping[str, Any]) -> None:
    """Raise `SettingsError` for the options that are no fields of the class, naming the nearest that are."""
    if kind.model_config.get("extra") == "allow" or hasattr(kind, "from_model_id"):  # the class knows more than its fields say
        return
    known = _option_names(kind)
    faults = []
    for name in options:
        if name not in known:
            near = get_close_matches(name, sorted(known), n=1)
            faults.append(f"takes no option {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    if faults:
        raise SettingsError(sentence("; ".join(faults)))


def _option_names(kind: type[Loaded]) -> set[str]:
    aliases = {alias for one in kind.model_fields.values() for alias in (one.alias, one.validation_alias)}
    return set(kind.model_fields) | {alias for alias in aliases if isinstance(alias, str)}


def _faults(error: ValidationError) -> str:
    """Return all that pydantic found, without the values, which may hold a key."""
    said = []
    for fault in error.errors(include_url=False, include_input=False):
        option, words = ".".join(map(str, fault["loc"])), one_line(fault["msg"].removeprefix("Value error, "))
        said.append(f"option {option!r}: {words[:1].lower()}{words[1:]}" if option else words)
    return "; ".join(said)
