"""What kind of task an instruction is, for whatever treats kinds differently: which rubric a judge gets, and shares by kind.

Told by words of the instruction, in English; a task in whose instruction none is known is of kind `other`.
"""

import re
from enum import StrEnum


class TaskKind(StrEnum):
    """The kinds of tasks."""

    CLASSIFICATION = "classification"
    CODE = "code"
    SUMS = "sums"
    WRITING = "writing"
    OTHER = "other"


_WORDS = {  # in this order: "write a function" is code, "calculate ... and write a sentence" is sums
    TaskKind.CODE: (
        r"python|java|javascript|typescript|c\+\+|sql|html|css|bash|regex|regexp|regular expressions?|json|codes?|"
        r"functions? (?:that|to|which|in)|program|script|algorithm|pseudocode|query the (?:table|database)"
    ),
    TaskKind.SUMS: (
        r"calculate|compute|how many|how much|solve|equations?|percent(?:age)?|multiply|divide|subtract|add up|sum of|"
        r"arithmetic|average|the total|square root|convert \d"
    ),
    TaskKind.WRITING: (
        r"write|compose|draft|poems?|stor(?:y|ies)|essays?|e-?mails?|letters?|slogans?|rewrite|rephrase|paraphrase|"
        r"summari[sz]e|summary|headlines?|tweets?|speech|dialogues?|describe|brainstorm|invent|create|haiku|lyrics|advert\w*"
    ),
}
_PATTERNS = {kind: re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE) for kind, words in _WORDS.items()}


def task_kind(instruction: str, is_classification: bool | None) -> TaskKind:
    """Return what kind of task an instruction is.

    >>> task_kind("Write a Python function that reverses a list.", False).value, task_kind("Name a river.", None).value
    ('code', 'other')
    """
    if is_classification:
        return TaskKind.CLASSIFICATION
    return next((kind for kind, pattern in _PATTERNS.items() if pattern.search(instruction)), TaskKind.OTHER)
