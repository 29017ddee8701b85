"""What leaves a run: exports, records, its status, a report, a comparison; a report on seeds. It reads the ledger.

A name is imported when it is first asked for: `load_run` needs no page and no figures.
"""

from typing import TYPE_CHECKING

from self_instruct.records.lazy_names import lazily

_MODULES = {
    "FORMATS": "exports.export", "CardFields": "exports.card", "Comparison": "analysis.comparison",
    "Choice": "exports.choice",
    "DatasetTask": "dataset_tasks", "EvaluationFileError": "seeds.evaluation_file", "ExportError": "writing",
    "Exported": "exports.export", "Agreement": "review.agreement", "Quality": "review.quality", "Rating": "review.agreement",
    "agreement": "review.agreement", "quality": "review.quality",
    "LoadedRun": "loaded_run", "RunInstance": "loaded_run", "RunRejection": "loaded_run",
    "RunReport": "analysis.run_report", "RunState": "analysis.status", "RunTask": "loaded_run", "RunVerdict": "loaded_run",
    "SeedReport": "seeds.seed_check", "Selection": "exports.selection", "Split": "exports.selection",
    "Status": "analysis.status", "chat_faults": "exports.conversations", "check_seeds": "seeds.seed_check",
    "compare": "analysis.comparison", "dataset": "dataset_tasks", "export": "loaded_run",
    "load_evaluation": "seeds.evaluation_file", "load_run": "loaded_run", "report_on": "page.report_folder",
    "root_verb": "analysis.root_verbs", "run_report": "analysis.run_report", "status": "analysis.status",
    "verb_nouns": "analysis.verb_nouns", "write_report": "page.report_folder",
}  # fmt: skip
__all__ = [
    "FORMATS", "Agreement", "CardFields", "Choice", "Comparison", "DatasetTask", "EvaluationFileError", "ExportError",
    "Exported", "LoadedRun", "Quality", "Rating", "RunInstance", "RunRejection", "RunReport", "RunState", "RunTask",
    "RunVerdict", "SeedReport", "Selection", "Split", "Status", "agreement", "chat_faults", "check_seeds", "compare", "dataset",
    "export", "load_evaluation", "load_run", "quality", "report_on", "root_verb", "run_report", "status", "verb_nouns",
    "write_report",
]  # fmt: skip

if TYPE_CHECKING:
    from self_instruct.reports.analysis.comparison import Comparison, compare
    from self_instruct.reports.analysis.root_verbs import root_verb
    from self_instruct.reports.analysis.run_report import RunReport, run_report
    from self_instruct.reports.analysis.status import RunState, Status, status
    from self_instruct.reports.analysis.verb_nouns import verb_nouns
    from self_instruct.reports.dataset_tasks import DatasetTask, dataset
    from self_instruct.reports.exports.card import CardFields
    from self_instruct.reports.exports.choice import Choice
    from self_instruct.reports.exports.conversations import chat_faults
    from self_instruct.reports.exports.export import FORMATS, Exported
    from self_instruct.reports.exports.selection import Selection, Split
    from self_instruct.reports.loaded_run import LoadedRun, RunInstance, RunRejection, RunTask, RunVerdict, export, load_run
    from self_instruct.reports.page.report_folder import report_on, write_report
    from self_instruct.reports.review.agreement import Agreement, Rating, agreement
    from self_instruct.reports.review.quality import Quality, quality
    from self_instruct.reports.seeds.evaluation_file import EvaluationFileError, load_evaluation
    from self_instruct.reports.seeds.seed_check import SeedReport, check_seeds
    from self_instruct.reports.writing import ExportError
else:
    __getattr__, __dir__ = lazily(__name__, _MODULES)
