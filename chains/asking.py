"""Who answers a run's requests: the prompts of the run, and a model for each stage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable

from self_instruct.chains.answers import ask
from self_instruct.chains.models import Model, answering
from self_instruct.ledger import RequestId
from self_instruct.prompts.prompt_set import PromptSet
from self_instruct.prompts.stage_prompt import StagePrompt
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
    """Sends each request to the model of its stage, with the stage's parameters."""

    def __init__(self, prompts: PromptSet, models: Mapping[Stage, Model], settings: Settings) -> None:
        self._prompts = prompts
        self._models = models
        instructions, classification, instances = settings.instructions, settings.classification, settings.instances
        self._instructions = self._asking(instructions.parameters, prompts.instructions, prompts.instructions_again)
        self._classification = self._asking(classification.parameters, prompts.classification, prompts.classification_again)
        output_first, input_first = instances.classification_parameters, instances.parameters
        self._output_first = self._asking(output_first, prompts.output_first, prompts.output_first_again)
        self._input_first = self._asking(input_first, prompts.input_first, prompts.input_first_again)

    def _asking(self, parameters: Mapping[str, Any], *prompts: StagePrompt) -> list[Runnable[Any, AIMessage | str]]:
        """Return what asks, for each attempt."""
        return [prompt | answering(self._models[prompt.stage], parameters) for prompt in prompts]

    async def __call__(self, request: RequestId, given: Mapping[str, Any]) -> Reply:
        """Return the model's reply; see `Asker`."""
        return await ask(self._runnable(request, given), dict(given))

    def _runnable(self, request: RequestId, given: Mapping[str, Any]) -> Runnable[Any, AIMessage | str]:
        match request.stage:
            case Stage.INSTRUCTIONS:
                attempts = self._instructions
            case Stage.CLASSIFICATION:
                attempts = self._classification
            case Stage.INSTANCES:
                attempts = self._output_first if given["is_classification"] else self._input_first
        return attempts[request.attempt - 1]
