"""From rows to a trained model: in this process with TRL, or as a provider's job.

A name is imported when it is first asked for.
"""

from typing import TYPE_CHECKING

from self_instruct.records.lazy_names import lazily

_MODULES = {"Recipe": "recipe", "Trained": "outputs", "TrainingData": "rows", "read_rows": "rows", "train": "training"}
__all__ = ["Recipe", "Trained", "TrainingData", "read_rows", "train"]

if TYPE_CHECKING:
    from self_instruct.training.outputs import Trained
    from self_instruct.training.recipe import Recipe
    from self_instruct.training.rows import TrainingData, read_rows
    from self_instruct.training.training import train
else:
    __getattr__, __dir__ = lazily(__name__, _MODULES)
