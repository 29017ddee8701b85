"""Judge the instances of one task, and draw those that a dataset takes.

Between `prompts.reading.instance_parser`, which reads them, and the ledger; the draw belongs to exports. No model is called
here.
Source: Wang et al. 2023, arXiv:2212.10560, section 2.2, "Filtering and Postprocessing", and its code; the label rules are ours.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from typing import TypeAlias

from self_instruct.prompts.reading.class_labels import comparable, is_among, named_labels
from self_instruct.records.tasks import Candidate, Instance, Reason, Rejection, StageName
from self_instruct.retrievers.draws import Draws
from self_instruct.retrievers.rouge import tokens
from self_instruct.settings.sections import InstanceSettings

__all__ = ["draw_instances", "has_few_labels", "named_labels", "screen_instances", "without_labels"]

LONGEST_LABEL = 10  # tokens; the longest label of the paper's seed tasks has three
SHORTEST_SENTENCE = 4  # tokens; fewer are no sentence, whatever they end in ("Not logically sound.")

Judged: TypeAlias = list[Instance | Rejection]
Refusal: TypeAlias = tuple[Reason, str]


def screen_instances(
    read: Sequence[Instance | Rejection],
    *,
    instruction: str,
    is_classification: bool,
    rules: InstanceSettings,
    shown: Container[str] = (),
) -> Judged:
    """Return, in the order given, each instance that obeys the rules and a rejection for each that does not.

    First each instance alone: an input or output that is `shown` by few-shot examples, an input equal to its output, an empty
    output, a trailing colon, and (`check_labels`, for classification) an output that is no class label. Then the task: a
    non-empty input with two outputs loses its instances, or the task all of them (`conflicts`); with `check_labels` instances
    without an input must agree on the label. Then duplicates.
    """
    checks_labels = rules.check_labels and is_classification
    named = named_labels(instruction) if checks_labels else ()
    same = comparable if checks_labels else str

    def refuse(instance: Instance) -> Refusal | None:
        return (
            _copied(instance, shown) or _malformed(instance) or (_no_label(instance.output, named) if checks_labels else None)
        )

    judged = [_judge(each, refuse) for each in read]
    judged = _without_conflicts(judged, same, checks_labels=checks_labels, whole_task=rules.conflicts == "task")
    return _without_duplicates(judged, same)


def has_few_labels(read: Iterable[object], instruction: str, fewest: int) -> bool:
    """Return whether instances show fewer different class labels than that, of a task whose instruction names none."""
    labels = {comparable(each.output) for each in read if isinstance(each, Instance)}
    return len(labels) < fewest and not named_labels(instruction)


def without_labels(read: Iterable[Candidate | Instance | Rejection]) -> Iterator[Candidate | Instance | Rejection]:
    """Yield what was read with each instance refused: one that a task with too few labels has."""
    return (_rejection(each, Reason.FEW_LABELS) if isinstance(each, Instance) else each for each in read)


def _judge(each: Instance | Rejection, refuse: Callable[[Instance], Refusal | None]) -> Instance | Rejection:
    refusal = refuse(each) if isinstance(each, Instance) else None
    return _rejection(each, *refusal) if isinstance(each, Instance) and refusal else each


def _rejection(instance: Instance, reason: Reason, because: str = "") -> Rejection:
    evidence = {"input": instance.input} | ({"because": because} if because else {})
    return Rejection(StageName.INSTANCES, reason, instance.output, evidence=evidence)


def _copied(instance: Instance, shown: Container[str]) -> Refusal | None:
    found = [name for name, text in (("input", instance.input), ("output", instance.output)) if text in shown]
    return (Reason.COPIED, f"the {' and the '.join(found)} of a few-shot example") if found else None


def _malformed(instance: Instance) -> Refusal | None:
    if instance.input == instance.output:
        return Reason.INPUT_EQUALS_OUTPUT, ""
    if not instance.output:
        return Reason.EMPTY_OUTPUT, ""
    if instance.input.endswith(":") or instance.output.endswith(":"):
        return Reason.TRAILING_COLON, ""
    return None


def _no_label(output: str, named: Sequence[str]) -> Refusal | None:
    """Return why an output is no class label: one of those named, or else a short single line that is no sentence."""
    if "\n" in output:
        return Reason.NOT_A_LABEL, "several lines"
    if named:
        return None if is_among(output, named) else (Reason.NOT_A_LABEL, f"not one of: {', '.join(named)}")
    length = len(tokens(output))
    ends_as_sentence = output.rstrip("\"'”’ ").endswith((".", "!", "?", "。", "！", "？"))
    if length > LONGEST_LABEL or (ends_as_sentence and length >= SHORTEST_SENTENCE):
        return Reason.NOT_A_LABEL, "a sentence"
    return None


def _without_conflicts(judged: Judged, same: Callable[[str], str], *, checks_labels: bool, whole_task: bool) -> Judged:
    outputs: defaultdict[str, set[str]] = defaultdict(set)
    for each in judged:
        if isinstance(each, Instance):
            outputs[each.input].add(same(each.output))
    conflicting = {given for given, found in outputs.items() if len(found) > 1 and (given or checks_labels)}
    everything = whole_task and bool(conflicting)

    def refuse(instance: Instance) -> Refusal | None:
        if everything or instance.input in conflicting:
            return Reason.CONFLICTING_OUTPUTS, "" if instance.input in conflicting else "another input of this task"
        return None

    return [_judge(each, refuse) for each in judged]


def _without_duplicates(judged: Judged, same: Callable[[str], str]) -> Judged:
    seen: set[tuple[str, str]] = set()

    def refuse(instance: Instance) -> Refusal | None:
        pair = (instance.input, same(instance.output))
        if pair in seen:
            return Reason.DUPLICATE, ""
        seen.add(pair)
        return None

    return [_judge(each, refuse) for each in judged]


def draw_instances(
    instances: Sequence[Instance],
    rules: InstanceSettings,
    is_classification: bool,
    random: Draws,
    at_most: int | None = None,
) -> list[Instance]:
    """Return at most `rules.max_per_task` instances, drawn at random, in the order given.

    With `spread_labels` a classification task's draw takes one instance of each class label before a second of any, and as many
    as there are labels if those are more. `at_most` replaces the limit by one that labels do not raise; the draw of a smaller
    one is within the draw of a larger.
    """
    spreads = rules.spread_labels and is_classification
    order = list(range(len(instances)))
    limit = at_most or rules.max_per_task
    if len(order) > limit:
        random.shuffle(order)
    if spreads:
        labels = [comparable(instance.output) for instance in instances]
        limit = at_most or max(limit, len(set(labels)))
        order = _by_turns(order, labels)
    return [instances[at] for at in sorted(order[:limit])]


def _by_turns(order: Iterable[int], labels: Sequence[str]) -> list[int]:
    """Return the positions so that the first of each label comes before any second, and so on."""
    taken: Counter[str] = Counter()
    turns: list[tuple[int, int]] = []
    for at in order:
        turns.append((taken[labels[at]], at))
        taken[labels[at]] += 1
    return [at for _, at in sorted(turns, key=lambda turn: turn[0])]
