"""From rows to a trained model: in this process with TRL, or as a provider's job.

A name is imported when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_MODULES = {"Recipe": "recipe", "Trained": "outputs", "TrainingData": "rows", "read_rows": "rows", "train": "training"}
__all__ = ["Recipe", "Trained", "TrainingData", "read_rows", "train"]

if TYPE_CHECKING:
    from self_instruct.training.outputs import Trained
    from self_instruct.training.recipe import Recipe
    from self_instruct.training.rows import TrainingData, read_rows
    from self_instruct.training.training import train
else:

    def __getattr__(name: str) -> Any:
        """Return a public name, from the module it lives in."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
