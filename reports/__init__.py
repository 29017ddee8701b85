"""What leaves a run: exports, its status, a comparison of two; the report on a seed file. Reads the ledger, not the loop."""

from self_instruct.reports.comparison import Comparison, compare
from self_instruct.reports.dataset import DatasetTask, dataset
from self_instruct.reports.evaluation_file import EvaluationFileError, load_evaluation
from self_instruct.reports.export import FORMATS, export
from self_instruct.reports.seed_check import check_seeds
from self_instruct.reports.seed_report import SeedReport
from self_instruct.reports.status import Status, status
from self_instruct.reports.writing import ExportError

__all__ = [
    "FORMATS",
    "Comparison",
    "DatasetTask",
    "EvaluationFileError",
    "ExportError",
    "SeedReport",
    "Status",
    "check_seeds",
    "compare",
    "dataset",
    "export",
    "load_evaluation",
    "status",
]
