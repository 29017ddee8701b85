"""Who answers a run's requests: the prompts of the run, and a model for each stage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import merge_configs

from self_instruct.chains.answers import ask
from self_instruct.chains.models import Model, answering
from self_instruct.chains.parameters import LeftOut, TakenParameters
from self_instruct.ledger import RequestId
from self_instruct.prompts.prompt_set import PromptSet
from self_instruct.seeds.profiles import Settings
from self_instruct.seeds.records import Reply, Stage


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
        self._settings = settings
        self._left_out = left_out or LeftOut()
        self._config = _without_run_id(config)
        instances = settings.instances
        self._instructions = self._asking(prompts.instructions, Stage.INSTRUCTIONS, settings.instructions.parameters)
        self._classification = [
            self._asking(prompt, Stage.CLASSIFICATION, settings.classification.parameters)
            for prompt in (prompts.classification, prompts.classification_again)
        ]
        self._output_first = self._asking(prompts.output_first, Stage.INSTANCES, instances.classification_parameters)
        self._input_first = self._asking(prompts.input_first, Stage.INSTANCES, instances.parameters)

    def _asking(
        self, prompt: Runnable[Any, Any], stage: Stage, parameters: Mapping[str, Any]
    ) -> Runnable[Any, AIMessage | str]:
        model = self._settings.choice(stage).model or ""
        return prompt | TakenParameters(answering(self._models[stage]), model, parameters, self._left_out)

    async def __call__(self, request: RequestId, given: Mapping[str, Any]) -> Reply:
        """Return the model's reply; see `Asker`."""
        return await ask(self._runnable(request, given), dict(given), self._config_of(request))

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

    def _runnable(self, request: RequestId, given: Mapping[str, Any]) -> Runnable[Any, AIMessage | str]:
        match request.stage:
            case Stage.INSTRUCTIONS:
                return self._instructions
            case Stage.CLASSIFICATION:
                return self._classification[request.attempt - 1]
            case Stage.INSTANCES:
                return self._output_first if given["is_classification"] else self._input_first


def _without_run_id(config: RunnableConfig | None) -> RunnableConfig:
    """Return a config for many requests: a run's id is that of one."""
    shared = RunnableConfig(**(config or {}))
    shared.pop("run_id", None)
    return shared
