"""Where a run stands: what is kept, what was refused and why, what it cost, and where each setting came from.

Reads the ledger alone, at one moment, also while another process writes it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from self_instruct.chains.models.refused_parameters import known_left_out
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger, StoredTask
from self_instruct.records.tasks import Reason, Stage
from self_instruct.reports.exports.dataset import dataset
from self_instruct.reports.terminal.spending import Spending, spending, spending_fields, spending_table
from self_instruct.reports.terminal.tables import number, table
from self_instruct.settings.given import shown


@dataclass(frozen=True, slots=True)
class ShownSetting:
    """A setting by its dotted key, with its value as JSON has it, and where that came from. Secrets are hidden."""

    key: str
    value: Any
    origin: str


@dataclass(frozen=True, slots=True)
class Status:
    """Where a run stands.

    `kept` tasks count towards `target` (None: the run only decides the replies it has). Of them, `finished` await no reply and
    `with_instances` have any; `classification`, `other` and `unknown` say of what kind they are. `instances` are valid,
    `exported` of them make the dataset, which shows at most a few of each task.
    """

    kept: int
    target: int | None
    finished: int
    with_instances: int
    instances: int
    exported: int
    classification: int
    other: int
    unknown: int
    unanswered: Mapping[Stage, int]
    rejections: Mapping[tuple[Stage, Reason], int]
    spent: tuple[Spending, ...]
    settings: tuple[ShownSetting, ...]

    def to_json(self) -> str:
        """Return all of it as a JSON object, indented."""
        rejections: dict[str, dict[str, int]] = {}
        for (stage, reason), count in self.rejections.items():
            rejections.setdefault(stage, {})[reason] = count
        fields = {
            "kept": self.kept,
            "target": self.target,
            "finished": self.finished,
            "with_instances": self.with_instances,
            "instances": self.instances,
            "exported": self.exported,
            "kinds": {"classification": self.classification, "other": self.other, "unknown": self.unknown},
            "unanswered": {stage.value: self.unanswered.get(stage, 0) for stage in Stage},
            "rejections": rejections,
            "spent": spending_fields(self.spent),
            "settings": {one.key: {"value": one.value, "origin": one.origin} for one in self.settings},
        }
        return json.dumps(fields, indent=2, ensure_ascii=False)

    def __rich__(self) -> RenderableType:
        return render(self)


def status(ledger: Ledger) -> Status:
    """Return where a run stands now."""
    with ledger.snapshot():
        plan = RunPlan.of(ledger)
        tasks = list(ledger.tasks())
        exported = [len(task.instances) for task in dataset(ledger, plan)]
        kinds = Counter(task.is_classification for task in tasks)
        return Status(
            kept=len(tasks),
            target=plan.settings.num_instructions,
            finished=sum(task.awaits is None for task in tasks),
            with_instances=len(exported),
            instances=ledger.count_instances(),
            exported=sum(exported),
            classification=kinds[True],
            other=kinds[False],
            unknown=kinds[None],
            unanswered=unanswered(tasks),
            rejections=_rejections(ledger),
            spent=spending(ledger, plan.settings),
            settings=tuple(shown_settings(plan, known_left_out(ledger))),
        )


def unanswered(tasks: Iterable[StoredTask]) -> dict[Stage, int]:
    """Return how many tasks wait for a reply, by the stage it belongs to."""
    return _in_order(Counter(task.awaits.stage for task in tasks if task.awaits))


def _rejections(ledger: Ledger) -> dict[tuple[Stage, Reason], int]:
    counts = ledger.count_rejections()
    return {key: counts[key] for stage in Stage for key in counts if key[0] is stage}


def _in_order(by_stage: Mapping[Stage, Any]) -> dict[Stage, Any]:
    return {stage: by_stage[stage] for stage in Stage if stage in by_stage}


def shown_settings(plan: RunPlan, left_out: Mapping[str, Any] | None = None) -> Iterable[ShownSetting]:
    """Yield every setting with its value and origin; what may be a secret is hidden, and what a model refuses is marked."""
    for key, value in shown(plan.settings).items():
        origin = plan.origins.get(key, "default")
        if _is_left_out(key, plan, left_out or {}):
            origin += "; left out, since the model refuses it"
        yield ShownSetting(key, value, origin)


def _is_left_out(key: str, plan: RunPlan, left_out: Mapping[str, Any]) -> bool:
    section, _, rest = key.partition(".")
    kind, _, parameter = rest.partition(".")
    if not kind.endswith("parameters") or not parameter:
        return False
    return parameter.partition(".")[0] in left_out.get(plan.settings.model_of(Stage(section)) or "", {})


def render(status: Status) -> RenderableType:
    """Return a status as tables that fit 80 columns."""
    parts = [_summary(status), spending_table(status.spent)]
    if status.rejections:
        parts.insert(1, _refusals(status))
    return Group(*parts, _settings_lines(status))


def _summary(status: Status) -> RenderableType:
    target = "" if status.target is None else f" of {number(status.target)}"
    rows = [
        ("tasks kept", f"{number(status.kept)}{target}"),
        ("finished", f"{number(status.finished)}, {number(status.with_instances)} of them with instances"),
        *((f"awaiting {stage}", number(count)) for stage, count in status.unanswered.items()),
        ("classification", f"{number(status.classification)}, other {number(status.other)}, unknown {number(status.unknown)}"),
        ("instances", f"{number(status.instances)}, {number(status.exported)} of them in an export"),
    ]
    return table("Run", ("", ""), rows)


def _refusals(status: Status) -> RenderableType:
    rows = [(stage, reason, number(count)) for (stage, reason), count in status.rejections.items()]
    return table("Refused", ("stage", "reason", "number"), rows, numbers=(2,))


def _settings_lines(status: Status) -> RenderableType:
    """Return a line for each setting: some keys are too long for a column."""
    lines = (Text.assemble(f"{one.key} = {_as_json(one.value)}", (f"  ({one.origin})", "dim")) for one in status.settings)
    return Group(Text("Settings", "bold"), Padding(Group(*lines), (1, 2)))


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
