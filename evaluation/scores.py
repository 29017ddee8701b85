"""Score the answers to a task set, and sum them up: over instances, by task and by category, with intervals over tasks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean

from self_instruct.evaluation.intervals import Interval, bootstrap
from self_instruct.evaluation.metrics import References, Score
from self_instruct.evaluation.readings import Reading, read
from self_instruct.evaluation.task_sets import TaskInstance


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model says to one instance. What is None is not known.

    `log_likelihoods` are those of the instance's first reference under the model, a token each, given the prompt.
    """

    text: str
    is_at_token_limit: bool | None = None
    is_refused: bool = False
    log_likelihoods: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class Scored:
    """An answer to an instance with what it gets, in each reading."""

    instance: TaskInstance
    answer: Answer
    scores: Mapping[Reading, Score]


@dataclass(frozen=True, slots=True)
class Figures:
    """Means over instances, in percent of what can be reached; `intervals` by the figures' names, where they were drawn."""

    instances: int
    rouge_l: float
    exact_match: float
    rouge_l_unicode: float
    intervals: Mapping[str, Interval | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MeanInterval:
    """A mean with its interval, which is None where there is one task alone."""

    mean: float
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Likelihood:
    """How likely a model finds the references, in nats a reference: the mean negative log-likelihood over instances.

    `after_first` leaves out the first token of each, on which much of a gain may fall; `per_token` is over all tokens.
    `instances` counts those for which the model gave it.
    """

    instances: int
    nll: MeanInterval
    after_first: MeanInterval
    per_token: float


@dataclass(frozen=True, slots=True)
class Summary:
    """All that is to be said of the answers to a task set. `readings` have the same instances read in three ways.

    Readings and categories have intervals over their tasks; what has one task has none.
    `words` is the mean length of an answer; `at_token_limit` is None where no answer says how it ended.
    """

    figures: Figures
    readings: Mapping[Reading, Figures]
    tasks: Mapping[str, Figures]
    categories: Mapping[str, Figures]
    words: float
    empty: int
    refused: int
    at_token_limit: int | None
    likelihood: Likelihood | None


def score(instance: TaskInstance, answer: Answer) -> Scored:
    """Return an answer with what it gets. A reading that is the same text as another is scored once."""
    references = References(instance.references)
    texts = {reading: read(answer.text, reading) for reading in Reading}
    by_text = {text: references.score(text) for text in set(texts.values())}
    return Scored(instance, answer, {reading: by_text[text] for reading, text in texts.items()})


def summary(scored: Sequence[Scored]) -> Summary:
    """Return what there is to say of some answers, one at least."""
    known = [each.answer.is_at_token_limit for each in scored if each.answer.is_at_token_limit is not None]
    readings = {reading: figures_between(scored, reading) for reading in Reading}
    return Summary(
        figures=readings[Reading.RAW],
        readings=readings,
        tasks={name: figures(group) for name, group in _grouped(scored, lambda one: one.task)},
        categories={name: figures_between(group) for name, group in _grouped(scored, lambda one: one.category) if name},
        words=fmean(len(each.answer.text.split()) for each in scored),
        empty=sum(not each.answer.text.strip() for each in scored),
        refused=sum(each.answer.is_refused for each in scored),
        at_token_limit=sum(known) if known else None,
        likelihood=_likelihood(scored),
    )


def figures(scored: Sequence[Scored], reading: Reading = Reading.RAW) -> Figures:
    """Return the means of some answers, one at least."""
    means = {name: fmean(column) for name, column in columns(scored, reading).items()}
    return Figures(len(scored), means["rouge_l"], means["exact_match"], means["rouge_l_unicode"])


def figures_between(scored: Sequence[Scored], reading: Reading = Reading.RAW) -> Figures:
    """Return the means of some answers, one at least, with their intervals over tasks."""
    tasks = [each.instance.task for each in scored]
    return replace(figures(scored, reading), intervals=bootstrap(columns(scored, reading), tasks))


def columns(scored: Iterable[Scored], reading: Reading) -> dict[str, list[float]]:
    """Return each figure of each answer, in percent, by the figure's name."""
    scores = [each.scores[reading] for each in scored]
    return {
        "rouge_l": [100 * each.rouge_l for each in scores],
        "exact_match": [100 * each.exact_match for each in scores],
        "rouge_l_unicode": [100 * each.rouge_l_unicode for each in scores],
    }


def _grouped(scored: Iterable[Scored], key: Callable[[TaskInstance], str]) -> Iterable[tuple[str, list[Scored]]]:
    groups: defaultdict[str, list[Scored]] = defaultdict(list)
    for each in scored:
        groups[key(each.instance)].append(each)
    return groups.items()


def _likelihood(scored: Iterable[Scored]) -> Likelihood | None:
    known = [(each.instance.task, each.answer.log_likelihoods) for each in scored if each.answer.log_likelihoods]
    if not known:
        return None
    values = {"nll": [-sum(each) for _, each in known], "after_first": [-sum(each[1:]) for _, each in known]}
    found = bootstrap(values, [task for task, _ in known])
    means = {name: MeanInterval(fmean(column), found[name]) for name, column in values.items()}
    return Likelihood(len(known), **means, per_token=sum(values["nll"]) / sum(len(each) for _, each in known))
