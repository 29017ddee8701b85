"""Ask a run's models: each question goes to the model of its stage, and becomes a reply or a refusal."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable, RunnableConfig

from self_instruct.chains.models.answering import answering
from self_instruct.chains.models.provider_errors import explained, request_id_of
from self_instruct.chains.models.question import Question
from self_instruct.chains.models.refused_parameters import LeftOut, TakenParameters
from self_instruct.chains.models.replies import Model, is_cut_stream, message_to_reply
from self_instruct.ledger import RequestId
from self_instruct.records.errors import ModelRefusedError, ModelUnavailableError
from self_instruct.records.json_text import storable
from self_instruct.records.replies import Refusal, Reply, Served


class ModelAsker:
    """Sends each question to the model of its stage, with those of its parameters that the model takes.

    `models` has the stages' models by the stages' names. The callbacks, tags and metadata of `config` go with every request,
    named by its stage and with its identity as metadata. `clock` gives seconds since 1970.
    """

    def __init__(
        self,
        models: Mapping[str, Model],
        left_out: LeftOut | None = None,
        config: RunnableConfig | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._models = models
        self._left_out = left_out or LeftOut()
        self._config = RunnableConfig(**(config or {}))
        self._config.pop("run_id", None)  # that of one run, and these are many
        self._clock = clock
        self._asking: dict[tuple[str, str], TakenParameters] = {}

    async def __call__(self, question: Question) -> Reply | Refusal:
        """Return the model's reply; see `Asker`."""
        loop = asyncio.get_running_loop()
        asked_at, begun = self._clock(), loop.time()
        # Not as `prompt | model`: that costs a third of a millisecond more a request, and a trace has the prompt anyway.
        answer = await ask(self._asking_of(question.id.stage, question.model or ""), question, self._config_of(question.id))
        served = replace(answer.served, asked_at=round(asked_at, 3), seconds=round(loop.time() - begun, 3))
        return replace(answer, served=served)

    def _asking_of(self, stage: str, model: str) -> TakenParameters:
        if (stage, model) not in self._asking:
            self._asking[stage, model] = TakenParameters(answering(self._models[stage]), model, self._left_out)
        return self._asking[stage, model]

    def _config_of(self, request: RequestId) -> RunnableConfig:
        run_name, stage = self._config.get("run_name"), str(request.stage)
        identity = {"stage": stage, "request": request.request, "item": request.item, "attempt": request.attempt}
        return {
            **self._config,
            "run_name": f"{run_name} {stage}" if run_name else stage,
            "metadata": {**self._config.get("metadata", {}), **identity},
        }


async def ask(
    asking: Runnable[Any, AIMessage | str], question: Question, config: RunnableConfig | None = None
) -> Reply | Refusal:
    """Return what `asking` answers to a question; callbacks, tags and metadata are those of `config`.

    Raises `ModelDeniedError`, `SettingsError` or `ModelUnavailableError` for what a provider does, and what is no provider's
    doing as it is. The provider's own error is their cause, unless a traceback would then show a key.
    """
    try:
        with explained():
            message = await asking.ainvoke(question.prompt, config, **question.parameters)
    except ModelRefusedError as refused:
        return refusal(refused, question)
    if is_cut_stream(message):
        raise ModelUnavailableError("the reply's stream ended before the reply did", kind="truncated stream")
    return message_to_reply(message, question.model)


def refusal(refused: ModelRefusedError, question: Question) -> Refusal:
    """Return what is kept of a question that a provider refused, from the error by which `explained` says so."""
    return Refusal(storable(str(refused)), question.model, Served(request_id=request_id_of(refused.__context__)))
