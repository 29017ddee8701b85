"""All that a report says about one run, as frozen records. Reads the ledger at one moment, also while another process writes.

Every table is a tuple of flat records, so `pandas.DataFrame(report.refused)` is one; `to_json` writes all of it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from self_instruct.chains.models.names import without_folder
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.chains.runs.plan_settings import ShownSetting, shown_settings, without_place
from self_instruct.ledger import Ledger
from self_instruct.records.tasks import Instance
from self_instruct.reports.analysis.balance import Balance, balance
from self_instruct.reports.analysis.checked_run import checked_run
from self_instruct.reports.analysis.checks import Check
from self_instruct.reports.analysis.improvement import Trajectory, trajectories
from self_instruct.reports.analysis.kept_tasks import KeptTask, kept_tasks
from self_instruct.reports.analysis.labels import LabelBalance, label_balance
from self_instruct.reports.analysis.languages import LanguageShare, languages
from self_instruct.reports.analysis.proposers import ProposerRow, proposer_rows
from self_instruct.reports.analysis.refusals import Acceptance, RefusalCounts, Refused, acceptance
from self_instruct.reports.analysis.similarity import (
    EvaluationOverlap,
    NearPair,
    SeedSimilarity,
    evaluation_overlap,
    nearest_kept,
    seed_similarity,
)
from self_instruct.reports.analysis.spending import Spending, spending
from self_instruct.reports.analysis.statistics import BinWords, LengthBin, Statistics, length_histogram, statistics
from self_instruct.reports.analysis.status import RunState, run_state, unanswered
from self_instruct.reports.analysis.texture import Texture, texture
from self_instruct.reports.analysis.topics import TopicShare, topics
from self_instruct.reports.analysis.verb_nouns import VerbNouns, verb_nouns
from self_instruct.reports.analysis.who_appears import Appearance, who_appears
from self_instruct.reports.analysis.worst_looking import FlagCount, WorstTask, rules_of, worst_tasks
from self_instruct.reports.review.instances import judge_model, reviewed_instances
from self_instruct.reports.review.quality import Quality, quality_of
from self_instruct.reports.text import readable_json
from self_instruct.retrievers.draws import Draws

TO_READ = 20
_INSTANCES_READ = 3


@dataclass(frozen=True, slots=True)
class ReadTask:
    """A task to read: drawn at random, with its first instances (three at most) and how many there are."""

    instruction: str
    is_classification: bool | None
    instances: tuple[Instance, ...]
    all_instances: int


@dataclass(frozen=True, slots=True)
class RunReport:
    """A report on one run. `name` is the run directory's, `models` those of its stages, `unanswered` tasks that wait, by stage.

    `target` is None where the run only decides the replies it has, `overlap` without an evaluation set or kept task.
    `checks` are all of them, those that fail first; `quality` is None where neither judge nor person looked at any instance.
    """

    name: str
    models: tuple[str, ...]
    profile: str
    target: int | None
    state: RunState
    unanswered: dict[str, int]
    statistics: Statistics
    verbs: VerbNouns
    seeds: int
    seed_similarity: SeedSimilarity
    balance: Balance
    lengths: tuple[LengthBin, ...]
    refused: tuple[Refused, ...]
    acceptance: tuple[Acceptance, ...]
    nearest: tuple[NearPair, ...]
    spent: tuple[Spending, ...]
    proposers: tuple[ProposerRow, ...]
    labels: LabelBalance
    overlap: EvaluationOverlap | None
    to_read: tuple[ReadTask, ...]
    worst: tuple[WorstTask, ...]
    flags: tuple[FlagCount, ...]
    settings: tuple[ShownSetting, ...]
    checks: tuple[Check, ...]
    texture: Texture
    people: tuple[Appearance, ...]
    improved: tuple[Trajectory, ...]
    topics: tuple[TopicShare, ...]
    languages: tuple[LanguageShare, ...]
    quality: Quality | None

    def to_fields(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        said = self.quality.to_fields() if self.quality else None
        return asdict(replace(self, quality=None)) | {
            "checks": [check.to_fields() for check in self.checks],
            "proposers": [row.to_fields() for row in self.proposers],
            "quality": said,
        }

    def to_json(self) -> str:
        """Return all of it as a JSON object, indented."""
        return readable_json(self.to_fields())


def run_report(ledger: Ledger, evaluation: Sequence[str] = (), widths: BinWords | None = None) -> RunReport:
    """Return the report on a run, held against an evaluation set's instructions where there are any.

    `widths` are those of the histograms of lengths, so that two runs have the same; without them they fit this run.
    Raises `LedgerError` for a damaged run, and `MissingExtraError` without the extra `report`.
    """
    with ledger.snapshot():
        return _report(ledger, RunPlan.of(ledger), evaluation, widths)


def _report(ledger: Ledger, plan: RunPlan, evaluation: Sequence[str], widths: BinWords | None) -> RunReport:
    tasks, waiting = kept_tasks(ledger, plan), unanswered(ledger.tasks())
    instructions, kind = [task.instruction for task in tasks], plan.settings.novelty.tokens
    seeds = [seed.instruction for seed in plan.seeds]
    refusals = RefusalCounts(ledger.rejections(), plan.draws("refused"))
    reviewed = reviewed_instances(ledger, plan)
    quality = quality_of(reviewed, judge_model(ledger, plan.settings))
    worst, flags = worst_tasks(tasks, rules_of(plan.settings.verifiers), TO_READ)
    return RunReport(
        name=ledger.path.parent.resolve().name,
        models=_models(plan),
        profile=plan.settings.profile,
        target=plan.settings.num_instructions,
        state=run_state(ledger, plan, len(tasks), waiting),
        unanswered=waiting,
        statistics=statistics(tasks),
        verbs=verb_nouns(instructions),
        seeds=len(seeds),
        seed_similarity=seed_similarity(instructions, seeds, kind),
        balance=balance(tasks, reviewed, seeds, plan.draws("balance"), kind),
        lengths=length_histogram(tasks, widths),
        refused=refusals.rows(),
        acceptance=acceptance(tasks, refusals.candidates, ledger.progress.request),
        nearest=nearest_kept(instructions, kind),
        spent=tuple(replace(row, model=row.model and without_folder(row.model)) for row in spending(ledger, plan.settings)),
        proposers=proposer_rows(ledger, plan),
        labels=label_balance(tasks),
        overlap=evaluation_overlap(instructions, evaluation, kind),
        to_read=_drawn(tasks, plan.draws("read")),
        worst=worst,
        flags=flags,
        settings=tuple(map(without_place, shown_settings(plan))),
        checks=checked_run(ledger, plan, tasks),
        texture=texture(ledger, tasks, kind),
        people=who_appears(tasks),
        improved=_some(trajectories(ledger), plan.draws("improved")),
        topics=topics(tasks, plan.seeds),
        languages=languages(tasks),
        quality=None if quality.says_nothing else quality,
    )


def _models(plan: RunPlan) -> tuple[str, ...]:
    """Return the models of the stages that write."""
    named = filter(None, map(plan.settings.model_of, plan.settings.writing_stages))
    return tuple(dict.fromkeys(map(without_folder, named)))


def _some(tried: Sequence[Trajectory], random: Draws) -> tuple[Trajectory, ...]:
    """Return what was tried on twenty instances at random, in the order of the pool."""
    places = sorted(random.sample(range(len(tried)), min(TO_READ, len(tried))))
    return tuple(map(tried.__getitem__, places))


def _drawn(tasks: Sequence[KeptTask], random: Draws) -> tuple[ReadTask, ...]:
    """Return twenty tasks with instances at random, in the order of the pool."""
    readable = [task for task in tasks if task.instances]
    places = sorted(random.sample(range(len(readable)), min(TO_READ, len(readable))))
    return tuple(
        ReadTask(task.instruction, task.is_classification, task.instances[:_INSTANCES_READ], len(task.instances))
        for task in map(readable.__getitem__, places)
    )
