"""The tasks to read first: those in which the verifiers find most. Flags are signs, not proof: nothing is refused here."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from self_instruct.chains.verifiers.example import Example
from self_instruct.chains.verifiers.registry import VERIFIERS
from self_instruct.chains.verifiers.verifier import Verifier
from self_instruct.records.tasks import Instance
from self_instruct.reports.analysis.kept_tasks import KeptTask
from self_instruct.settings.sections import NEARLY_ALWAYS_RIGHT, VerifierSettings


@dataclass(frozen=True, slots=True)
class FlagCount:
    """How many instances, and of how many tasks, a rule flags."""

    rule: str
    instances: int
    tasks: int


@dataclass(frozen=True, slots=True)
class WorstTask:
    """A task with the worst-looking of its instances, and the rules that flag that."""

    instruction: str
    instance: Instance
    flags: tuple[str, ...]


def rules_of(settings: VerifierSettings) -> tuple[Verifier, ...]:
    """Return the rules that a run's settings switch on, or the usual ones where they switch on none."""
    on = {rule for rule, action in settings.actions().items() if action != "off"}
    return tuple(each for each in VERIFIERS if each.name in on) or rules_of(VerifierSettings())


def worst_tasks(
    tasks: Sequence[KeptTask], rules: Sequence[Verifier], limit: int
) -> tuple[tuple[WorstTask, ...], tuple[FlagCount, ...]]:
    """Return the worst-looking tasks, the worst first (of equals, the first kept), and how often each rule flags.

    A rule that is nearly always right counts twice.
    """
    instances, of_tasks = Counter[str](), Counter[str]()
    worst: list[tuple[int, WorstTask]] = []
    for task in tasks:
        seen = [(each, _flags(task, each, rules)) for each in task.instances]
        instances.update(rule for _, flags in seen for rule in flags)
        of_tasks.update({rule for _, flags in seen for rule in flags})
        instance, flags = max(seen, key=lambda each: _weight(each[1]), default=(None, ()))
        if instance and flags:
            worst.append((_weight(flags), WorstTask(task.instruction, instance, flags)))
    worst.sort(key=lambda each: -each[0])
    counts = (FlagCount(rule.name, instances[rule.name], of_tasks[rule.name]) for rule in rules if instances[rule.name])
    return tuple(task for _, task in worst[:limit]), tuple(counts)


def _flags(task: KeptTask, instance: Instance, rules: Sequence[Verifier]) -> tuple[str, ...]:
    example = Example(task.instruction, instance.input, instance.output, task.is_classification)
    return tuple(rule.name for rule in rules if rule.find(example) is not None)


def _weight(flags: Sequence[str]) -> int:
    return sum(2 if rule in NEARLY_ALWAYS_RIGHT else 1 for rule in flags)
