"""The stages as LangChain runnables, the models, and the loop that bootstraps a dataset with them.

>>> from self_instruct.chains import task_chain, load_model
>>> task = task_chain(load_model("offline")).invoke({"instruction": "Sort the numbers in ascending order: 3, 1, 2"})
>>> task.is_classification
False
"""

from self_instruct.chains.models.loading import answering, load_model
from self_instruct.chains.stages.task import (
    InstanceInput,
    InstructionInput,
    TaskInput,
    classification_chain,
    instance_chain,
    instruction_chain,
    task_chain,
)

__all__ = [
    "InstanceInput",
    "InstructionInput",
    "TaskInput",
    "answering",
    "classification_chain",
    "instance_chain",
    "instruction_chain",
    "load_model",
    "task_chain",
]
