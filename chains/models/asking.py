"""Who answers a run's requests: the prompts of the run, and a model for each stage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import merge_configs

from self_instruct.chains.models.loading import Model, answering
from self_instruct.chains.models.provider_errors import tells_secret, translate
from self_instruct.chains.models.refused_parameters import LeftOut, TakenParameters
from self_instruct.chains.models.replies import REFUSED, is_cut_stream, message_to_reply, storable
from self_instruct.ledger import RequestId
from self_instruct.prompts.prompt_set import PromptSet
from self_instruct.records.errors import ModelRefusedError, ModelUnavailableError, SelfInstructError
from self_instruct.records.replies import Reply
from self_instruct.records.tasks import Stage
from self_instruct.settings.settings import Settings


class Asker(Protocol):
    """Answers one request at a time; several may be under way at once."""

    async def __call__(self, request: RequestId, given: Mapping[str, Any]) -> Reply:
        """Return the reply to `request`, whose prompt takes the variables in `given`.

        Raises `ModelUnavailableError` or `ModelDeniedError`.
        """
        ...


class ModelAsker:
    """Sends each request to the model of its stage, with those of the stage's parameters that the model takes.

    The callbacks, tags and metadata of `config` go with every request, named by its stage and with its identity as metadata.
    """

    def __init__(
        self,
        prompts: PromptSet,
        models: Mapping[Stage, Model],
        settings: Settings,
        left_out: LeftOut | None = None,
        config: RunnableConfig | None = None,
    ) -> None:
        self._models = models
        self._prompts = prompts
        self._settings = settings
        self._left_out = left_out or LeftOut()
        self._config = _without_run_id(config)
        self._askings: dict[tuple[Stage, bool], TakenParameters] = {}

    async def __call__(self, request: RequestId, given: Mapping[str, Any]) -> Reply:
        """Return the model's reply; see `Asker`."""
        is_classification = bool(given.get("is_classification"))
        prompt = self._prompts.of(request.stage, request.attempt, is_classification)
        # Not as `prompt | model`: that costs a third of a millisecond more a request, and a trace has the prompt anyway.
        asking = self._asking(request.stage, is_classification)
        return await ask(asking, prompt.format_prompt(**given), self._config_of(request))

    def _config_of(self, request: RequestId) -> RunnableConfig:
        run_name = self._config.get("run_name")
        return merge_configs(
            self._config,
            {
                "run_name": f"{run_name} {request.stage}" if run_name else request.stage.value,
                "metadata": {
                    "stage": request.stage.value,
                    "request": request.request,
                    "item": request.item,
                    "attempt": request.attempt,
                },
            },
        )

    def _asking(self, stage: Stage, is_classification: bool) -> TakenParameters:
        if (stage, is_classification) not in self._askings:
            parameters = self._settings.parameters_of(stage, is_classification)
            model = self._settings.model_of(stage) or ""
            asking = TakenParameters(answering(self._models[stage]), model, parameters, self._left_out)
            self._askings[stage, is_classification] = asking
        return self._askings[stage, is_classification]


def _without_run_id(config: RunnableConfig | None) -> RunnableConfig:
    """Return a config for many requests: a run's id is that of one."""
    shared = RunnableConfig(**(config or {}))
    shared.pop("run_id", None)
    return shared


async def ask(asking: Runnable[Any, AIMessage | str], given: Any, config: RunnableConfig | None = None) -> Reply:
    """Return what `asking` answers to `given` as a reply; callbacks, tags and metadata are those of `config`.

    Raises `ModelDeniedError` or `ModelUnavailableError`; a refusal of this request alone is a reply. The provider's own error
    is their cause, unless a traceback would then show a key.
    """
    try:
        message = await asking.ainvoke(given, config)
        if is_cut_stream(message):
            raise ModelUnavailableError("the reply's stream ended before the reply did", kind="truncated stream")
        return message_to_reply(message)
    except SelfInstructError:
        raise
    except Exception as error:  # noqa: BLE001  raised again below, as one of ours
        translated = translate(error)
        if isinstance(translated, ModelRefusedError):
            return Reply(storable(str(translated)), REFUSED)
        raise translated from (None if tells_secret(error) else error)
