"""What leaves a run: exports, records, its status, a report, a comparison; a report on seeds. It reads the ledger."""

from self_instruct.reports.analysis.run_report import RunReport, run_report
from self_instruct.reports.analysis.verb_nouns import root_verb, verb_nouns
from self_instruct.reports.exports.card import CardFields
from self_instruct.reports.exports.conversations import chat_faults
from self_instruct.reports.exports.dataset import DatasetTask, dataset
from self_instruct.reports.exports.export import FORMATS, Exported, export
from self_instruct.reports.exports.selection import Selection, Split
from self_instruct.reports.loaded_run import LoadedRun, RunInstance, RunRejection, RunTask, load_run
from self_instruct.reports.page.report_folder import report_on, write_report
from self_instruct.reports.seeds.evaluation_file import EvaluationFileError, load_evaluation
from self_instruct.reports.seeds.seed_check import check_seeds
from self_instruct.reports.seeds.seed_report import SeedReport
from self_instruct.reports.terminal.comparison import Comparison, compare
from self_instruct.reports.terminal.status import Status, status
from self_instruct.reports.writing import ExportError

__all__ = [
    "FORMATS",
    "CardFields",
    "Comparison",
    "DatasetTask",
    "EvaluationFileError",
    "ExportError",
    "Exported",
    "LoadedRun",
    "RunInstance",
    "RunRejection",
    "RunReport",
    "RunTask",
    "SeedReport",
    "Selection",
    "Split",
    "Status",
    "chat_faults",
    "check_seeds",
    "compare",
    "dataset",
    "export",
    "load_evaluation",
    "load_run",
    "report_on",
    "root_verb",
    "run_report",
    "status",
    "verb_nouns",
    "write_report",
]
