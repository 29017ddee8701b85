"""What lives in an actor of a Ray pool: a process, here or on another machine, that holds a run's models and answers with them.

An actor knows no ledger and decides nothing. It is told what the run has loaded and is asked one question at a time, of which
several may be under way at once. Nothing here needs Ray: `ray_pool` makes actors of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from self_instruct.chains.models.asking import ModelAsker
from self_instruct.chains.models.loading import load_stages
from self_instruct.chains.models.question import Question
from self_instruct.chains.models.refused_parameters import LeftOut, Refused
from self_instruct.records.errors import SelfInstructError, SettingsError
from self_instruct.records.replies import Refusal, Reply
from self_instruct.settings.sections import ModelChoice


@dataclass(frozen=True, slots=True)
class Told:
    """What an actor answers: a reply, a refusal, or one of our errors, which loses nothing on its way as a plain value.

    `left_out` are the parameters that the model was found to refuse, as `LeftOut` has them.
    """

    answer: Reply | Refusal | SelfInstructError
    left_out: Refused


class RayActor:
    """Answers questions with models of its own, which it loads when it is first asked for.

    `choices` say which model answers each stage, `seed` is the offline model's.
    """

    def __init__(self, choices: Mapping[str, ModelChoice], seed: int) -> None:
        self._choices = choices
        self._seed = seed
        self._left_out: dict[str, Refused] = {}
        self._asker: ModelAsker | None = None

    async def ready(self) -> SettingsError | None:
        """Return None when the models are loaded; the error where one cannot be."""
        try:
            self._loaded()
        except SettingsError as error:
            return error
        return None

    async def answer(self, question: Question) -> Told:
        """Return what a question's model answers."""
        answer: Reply | Refusal | SelfInstructError
        try:
            answer = await self._loaded()(question)
        except SelfInstructError as error:
            answer = error
        return Told(answer, dict(self._left_out.get(question.model or "", {})))

    def _loaded(self) -> ModelAsker:
        if self._asker is None:
            left_out = LeftOut(remember=self._left_out.update, warn=lambda _: None)
            self._asker = ModelAsker(load_stages(self._choices, self._seed), left_out)
        return self._asker
