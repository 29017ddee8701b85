"""Read what a critic says of an example, and an output that somebody wrote again.

Between the model and `chains.refinement`. A critique is read strictly, as a verdict is; an output is all that was said, but for
what models put around it.
"""

import re
from collections.abc import Callable
from typing import ClassVar

from self_instruct.prompts.reading.courtesies import is_courtesy, is_unable, only_follows
from self_instruct.prompts.reading.fences import find_fences
from self_instruct.prompts.reading.reply_parser import ReplyParser, is_cut_off
from self_instruct.prompts.reading.thoughts import without_thinking
from self_instruct.prompts.reading.verdict_parser import StrictParser, labelled
from self_instruct.records.replies import Reply
from self_instruct.records.revisions import Critique, Part
from self_instruct.records.tasks import Reason, Rejection

LABELS = ("Fault", "Change", "Where")
_LABEL = re.compile(
    r"\A[*_#\s]*(?:(?:here(?:['’]s| is)|hier ist) (?:the|your|die) )?(?:(?:new|corrected|revised|neue|überarbeitete) )?"
    r"(?:output|answer|ausgabe|antwort)[*_]*[ \t]*:[*_]*[ \t]*",
    re.IGNORECASE,
)
_ECHO = re.compile(r"\A<<<([^\n<>]{1,40})\n(.*)\n\1>>>\Z", re.DOTALL)  # the marks around a text in our own requests
_MOST_COURTESIES = 4  # paragraphs before a text or after it
_NEXT_TASK = re.compile(r"\n[^\S\n]*+\n(?:Task|Aufgabe): ")  # where a completion model goes on with another


class CritiqueParser(StrictParser[Critique]):
    r"""Reads a critique: the fault, what to change, and in which part of the example it lies, each once and in this order.

    >>> CritiqueParser().parse("Fault: Cherry comes first.\nChange: Put it there.\nWhere: output").where
    <Part.OUTPUT: 'output'>
    """

    def found(self, text: str) -> Critique | None:
        """Return the critique that a text holds, or None."""
        said = labelled(text, LABELS, sentences=2)
        if said is None or not said["Fault"]:
            return None
        where = next((part for part in Part if part == said["Where"].casefold()), None)
        return None if where is None else Critique(said["Fault"], said["Change"], where)


class OutputParser(ReplyParser[str | Rejection]):
    r"""Reads an output: the reply without thoughts, greeting, farewell, label, and a fence around all of it.

    >>> OutputParser().parse("Sure! Here is the list:\n\napple, cherry, plum")
    'apple, cherry, plum'
    """

    stage: ClassVar[str] = "regenerate"

    def read(self, reply: Reply) -> str | Rejection:
        """Return the output, or why there is none: the model refused, was cut off, or wrote nothing."""
        nothing = self.nothing_in(reply)
        if nothing is not None:
            return nothing
        if is_cut_off(reply):
            return self.rejection(reply, Reason.CUT_OFF)
        text = self.bare(without_thinking(reply.text))
        if self.is_refusal(text):
            return self.rejection(reply, Reason.REFUSED_BY_PROVIDER)
        return text or self.rejection(reply, Reason.EMPTY)

    def bare(self, text: str) -> str:
        """Return what was written without what stands around it."""
        return without_surroundings(text, _LABEL)

    def is_refusal(self, text: str) -> bool:
        """Return whether the model refused to write."""
        return is_unable(text)


def without_surroundings(
    text: str,
    label: re.Pattern[str],
    leads_up: Callable[[str], bool] = is_courtesy,
    follows: Callable[[str, str], bool] = only_follows,
) -> str:
    """Return what was written without greeting, farewell, `label`, fence and our own marks around it.

    `leads_up` says of a first paragraph, and `follows` of a last one and what is before it, whether they are no part of it.
    """
    text = _NEXT_TASK.split(text, maxsplit=1)[0].strip()
    for _ in range(_MOST_COURTESIES):
        first, blank, rest = text.partition("\n\n")
        text = rest if blank and "\n" not in first and leads_up(first) else text
    text = label.sub("", text)
    for _ in range(_MOST_COURTESIES):
        before, blank, last = text.rpartition("\n\n")
        text = before if blank and follows(last, before) else text
    text = _ECHO.sub(r"\2", text.strip())
    fences = find_fences(text)
    if len(fences) == 1 and fences[0].is_closed and (fences[0].start, fences[0].end) == (0, len(text)):
        return text[fences[0].inside : fences[0].outside].strip("\n")
    return text
