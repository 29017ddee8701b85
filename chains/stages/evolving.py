"""Evolution: an instruction of the pool becomes a harder one, or another of its field.

Source: Xu et al. 2023, arXiv:2304.12244 (Evol-Instruct), section 3.2: five operators in depth, one in breadth, and the
elimination of what failed. An evolved instruction is a candidate as any other; its answer is written by the instance stage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, get_args

from self_instruct.chains.stages.elimination import eliminated
from self_instruct.chains.stages.proposing import ProposingStage
from self_instruct.chains.stages.stage import Sample, Step, as_task
from self_instruct.ledger import Lineage, RequestId
from self_instruct.prompts.prompt_set import PromptSet
from self_instruct.prompts.reading.choice_parser import ChoiceParser
from self_instruct.prompts.stage_prompt import Prompt
from self_instruct.records.errors import InputError
from self_instruct.records.replies import Refusal, Reply
from self_instruct.records.tasks import Candidate, Proposer, Reason, Rejection, SeedTask
from self_instruct.settings.proposers import EvolveSettings, Operator
from self_instruct.settings.settings import Settings

YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class Evolved(Lineage):
    """What an evolution went out from, and what was written: the question whether that asks for more is about both."""

    read: Candidate | Rejection = field(kw_only=True)


class EvolveStage(ProposingStage):
    """Asks for an instruction of the pool to be written again by one of the operators.

    With `evolve.elimination` set to `model` a second question follows where the rules let what was written pass: whether it
    asks for more than its parent. An answer that cannot be read leaves it to the rules.
    """

    name = Proposer.EVOLVE.value
    settings: EvolveSettings

    def __init__(self, settings: Settings, prompts: PromptSet) -> None:
        super().__init__(settings, prompts)
        self.attempts = 2 if self.settings.elimination == "model" else 1
        self._elimination = prompts.elimination
        self._yes_or_no = ChoiceParser(choices=(YES, NO))

    def prompt_of(self, prompts: PromptSet) -> Prompt:
        """Return the prompt that shows the parent and says what to do to it."""
        return prompts.evolve

    def prompt(self, about: Lineage, attempt: int = 1) -> Prompt:
        """Return that prompt, or the question about what was written."""
        return self._elimination if isinstance(about, Evolved) else super().prompt(about, attempt)

    def variables(self, about: Lineage, request: RequestId) -> dict[str, Any]:
        """Return the parent's instruction, and the operator or what was written."""
        del request
        if isinstance(about, Evolved):
            return {"instruction": about.text, "evolved": about.read.text}
        return {"instruction": about.text, "operator": about.operator}

    def parameters(self, about: Lineage) -> Mapping[str, Any]:
        """Return the parameters of the question."""
        return self.settings.elimination_parameters if isinstance(about, Evolved) else super().parameters(about)

    def about_again(self, about: Lineage, reply: Reply | Refusal) -> Evolved:
        """Return what was written, and out of what."""
        known = {each.name: getattr(about, each.name) for each in fields(Lineage)}
        return Evolved(**known, read=self._read(about, reply))

    def bringing(self, request: RequestId) -> RequestId:
        """Return the first attempt, in which the instruction was written."""
        return replace(request, attempt=1)

    def decide(self, request: RequestId, about: Lineage, reply: Reply | Refusal) -> Step:
        """Return the candidate, or why there is none; one that obeys the rules is asked about where a model is to say more."""
        if isinstance(about, Evolved):
            return Step((self._eliminated(about, reply),))
        read = self._read(about, reply)
        is_asked = self.attempts > 1 and isinstance(read, Candidate)
        return Step((read,), again=replace(request, attempt=2) if is_asked else None)

    def _read(self, about: Lineage, reply: Reply | Refusal) -> Candidate | Rejection:
        """Return what was written if it obeys the rules."""
        if isinstance(reply, Refusal):
            return Rejection(self.name, Reason.REFUSED_BY_PROVIDER, reply.words)
        read = self.parser(about).read(reply)
        return self._screened(about, read) if isinstance(read, Candidate) else read

    def _eliminated(self, about: Evolved, reply: Reply | Refusal) -> Candidate | Rejection:
        read, evidence = about.read, {"parent": about.text, "by": "model"}
        is_more = isinstance(reply, Refusal) or self._yes_or_no.read(reply) != NO
        return (
            read
            if is_more or isinstance(read, Rejection)
            else Rejection(self.name, Reason.NOTHING_ADDED, read.text, read.item, evidence)
        )

    def refusal(self, about: Lineage, candidate: Candidate) -> Rejection | None:
        """Return why the evolution failed, if it did."""
        if (why := eliminated(candidate.text, about.text)) is None:
            return None
        reason, evidence = why
        return Rejection(self.name, reason, candidate.text, candidate.item, evidence)

    def samples(self, seeds: Sequence[SeedTask]) -> list[Sample[Lineage]]:
        """Return one, and where a model is asked about what was written, another: as if that were the second seed."""
        first = super().samples(seeds)
        if self.attempts == 1:
            return first
        written = Reply(seeds[-1].instruction, "stop")
        return [*first, Sample("elimination of evolutions", self.about_again(first[0].about, written))]

    @property
    def questions_each(self) -> float:
        """How many questions a request is likely to take: most of what is written obeys the rules."""
        return float(self.attempts)

    def sample(self, seed: SeedTask) -> Lineage:
        """Return the evolution of a seed by the first operator."""
        return Lineage(0, self.name, self.settings.operators[0], 1, seed.instruction, source=0)

    def about(self, given: Any) -> Lineage:
        """Return the evolution that {'instruction': text, 'operator': one of ours} means."""
        operator = str(given.get("operator")) if isinstance(given, Mapping) else ""
        if operator not in get_args(Operator):
            raise InputError(f"the evolve chain takes an 'operator' beside the instruction: {', '.join(get_args(Operator))}.")
        return Lineage(0, self.name, operator, 1, as_task(given).instruction)
