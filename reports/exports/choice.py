"""Which rows of a run are good enough for an export, by what was said of them; and how many of those, by what is best.

Between the verdicts in a ledger and the selection of tasks. A row is an instance. First some are left out (not accepted, of too
low a score, flagged), then N of the rest are taken: the best, or as baselines to compare those with, the longest or any.
Source of the order of `best`, score first and then a look at what is taken already: Liu et al. 2024, arXiv:2312.15685, section
2.4; with ROUGE-L in the place of embeddings. Longest outputs are a strong baseline: Zhao et al. 2024, arXiv:2402.04833.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from self_instruct.chains.runs.accepting import AcceptRule
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger, tasks_with_instances
from self_instruct.records.judgements import judgement, vote_of
from self_instruct.records.tasks import Verdict, flags_in
from self_instruct.reports.dataset_tasks import DatasetTask, dataset, task_name
from self_instruct.reports.text import number
from self_instruct.reports.writing import ExportError
from self_instruct.retrievers import NoveltyIndex
from self_instruct.settings.sections import NoveltySettings

ALIKE = "0.5"
"""The ROUGE-L of two instructions from which `best` takes the second only when all others are taken."""
ANY = "any"
Positions = Mapping[str, Collection[int]]
"""The positions of a task's instances, by the task's name."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rows an export has; the default is all.

    `accepted`: only those that the run's rule accepts. `min_score`: only those with this score of the judge's, or a higher one.
    `flags`: leave out rows with one of these flags ("any": with whichever). Then at most one of: `best` N by score, in whose
    order a row that is much like one taken waits until all others are taken; `longest` N by the characters of the output;
    `random` N by the seed. Raises `ExportError` where that cannot be meant.
    """

    accepted: bool = False
    min_score: float | None = None
    flags: tuple[str, ...] = ()
    best: int | None = None
    longest: int | None = None
    random: int | None = None

    def __post_init__(self) -> None:
        counts = {name: value for name, value in self._counts().items() if value is not None}
        for name, value in counts.items():
            if value < 1:
                raise ExportError(f"`{name}` {value}: expected a number of 1 or more.")
        if len(counts) > 1:
            raise ExportError(f"{' and '.join(f'`{name}`' for name in counts)}: choose one of them.")

    def _counts(self) -> dict[str, int | None]:
        return {"best": self.best, "longest": self.longest, "random": self.random}

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return self == Choice()

    @property
    def needs_judge(self) -> bool:
        """Whether it rests on a judge's verdicts."""
        return self.accepted or self.min_score is not None or self.best is not None

    @property
    def taken(self) -> tuple[str, int] | None:
        """By which name how many rows are taken; None for all that are not left out."""
        return next(((name, count) for name, count in self._counts().items() if count is not None), None)

    @property
    def words(self) -> str:
        """What it does, in words for a dataset card."""
        left = [
            *(["only rows that the judge accepts by the run's rule"] if self.accepted else []),
            *([] if self.min_score is None else [f"only rows with a judge's score of {self.min_score:g} or more"]),
            *([f"no row with a flag of the verifiers ({', '.join(self.flags)})"] if self.flags else []),
        ]
        name, count = self.taken or ("", 0)
        how = {
            "best": f"then the {number(count)} of the highest score, those with a ROUGE-L of {ALIKE} to one before them last",
            "longest": f"then the {number(count)} with the longest outputs, whatever was said of them",
            "random": f"then {number(count)} drawn at random",
        }
        return "; ".join([*left, *([how[name]] if name else [])])


ALL_ROWS = Choice()


@dataclass(frozen=True, slots=True)
class _Row:
    task: str
    position: int
    instruction: str
    output: str


