"""What leaves a run: exports, its status, a report, a comparison, the report on a seed file. Reads the ledger, not the loop."""

from self_instruct.reports.analysis.run_report import RunReport, run_report
from self_instruct.reports.analysis.verb_nouns import root_verb, verb_nouns
from self_instruct.reports.comparison import Comparison, compare
from self_instruct.reports.dataset import DatasetTask, dataset
from self_instruct.reports.evaluation_file import EvaluationFileError, load_evaluation
from self_instruct.reports.export import FORMATS, export
from self_instruct.reports.page.report_folder import report_on, write_report
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
    "RunReport",
    "SeedReport",
    "Status",
    "check_seeds",
    "compare",
    "dataset",
    "export",
    "load_evaluation",
    "report_on",
    "root_verb",
    "run_report",
    "status",
    "verb_nouns",
    "write_report",
]
