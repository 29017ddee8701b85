"""How well a model follows instructions: task sets, a model's answers to them, their scores; and the same for other harnesses.

A name is imported when it is first asked for.
"""

from typing import TYPE_CHECKING

from self_instruct.records.lazy_names import lazily

_MODULES = {
    "Comparison": "results", "Evaluated": "evaluating", "Reading": "readings", "Result": "results", "TaskInstance": "task_sets",
    "compare": "results", "encoded": "encodings", "evaluate": "evaluating",
    "exact_match": "metrics", "load_result": "evaluating", "load_task_set": "task_sets", "rouge_l": "metrics",
    "scored_files": "predictions",
}  # fmt: skip
__all__ = [
    "Comparison", "Evaluated", "Reading", "Result", "TaskInstance", "compare", "encoded", "evaluate", "exact_match",
    "load_result", "load_task_set", "rouge_l", "scored_files",
]  # fmt: skip

if TYPE_CHECKING:
    from self_instruct.evaluation.encodings import encoded
    from self_instruct.evaluation.evaluating import Evaluated, evaluate, load_result
    from self_instruct.evaluation.metrics import exact_match, rouge_l
    from self_instruct.evaluation.predictions import scored_files
    from self_instruct.evaluation.readings import Reading
    from self_instruct.evaluation.results import Comparison, Result, compare
    from self_instruct.evaluation.task_sets import TaskInstance, load_task_set
else:
    __getattr__, __dir__ = lazily(__name__, _MODULES)
