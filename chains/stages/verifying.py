"""Verify the instances of one task: keep them with their flags, or refuse them, as the settings say of each rule.

Between the instance rules and the ledger. No model is called here.
"""

from collections.abc import Sequence

from self_instruct.chains.verifiers.example import Example
from self_instruct.chains.verifiers.registry import Verification
from self_instruct.records.tasks import Flag, Instance, Rejection, StageName, Task, Verdict, flags_verdict

Screened = tuple[Instance | Rejection, ...]


def verified(
    screened: Sequence[Instance | Rejection], task: Task, verification: Verification
) -> tuple[Screened, tuple[Verdict, ...]]:
    """Return, in the order given, the instances that no rule refuses and rejections; and the flags of those that have some.

    Flags are verdicts by the position of an instance among those that are left. A rejection names the first rule that refuses.
    """
    read: list[Instance | Rejection] = []
    verdicts: list[Verdict] = []
    position = 0
    for each in screened:
        if isinstance(each, Rejection):
            read.append(each)
            continue
        flags = verification.flags(_example(each, task))
        refusing = next((flag for flag in flags if verification.refuses(flag)), None)
        if refusing:
            read.append(_rejection(each, refusing))
            continue
        read.append(each)
        verdicts += [flags_verdict(position, flags)] if flags else []
        position += 1
    return tuple(read), tuple(verdicts)


def _example(instance: Instance, task: Task) -> Example:
    return Example(task.instruction, instance.input, instance.output, task.is_classification)


def _rejection(instance: Instance, flag: Flag) -> Rejection:
    return Rejection(
        StageName.INSTANCES, flag.rule, instance.output, evidence={"input": instance.input, "because": flag.evidence}
    )