def chosen(ledger: Ledger, plan: RunPlan, choice: Choice, max_instances: int | None = None) -> Positions | None:
    """Return the positions of the rows that a choice has; None for all. `max_instances` of a task at most are looked at.

    Raises `ExportError` where no judge was asked about a run and the choice needs one, or where there are fewer rows.
    """
    if choice.is_all:
        return None
    _check_flags(choice, plan)
    said = _Said(ledger, plan, choice)
    eligible = {name: positions for name, positions in said.eligible() if positions}
    if not choice.taken:
        return eligible
    name, count = choice.taken
    rows = list(_rows(ledger, dataset(ledger, plan, max_instances, eligible)))
    if count > len(rows):
        raise ExportError(f"`{name}` {count}: only {number(len(rows))} rows are left to take it from.")
    rows.sort(key=lambda row: _drawn(row, plan.settings.seed))
    if name == "longest":
        rows.sort(key=lambda row: -len(row.output))
    elif name == "best":
        rows = _diverse(sorted(rows, key=lambda row: -said.score(row.task, row.position)), count, plan.settings.novelty)
    return _positions(rows[:count])


def _check_flags(choice: Choice, plan: RunPlan) -> None:
    known = plan.settings.verifiers.actions()
    for flag in choice.flags:
        if flag != ANY and flag not in known:
            raise ExportError(f"`flags` {flag}: no rule has that name; choose {ANY}, or one of {', '.join(known)}.")


class _Said:
    """What was said of the instances of a run."""

    def __init__(self, ledger: Ledger, plan: RunPlan, choice: Choice) -> None:
        self._ledger, self._choice = ledger, choice
        self._rule = AcceptRule.of(ledger, plan.settings)
        self._verdicts: defaultdict[tuple[str, int], list[Verdict]] = defaultdict(list)
        for task, verdict in ledger.verdicts():
            self._verdicts[task_name(task), verdict.instance].append(verdict)
        is_judged = any(one.stage == self._rule.judge for own in self._verdicts.values() for one in own)
        if choice.needs_judge and not is_judged:
            raise ExportError("`accepted`, `min_score` and `best` rest on a judge, and none was asked; run judge first.")

    def score(self, task: str, position: int) -> float:
        """Return a judge's score of an instance, -1 where there is none."""
        votes = [vote_of(one) for one in self._verdicts.get((task, position), ()) if one.stage == self._rule.judge]
        score = judgement(votes).score
        return -1 if score is None else score

    def eligible(self) -> Iterator[tuple[str, list[int]]]:
        """Yield the positions of each task that are not left out."""
        for task, instances in tasks_with_instances(self._ledger):
            name = task_name(task.id)
            yield name, [position for position in range(len(instances)) if self._is_eligible(name, position)]

    def _is_eligible(self, task: str, position: int) -> bool:
        own = self._verdicts.get((task, position), [])
        flags = {flag.rule for one in own for flag in flags_in(one)}
        if flags and (ANY in self._choice.flags or flags & set(self._choice.flags)):
            return False
        if self._choice.accepted and self._rule.why_not(own) is not None:
            return False
        return self._choice.min_score is None or self.score(task, position) >= self._choice.min_score


def _rows(ledger: Ledger, tasks: Iterable[DatasetTask]) -> Iterator[_Row]:
    """Yield the rows of tasks with their positions among all that the ledger has."""
    stored = ((task_name(task.id), instances) for task, instances in tasks_with_instances(ledger))
    for task in tasks:
        instances = next(instances for name, instances in stored if name == task.name)
        for one in task.instances:
            yield _Row(task.name, instances.index(one), task.instruction, one.output)


def _drawn(row: _Row, seed: int) -> bytes:
    """Return a row's place in an order that depends on the seed and on no other row."""
    return blake2b(f"{seed}:{row.task}:{row.position}".encode(), digest_size=16).digest()


def _diverse(rows: Sequence[_Row], count: int, rules: NoveltySettings) -> list[_Row]:
    """Return rows in their order, but those much like one before them last."""
    index = NoveltyIndex(NoveltySettings(threshold=ALIKE, tokens=rules.tokens))
    taken, later = list[_Row](), list[_Row]()
    for row in rows:
        if len(taken) == count:
            break
        if index.nearest_too_similar(row.instruction):
            later.append(row)
        else:
            index.add(row.instruction)
            taken.append(row)
    return taken + later


def _positions(rows: Iterable[_Row]) -> Positions:
    found: defaultdict[str, set[int]] = defaultdict(set)
    for row in rows:
        found[row.task].add(row.position)
    return found
