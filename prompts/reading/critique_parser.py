"""Read what a critic says of an example, and an output that somebody wrote again.

Between the model and `chains.refinement`. A critique is read strictly, as a verdict is; an output is all that was said, but for
what models put around it.
"""

import re
from typing import ClassVar

from self_instruct.prompts.reading.courtesies import is_farewell, is_preamble, is_refusal
from self_instruct.prompts.reading.fences import find_fences
from self_instruct.prompts.reading.reply_parser import ReplyParser, is_cut_off
from self_instruct.prompts.reading.thoughts import without_thinking
from self_instruct.prompts.reading.verdict_parser import StrictParser, labelled
from self_instruct.records.replies import Reply
from self_instruct.records.revisions import Critique, Part
from self_instruct.records.tasks import Reason, Rejection

LABELS = ("Fault", "Change", "Where")
_LABEL = re.compile(r"\A[*_#\s]*(?:new |neue )?(?:output|answer|ausgabe|antwort)[*_]*[ \t]*:[*_]*[ \t]*", re.IGNORECASE)
_NEXT_TASK = re.compile(r"\n\s*\n(?:Task|Aufgabe): ")  # where a completion model goes on with another


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
        if is_refusal(text):
            return self.rejection(reply, Reason.REFUSED_BY_PROVIDER)
        return text or self.rejection(reply, Reason.EMPTY)

    def bare(self, text: str) -> str:
        """Return what was written without what stands around it."""
        return without_surroundings(text, _LABEL)


def without_surroundings(text: str, label: re.Pattern[str]) -> str:
    """Return what was written without greeting, farewell, `label` and fence around it."""
    text = _NEXT_TASK.split(text, maxsplit=1)[0].strip()
    paragraphs = text.split("\n\n")
    while len(paragraphs) > 1 and "\n" not in paragraphs[0] and is_preamble(paragraphs[0]):
        del paragraphs[0]
    while len(paragraphs) > 1 and is_farewell(paragraphs[-1]):
        del paragraphs[-1]
    text = label.sub("", "\n\n".join(paragraphs)).strip()
    fences = find_fences(text)
    if len(fences) == 1 and fences[0].is_closed and (fences[0].start, fences[0].end) == (0, len(text)):
        return text[fences[0].inside : fences[0].outside].strip("\n")
    return text
