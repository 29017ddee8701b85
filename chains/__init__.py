"""The stages as LangChain runnables, the models, and the loop that bootstraps a dataset with them.

>>> from self_instruct.chains import load_model, task_chain
>>> task = task_chain(load_model("offline")).invoke("Sort the numbers in ascending order: 3, 1, 2")
>>> task.is_classification
False
"""

from typing import TYPE_CHECKING

from self_instruct.records.lazy_names import lazily

__all__ = [
    "CompareInput",
    "EachInstanceStage",
    "Ending",
    "Example",
    "InstanceInput",
    "InstructionInput",
    "JudgeInput",
    "RunEnded",
    "RunEvent",
    "RunResult",
    "SelfInstruct",
    "Snapshot",
    "Stage",
    "Step",
    "TaskInput",
    "TaskKept",
    "TaskStage",
    "Verification",
    "answering",
    "classification_chain",
    "compare_chain",
    "instance_chain",
    "instruction_chain",
    "judge_chain",
    "load_model",
    "refinement_graph",
    "register_stage",
    "register_verifier",
    "task_chain",
]

_HOMES = {  # imported when first used: a chain needs no ledger, a model no chain
    "models.answering": ("answering",),
    "models.loading": ("load_model",),
    "refinement.graph": ("refinement_graph",),
    "runs.outcome": ("Ending", "Snapshot"),
    "runs.self_instruct": ("RunEnded", "RunEvent", "RunResult", "SelfInstruct", "TaskKept"),
    "stages.each_instance": ("EachInstanceStage",),
    "stages.registry": ("register_stage",),
    "stages.runnables": (
        "CompareInput", "InstanceInput", "InstructionInput", "JudgeInput", "TaskInput", "classification_chain", "compare_chain",
        "instance_chain", "instruction_chain", "judge_chain", "task_chain",
    ),
    "stages.stage": ("Stage", "Step", "TaskStage"),
    "verifiers.example": ("Example",),
    "verifiers.registry": ("Verification", "register_verifier"),
}  # fmt: skip

if TYPE_CHECKING:
    from self_instruct.chains.models.answering import answering
    from self_instruct.chains.models.loading import load_model
    from self_instruct.chains.refinement.graph import refinement_graph
    from self_instruct.chains.runs.outcome import Ending, Snapshot
    from self_instruct.chains.runs.self_instruct import RunEnded, RunEvent, RunResult, SelfInstruct, TaskKept
    from self_instruct.chains.stages.each_instance import EachInstanceStage
    from self_instruct.chains.stages.registry import register_stage
    from self_instruct.chains.stages.runnables import (
        CompareInput,
        InstanceInput,
        InstructionInput,
        JudgeInput,
        TaskInput,
        classification_chain,
        compare_chain,
        instance_chain,
        instruction_chain,
        judge_chain,
        task_chain,
    )
    from self_instruct.chains.stages.stage import Stage, Step, TaskStage
    from self_instruct.chains.verifiers.example import Example
    from self_instruct.chains.verifiers.registry import Verification, register_verifier
else:
    __getattr__, __dir__ = lazily(__name__, {name: home for home, names in _HOMES.items() for name in names})
