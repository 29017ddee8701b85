"""Instruction generation: from demonstrations to candidates for new tasks.

Source: Wang et al. 2023, arXiv:2212.10560, section 2.2, "Instruction Generation".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Self

from self_instruct.chains.stages.candidate_rules import screen
from self_instruct.chains.stages.copies import ShownInstructions
from self_instruct.chains.stages.stage import Sample, Stage, Step
from self_instruct.ledger import RequestId
from self_instruct.prompts.prompt_set import PromptSet
from self_instruct.prompts.reading.instruction_parser import InstructionParser
from self_instruct.prompts.stage_prompt import Prompt
from self_instruct.records.errors import InputError
from self_instruct.records.tasks import Candidate, Instance, Proposer, Reason, Rejection, SeedTask, StageName, Task
from self_instruct.retrievers.draws import DRAW, draws
from self_instruct.settings.sections import InstructionSettings
from self_instruct.settings.settings import Settings

EXPECTED_YIELD = 8  # tasks a request brings, until there is experience


def expected_yield(settings: Settings) -> float:
    """Return how many tasks a request is expected to bring, until there is experience: those of all other proposers one."""
    ours = settings.shares.get(Proposer.SELF_INSTRUCT, 0)
    return EXPECTED_YIELD * ours + 1 - ours


Demonstrations = tuple[str, ...]
"""The instructions that a prompt shows, each on one line."""


class Shown(Demonstrations):
    """Demonstrations, with what is `wanted` of the new tasks ("": anything) and the `subjects` they may then be about."""

    wanted: str
    subjects: Sequence[str]

    def __new__(cls, shown: Sequence[str], wanted: str = "", subjects: Sequence[str] = ()) -> Self:
        """Make them of instructions."""
        made = super().__new__(cls, shown)
        made.wanted, made.subjects = wanted, subjects
        return made


class InstructionStage(Stage[Demonstrations]):
    """Shows demonstrations and reads the list that the model goes on with."""

    name = StageName.INSTRUCTIONS.value
    settings: InstructionSettings

    def __init__(self, settings: Settings, prompts: PromptSet) -> None:
        super().__init__(settings, prompts)
        self._prompts = (prompts.instructions, prompts.instructions_again)
        self._subjects = prompts.subjects
        self._tokens = settings.novelty.tokens
        self._parser = InstructionParser(
            form=self.settings.form, casing=self.settings.casing, subjects=frozenset(prompts.subjects)
        )

    def may_ask_about(self, subjects: Collection[str]) -> None:
        """Let its requests be about these subjects too, so that one that is an item's title is no part of its instruction."""
        self._parser = self._parser.model_copy(update={"subjects": self._parser.subjects.union(subjects)})

    def prompt(self, about: Demonstrations, attempt: int = 1) -> Prompt:
        """Return the prompt that lists the demonstrations."""
        del about
        return self._prompts[attempt > 1]

    def variables(self, about: Demonstrations, request: RequestId) -> dict[str, Any]:
        """Return the demonstrations, and as many subjects, drawn by them; and what is wanted, if something is."""
        del request
        wanted, subjects = (about.wanted, about.subjects) if isinstance(about, Shown) else ("", ())
        drawn = [*subjects] or draws(DRAW, "subjects", *about).sample(self._subjects, min(len(about), len(self._subjects)))
        return {"demonstrations": about, "subjects": drawn, **({"wanted": wanted} if wanted else {})}

    def parser(self, about: Demonstrations) -> InstructionParser:
        """Return the reader of lists."""
        del about
        return self._parser

    def conclude(self, about: Demonstrations, read: list[Candidate | Rejection], request: RequestId) -> Step:
        """Return the candidates that obey the rules, and what was refused, in the reply's order.

        `about` may also be the lines of the prompt as it was sent.
        """
        del request
        return Step(tuple(self.screened(read, about)))

    def screened(self, read: Sequence[Candidate | Rejection], about: Demonstrations) -> list[Candidate | Rejection]:
        """Return what was read, each candidate that repeats a demonstration or breaks a rule as its rejection."""
        shown = ShownInstructions(about if self.refuses_copies else (), self._tokens)
        return [self._screened(each, shown) if isinstance(each, Candidate) else each for each in read]

    @property
    def refuses_copies(self) -> bool:
        """Whether a candidate that repeats a demonstration of its own prompt is refused as that."""
        return self.settings.copies == "refuse"

    def _screened(self, candidate: Candidate, shown: ShownInstructions) -> Candidate | Rejection:
        if copied := shown.copied(candidate.text):
            return Rejection(self.name, Reason.COPIED, candidate.text, candidate.item, {"demonstration": copied})
        return screen(candidate, self.settings, self._tokens)

    def samples(self, seeds: Sequence[SeedTask]) -> list[Sample[Demonstrations]]:
        """Return one: the first seeds as demonstrations."""
        shown = tuple(seed.instruction for seed in seeds[: self.settings.demonstrations])
        return [Sample(self.name, shown)]

    def output_bytes(self, seeds: Sequence[SeedTask]) -> float:
        """Return the length of as many instructions as a request is expected to bring."""
        return EXPECTED_YIELD * sum(len(seed.instruction.encode()) for seed in seeds) / len(seeds)

    def about(self, given: Any) -> Demonstrations:
        """Return the demonstrations in {'demonstrations': [...]}, or in a list of instructions or seed tasks."""
        shown = given.get("demonstrations") if isinstance(given, Mapping) else given
        if isinstance(shown, Sequence) and not isinstance(shown, str) and shown:
            texts = [one.instruction if isinstance(one, SeedTask | Task) else one for one in shown]
            if all(isinstance(text, str) for text in texts):
                return tuple(texts)
        raise InputError("the instructions chain takes {'demonstrations': [an instruction, ...]}, or such a list alone.")

    def result(self, about: Demonstrations, step: Step) -> list[Candidate | Rejection]:
        """Return candidates and rejections in the reply's order."""
        del about
        return [each for each in step.read if not isinstance(each, Instance)]
