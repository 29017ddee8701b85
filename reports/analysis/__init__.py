"""What a report says, as frozen records: pure functions over what a run holds."""

from self_instruct.reports.analysis.labels import LabelBalance, LabelCount, label_balance
from self_instruct.reports.analysis.nearness import EvaluationOverlap, NearPair, SeedSimilarity, SimilarityBin
from self_instruct.reports.analysis.refusals import Acceptance, Refused, RefusedExample
from self_instruct.reports.analysis.run_report import ReadTask, RunReport, run_report
from self_instruct.reports.analysis.signals import Signal, SignalCount, WorstTask
from self_instruct.reports.analysis.spent import SpentRow
from self_instruct.reports.analysis.statistics import LengthBin, Statistics
from self_instruct.reports.analysis.verb_nouns import ACCURACY, Accuracy, RootVerb, VerbNoun, VerbNouns, root_verb, verb_nouns

__all__ = [
    "ACCURACY",
    "Acceptance",
    "Accuracy",
    "EvaluationOverlap",
    "LabelBalance",
    "LabelCount",
    "LengthBin",
    "NearPair",
    "ReadTask",
    "Refused",
    "RefusedExample",
    "RootVerb",
    "RunReport",
    "SeedSimilarity",
    "Signal",
    "SignalCount",
    "SimilarityBin",
    "SpentRow",
    "Statistics",
    "VerbNoun",
    "VerbNouns",
    "WorstTask",
    "label_balance",
    "root_verb",
    "run_report",
    "verb_nouns",
]
