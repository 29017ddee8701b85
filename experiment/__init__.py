"""Does a model trained on its own data get better? An experiment trains it in several conditions, and compares what comes out.

    from self_instruct.experiment import Experiment, TaskSets, run_experiment

Source: Wang et al. 2023, arXiv:2212.10560, table 3 (conditions) and figure 7 (size and quality of the data).
A name is imported when it is first asked for.
"""

from typing import TYPE_CHECKING

from self_instruct.records.lazy_names import lazily

_MODULES = {"Experiment": "plan", "ExperimentResult": "results", "TaskSets": "plan", "run_experiment": "running"}
__all__ = ["Experiment", "ExperimentResult", "TaskSets", "run_experiment"]

if TYPE_CHECKING:
    from self_instruct.experiment.plan import Experiment, TaskSets
    from self_instruct.experiment.results import ExperimentResult
    from self_instruct.experiment.running import run_experiment
else:
    __getattr__, __dir__ = lazily(__name__, _MODULES)
