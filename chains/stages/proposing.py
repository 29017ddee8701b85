"""What the stages share that bring one candidate a request, out of one text: an instruction of the pool, or a user's text.

Their candidates pass the same rules as those of `instructions`, and the same novelty index.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from self_instruct.chains.stages.candidate_rules import screen
from self_instruct.chains.stages.stage import Sample, Stage, Step
from self_instruct.ledger import Lineage, RequestId
from self_instruct.prompts.prompt_set import PromptSet
from self_instruct.prompts.reading.proposal_parser import ProposalParser
from self_instruct.prompts.stage_prompt import Prompt
from self_instruct.records.tasks import Candidate, Instance, Rejection, SeedTask
from self_instruct.settings.settings import Settings


class ProposingStage(Stage[Lineage]):
    """Asks for one instruction a request. Subclasses say by which prompt, and may refuse more than the rules do."""

    def __init__(self, settings: Settings, prompts: PromptSet) -> None:
        super().__init__(settings, prompts)
        self._rules = settings.instructions
        self._tokens = settings.novelty.tokens
        self._prompt = self.prompt_of(prompts)
        self._parser = ProposalParser(proposer=self.name)

    @abstractmethod
    def prompt_of(self, prompts: PromptSet) -> Prompt:
        """Return its prompt among those of a run."""

    def prompt(self, about: Lineage, attempt: int = 1) -> Prompt:
        """Return its one prompt."""
        del about, attempt
        return self._prompt

    def parser(self, about: Lineage) -> ProposalParser:
        """Return the reader of one instruction."""
        del about
        return self._parser

    def conclude(self, about: Lineage, read: Candidate | Rejection, request: RequestId) -> Step:
        """Return the candidate if it obeys the rules, or why it was refused."""
        del request
        return Step((self._screened(about, read) if isinstance(read, Candidate) else read,))

    def _screened(self, about: Lineage, candidate: Candidate) -> Candidate | Rejection:
        if refused := self.refusal(about, candidate):
            return refused
        return screen(candidate, self._rules, self._tokens, self.name)

    def refusal(self, about: Lineage, candidate: Candidate) -> Rejection | None:
        """Return why a candidate is refused before the rules for all are asked."""
        del about, candidate
        return None

    def output(self, about: Lineage) -> str | None:
        """Return the output that its task has by that already; None where one is to be written."""
        del about
        return None

    def samples(self, seeds: Sequence[SeedTask]) -> list[Sample[Lineage]]:
        """Return one: from the first seed."""
        return [Sample(self.name, self.sample(seeds[0]))]

    @abstractmethod
    def sample(self, seed: SeedTask) -> Lineage:
        """Return an example of what it goes out from."""

    def output_bytes(self, seeds: Sequence[SeedTask]) -> float:
        """Return the length of one instruction."""
        return sum(len(seed.instruction.encode()) for seed in seeds) / len(seeds)

    def result(self, about: Lineage, step: Step) -> Candidate | Rejection:
        """Return the candidate, or why there is none, as the last attempt has it."""
        del about
        read = step.read[-1]
        assert not isinstance(read, Instance)  # noqa: S101  for the type checker
        return read
