"""Where a run stands: what is kept, what was refused and why, what it cost, and where each setting came from.

Reads the ledger alone, at one moment, also while another process writes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from self_instruct.chains.models.refused_parameters import known_left_out
from self_instruct.chains.runs.accepting import AcceptRule, why_not_accepted
from self_instruct.chains.runs.advice import Advice, Tally, advice
from self_instruct.chains.runs.calibrating import learned
from self_instruct.chains.runs.deciding import tally_of
from self_instruct.chains.runs.outlook import Outlook
from self_instruct.chains.runs.plan import IMPROVEMENT, RunPlan
from self_instruct.chains.runs.plan_settings import ShownSetting, shown_settings
from self_instruct.chains.runs.prospects import expected
from self_instruct.chains.stages.copies import ShownTexts
from self_instruct.ledger import Ledger, StoredBatch, StoredTask
from self_instruct.ledger.lock import is_held
from self_instruct.prompts.prompt_set import demonstrated_texts
from self_instruct.records.tasks import StageName
from self_instruct.reports.analysis.checked_run import checked_run
from self_instruct.reports.analysis.checks import Check, failing
from self_instruct.reports.analysis.kept_tasks import kept_tasks
from self_instruct.reports.analysis.proposers import ProposerRow, proposer_rows
from self_instruct.reports.analysis.spending import Spending, spending, spending_fields
from self_instruct.reports.analysis.stage_order import in_stage_order
from self_instruct.reports.text import readable_json


class RunState(StrEnum):
    """Whether a run is done; and of one that is not, whether a process is at work on it now."""

    RUNNING = "running"
    STOPPED = "stopped"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Status:
    """Where a run stands.

    `kept` tasks count towards `target` (None: the run only decides the replies it has). Of them, `finished` await no reply and
    `with_instances` have any; `classification`, `other` and `unknown` say of what kind they are. `instances` are valid,
    `exported` of them make the dataset, which shows at most a few of each task. `unanswered` tasks wait for a reply, by the
    stage it belongs to. `outlook` is what is to be expected, None before there is experience, `advice` what is likely wrong,
    `checks` the checks of the dataset that fail. `copies` counts, by stage, what repeats a demonstration
    where that is not refused. `batches` are those open at a provider, as they were last seen. `learned` says in a sentence what
    the stages learned of their models from seed tasks, "" where nothing was. `proposers`
    are compared where others than the paper's bring instructions.
    """

    state: RunState
    kept: int
    target: int | None
    finished: int
    with_instances: int
    instances: int
    exported: int
    classification: int
    other: int
    unknown: int
    unanswered: Mapping[str, int]
    rejections: Mapping[tuple[str, str], int]
    spent: tuple[Spending, ...]
    settings: tuple[ShownSetting, ...]
    outlook: Outlook | None = None
    advice: tuple[Advice, ...] = ()
    copies: Mapping[str, int] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    batches: tuple[StoredBatch, ...] = ()
    learned: str = ""
    proposers: tuple[ProposerRow, ...] = ()

    def to_json(self) -> str:
        """Return all of it as a JSON object, indented."""
        rejections: dict[str, dict[str, int]] = {}
        for (stage, reason), count in self.rejections.items():
            rejections.setdefault(stage, {})[reason] = count
        counts = ("state", "kept", "target", "finished", "with_instances", "instances", "exported")
        return readable_json({
            **{name: getattr(self, name) for name in counts},
            "kinds": {name: getattr(self, name) for name in ("classification", "other", "unknown")},
            "batches": [
                {"id": one.batch_id, "stage": one.stage, "lines": one.lines, "said": one.said, "written_at": one.written_at}
                for one in self.batches
            ],
            "unanswered": dict.fromkeys(StageName, 0) | dict(self.unanswered),
            "rejections": rejections,
            "copies": dict(self.copies),
            "learned": self.learned,
            "expected": self.outlook and self.outlook.fields(),
            "checks": [{"name": one.name, "share": one.share, "sentence": one.sentence} for one in self.checks],
            "advice": [each.sentence for each in self.advice],
            "spent": spending_fields(self.spent),
            "proposers": [row.to_fields() for row in self.proposers],
            "settings": {one.key: {"value": one.value, "origin": one.origin} for one in self.settings},
        })  # fmt: skip


def status(ledger: Ledger) -> Status:
    """Return where a run stands now."""
    with ledger.snapshot():
        plan = RunPlan.of(ledger)
        tasks = list(ledger.tasks())
        shown = kept_tasks(ledger, plan)
        exported = [len(task.instances) for task in shown if task.instances]
        kinds = Counter(task.is_classification for task in tasks)
        waiting, target = unanswered(tasks), plan.settings.num_instructions
        tally = tally_of(ledger, plan.settings)
        refused = tally.rejected
        return Status(
            state=run_state(ledger, plan, len(tasks), waiting),
            kept=len(tasks),
            target=target,
            finished=sum(task.awaits is None for task in tasks),
            with_instances=len(exported),
            instances=ledger.count_instances(),
            exported=sum(exported),
            classification=kinds[True],
            other=kinds[False],
            unknown=kinds[None],
            unanswered=waiting,
            rejections={
                key: refused[key] for stage in in_stage_order(s for s, _ in refused) for key in refused if key[0] == stage
            },
            spent=spending(ledger, plan.settings),
            settings=tuple(shown_settings(plan, known_left_out(ledger))),
            outlook=expected(plan, ledger),
            advice=advice(tally),
            copies=_copies(plan, ledger, tally),
            checks=failing(checked_run(ledger, plan, shown)),
            batches=tuple(batch for batch in ledger.batches() if not batch.is_ended),
            learned=learned(plan, ledger),
            proposers=proposer_rows(ledger, plan),
        )


def _copies(plan: RunPlan, ledger: Ledger, tally: Tally) -> dict[str, int]:
    found = {}
    if plan.settings.instructions.copies == "count":
        found[StageName.INSTRUCTIONS.value] = tally.copies
    if plan.settings.instances.copies == "count":
        shown = ShownTexts(demonstrated_texts(plan.prompts()))
        found[StageName.INSTANCES.value] = sum(one.input in shown or one.output in shown for _, one in ledger.instances())
    return found


def run_state(ledger: Ledger, plan: RunPlan, kept: int, waiting: Mapping[str, int]) -> RunState:
    """Return whether a run is done, and if not, whether a process holds it."""
    if not waiting and _is_reached(ledger, plan, kept):
        return RunState.DONE
    return RunState.RUNNING if is_held(ledger.path.parent) else RunState.STOPPED


def _is_reached(ledger: Ledger, plan: RunPlan, kept: int) -> bool:
    if improved := ledger.fact(IMPROVEMENT):
        return kept >= int(improved["tasks"])
    target, accept = plan.settings.num_instructions, plan.settings.accept
    if accept is None:
        return target is None or kept >= target
    return sum(why is None for _, why in why_not_accepted(ledger, AcceptRule.of(ledger, plan.settings))) >= accept


def unanswered(tasks: Iterable[StoredTask]) -> dict[str, int]:
    """Return how many tasks wait for a reply, by the stage it belongs to."""
    counts = Counter(task.awaits.stage for task in tasks if task.awaits)
    return {stage: counts[stage] for stage in in_stage_order(counts)}
