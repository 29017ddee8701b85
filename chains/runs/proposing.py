"""Who brings the instructions of each request, and out of what: the paper's demonstrations, or one text of another proposer.

Whose turn a request is depends on its number and the shares alone; what it goes out from is drawn as demonstrations are, from
the pool of a fixed number of requests before it, and stored with it. So a run that is killed, or decided again under other
rules, knows what each reply answers.
"""

from __future__ import annotations

from typing import Any

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.chains.runs.pool import Pool
from self_instruct.chains.stages.back_translating import OPERATOR
from self_instruct.chains.stages.magpie import MagpieStage
from self_instruct.chains.stages.registry import RunStages
from self_instruct.ledger import Ledger, Lineage, RequestId, TaskId
from self_instruct.records.errors import LedgerError
from self_instruct.records.tasks import Proposer


class Proposing:
    """The identity of each instruction request of a run, what it asks about, and what is known of that when a reply comes."""

    def __init__(self, plan: RunPlan, stages: RunStages, pool: Pool, ledger: Ledger) -> None:
        self._plan = plan
        self._stages = stages
        self._pool = pool
        self._ledger = ledger
        self._turns = pool.turns
        self._depths = {lineage.request: lineage.depth for lineage in ledger.lineages()}

    def request(self, number: int, attempt: int = 1) -> RequestId | None:
        """Return the identity of an instruction request; None where nobody has anything left to ask."""
        turn = self._turns.of(number)
        return None if turn is None else RequestId(turn.proposer.stage, number, attempt=attempt)

    def about(self, request: RequestId) -> Any:
        """Return what a request asks about; for one that is not the paper's own it is stored now."""
        if request.stage == self._stages.instructions.name:
            return self._pool.demonstrations(request.request)
        if (known := self._ledger.lineage(request.request)) is not None:
            return self._again(request, known)
        drawn = self._drawn(request.request)
        self._ledger.set_lineage(drawn)
        self._depths[drawn.request] = drawn.depth
        return drawn

    def shown(self, request: RequestId) -> Any:
        """Return what decides about a reply beside its text: what was asked about, as it was stored; it is not drawn again.

        Of a request of the paper's own these are the lines of its prompt, where what they show decides.
        """
        if request.stage != self._stages.instructions.name:
            return self._again(request, self._stored(request.request))
        is_known = self._stages.instructions.refuses_copies
        prompt = self._ledger.prompt(request.request, request.attempt) if is_known else None
        return tuple(prompt.splitlines()) if prompt else ()

    def _drawn(self, number: int) -> Lineage:
        turn = self._turns.of(number)
        if turn and turn.proposer is Proposer.BACK_TRANSLATE:
            return Lineage(number, turn.proposer.stage, OPERATOR, text=self._plan.texts[turn.before], source=turn.before)
        if turn and turn.proposer is Proposer.MAGPIE:
            return self._user_turn(number)
        return self._evolution(number)

    def _user_turn(self, number: int) -> Lineage:
        stage = self._stages[Proposer.MAGPIE.stage]
        assert isinstance(stage, MagpieStage)  # noqa: S101  for the type checker
        return stage.lineage(number, self._plan.draws("subject", number).choice(stage.subjects) if stage.subjects else "")

    def _evolution(self, number: int) -> Lineage:
        rules = self._plan.settings.evolve
        parent = self._pool.one(number, lambda task: self._depth(task) < rules.max_depth)
        operator = self._plan.draws("operator", number).choice(rules.operators)
        depth = 1 + (0 if parent.task is None else self._depth(parent.task))
        return Lineage(number, Proposer.EVOLVE.stage, operator, depth, parent.instruction, parent.task, parent.seed)

    def _again(self, request: RequestId, known: Lineage) -> Any:
        """Return what a request goes out from, as its attempt is about it."""
        stage = self._stages[request.stage]
        before = stage.before(request)
        return known if before is None else stage.about_again(known, self._ledger.stored_reply(before))

    def _stored(self, number: int) -> Lineage:
        lineage = self._ledger.lineage(number)
        if lineage is None:
            raise LedgerError(f"{self._ledger.path}: what request {number} went out from is gone; restore a copy.")
        return lineage

    def _depth(self, task: TaskId) -> int:
        return self._depths.get(task.request, 0)
