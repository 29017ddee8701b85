"""Evolution: an instruction of the pool becomes a harder one, or another of its field.

Source: Xu et al. 2023, arXiv:2304.12244 (Evol-Instruct), section 3.2: five operators in depth, one in breadth, and the
elimination of what failed. An evolved instruction is a candidate as any other; its answer is written by the instance stage.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from self_instruct.chains.stages.elimination import eliminated
from self_instruct.chains.stages.proposing import ProposingStage
from self_instruct.chains.stages.stage import as_task
from self_instruct.ledger import Lineage, RequestId
from self_instruct.prompts.prompt_set import PromptSet
from self_instruct.prompts.stage_prompt import Prompt
from self_instruct.records.errors import InputError
from self_instruct.records.tasks import Candidate, Proposer, Rejection, SeedTask
from self_instruct.settings.proposers import EvolveSettings, Operator


class EvolveStage(ProposingStage):
    """Asks for an instruction of the pool to be written again by one of the operators."""

    name = Proposer.EVOLVE.value
    settings: EvolveSettings

    def prompt_of(self, prompts: PromptSet) -> Prompt:
        """Return the prompt that shows the parent and says what to do to it."""
        return prompts.evolve

    def variables(self, about: Lineage, request: RequestId) -> dict[str, Any]:
        """Return the parent's instruction and the operator."""
        del request
        return {"instruction": about.text, "operator": about.operator}

    def refusal(self, about: Lineage, candidate: Candidate) -> Rejection | None:
        """Return why the evolution failed, if it did."""
        if (why := eliminated(candidate.text, about.text)) is None:
            return None
        reason, evidence = why
        return Rejection(self.name, reason, candidate.text, candidate.item, evidence)

    def sample(self, seed: SeedTask) -> Lineage:
        """Return the evolution of a seed by the first operator."""
        return Lineage(0, self.name, self.settings.operators[0], 1, seed.instruction, source=0)

    def about(self, given: Any) -> Lineage:
        """Return the evolution that {'instruction': text, 'operator': one of ours} means."""
        operator = str(given.get("operator")) if isinstance(given, Mapping) else ""
        if operator not in get_args(Operator):
            raise InputError(f"the evolve chain takes an 'operator' beside the instruction: {', '.join(get_args(Operator))}.")
        return Lineage(0, self.name, operator, 1, as_task(given).instruction)
