"""Read a reply that is one instruction: what a model makes of another one, or finds for a text.

Between the model and `chains.stages` and `chains.refinement`, whose rules say whether the instruction is kept.
"""

import re
from dataclasses import replace

from self_instruct.prompts.reading.courtesies import is_farewell, is_preamble, is_refusal
from self_instruct.prompts.reading.critique_parser import OutputParser, without_surroundings
from self_instruct.prompts.reading.quotes import unquoted
from self_instruct.prompts.reading.reply_parser import ReplyParser, is_cut_off
from self_instruct.prompts.reading.thoughts import without_thinking
from self_instruct.records.replies import Reply
from self_instruct.records.tasks import Candidate, Reason, Rejection

_TASK = "(?:task|instruction|prompt|request|aufgabe|anweisung)"
_LABEL = re.compile(  # "New task:", "Sure! Here is a harder version of the task:"
    r"\A[*_#>\s]*(?:(?:[\w ]{1,20}[!,.] )?(?:here(?:['’]s| is)|hier ist) (?:the|an?|your|die|eine) )?"
    r"(?:(?:changed|new|rewritten|revised|evolved|modified|updated|improved|(?:slightly |somewhat )?harder|geänderte|neue"
    rf"|überarbeitete|schwerere) )?(?:(?:version|fassung)(?: (?:of the|of your|der) (?:original )?{_TASK})?|{_TASK})"
    r"[*_]*\s*:[*_]*\s*",
    re.IGNORECASE,
)
_WHAT_FOLLOWS = re.compile(
    r"\n[^\S\n]*+\n|\n[*_# \t]*+(?:input|output|answer|eingabe|ausgabe|antwort)\b[*_]*\s*:", re.IGNORECASE
)
_QUOTED_LINE = re.compile(r"^[ \t]*>+[ \t]*", re.MULTILINE)


class ProposalParser(ReplyParser[Candidate | Rejection]):
    r"""Reads an instruction: the reply without thoughts, greeting, farewell, label, quotes and fence, on one line.

    `proposer` is the stage whose replies these are, named in rejections. What follows `end`, if it is not "", is not read.

    >>> ProposalParser(proposer="evolve").parse('Sure! Here is the task:\n\n**New task:** "name a river\n in Asia."')
    Candidate(item=0, text='Name a river in Asia.')
    """

    stage = "proposal"
    proposer: str
    end: str = ""

    def read(self, reply: Reply) -> Candidate | Rejection:
        """Return the instruction, or why there is none: the model refused, was cut off, or wrote nothing."""
        if nothing := self.nothing_in(reply):
            return nothing
        said, end, _ = reply.text.partition(self.end) if self.end else (reply.text, "", "")
        if is_cut_off(reply) and not end:
            return self.rejection(reply, Reason.CUT_OFF)
        text = _instruction(_alone(without_thinking(said)))
        if is_refusal(text):
            return self.rejection(reply, Reason.REFUSED_BY_PROVIDER)
        return Candidate(0, text) if text else self.rejection(reply, Reason.EMPTY)

    def rejection(self, reply: Reply, reason: Reason, text: str | None = None, item: int = 0) -> Rejection:
        """Return the rejection of a reply of the proposer."""
        return replace(super().rejection(reply, reason, text, item), stage=self.proposer)


class TaskParser(OutputParser):
    r"""Reads an instruction that is written in the place of another: the first paragraph, and no input or output behind it.

    >>> TaskParser().parse('New task: "Name a river\nof Asia."\n\nOutput: The Indus')
    'Name a river of Asia.'
    """

    stage = "rewrite"

    def bare(self, text: str) -> str:
        """Return the instruction."""
        return _instruction(_WHAT_FOLLOWS.split(_alone(text), maxsplit=1)[0])

    def is_refusal(self, text: str) -> bool:
        """Return whether the model refused: no instruction begins with an apology."""
        return is_refusal(text)


def _alone(text: str) -> str:
    """Return an instruction without what stands around it."""
    text = without_surroundings(text, _LABEL, is_preamble, lambda last, _: is_farewell(last))
    return _QUOTED_LINE.sub("", text) if text.startswith(">") else text


def _instruction(text: str) -> str:
    """Return an instruction on one line, without quotes around it, that begins with a capital."""
    said = unquoted(" ".join(text.split()))
    return said[:1].upper() + said[1:]
