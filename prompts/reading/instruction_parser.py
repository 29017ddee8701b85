"""Read the reply to the instruction prompt: a numbered list becomes candidates.

Between the model and `chains.stages.candidate_rules`: items are split and cleaned here, judged there. Source: Wang et al. 2023,
arXiv:2212.10560, section 2.2, "Instruction Generation"; the `published` form splits as its code does.
"""

import re
from collections.abc import Iterator
from typing import ClassVar, Literal

from self_instruct.prompts.reading.numbered_list import PUBLISHED_NUMBER, ListItem, finished_items, list_items
from self_instruct.prompts.reading.reply_parser import MOST_RECORDS, ReplyParser, is_cut_off
from self_instruct.prompts.reading.subjects import without_subject
from self_instruct.records.replies import Reply
from self_instruct.records.tasks import Candidate, Reason, Rejection, StageName
from self_instruct.settings.sections import Form

_FIRST_NUMBER = re.compile(r"\d+\s?\. ")
Casing = Literal["first letter", "capitalize"]


class InstructionParser(ReplyParser[list[Candidate | Rejection]]):
    r"""Reads the items of a list as candidates, white space collapsed and cased.

    `published`: split at a new line, digits, a full stop and a space; empty items vanish; a reply cut off by its length is one
    rejection. `tolerant`: the lists chat models write: numbers of many styles and scripts (see `list_marks`), bullets,
    headings, bare sentences, several items in a line, JSON, tables; not what is said or thought around them, nor an instance
    glued to an item. An empty item is a rejection `EMPTY`, one without a word `UNREADABLE`, and only the last item of a cut-off
    reply is a rejection `CUT_OFF`; what comes after the first `MOST_RECORDS` is counted in one rejection `TOO_MANY`. In both
    forms a reply without any item is one rejection.

    What the request said the items may be about, its `subjects`, is no part of an item that begins with one as its title:
    "rivers: Which is the longest?"; the published form knows none.

    While a reply is streaming, the tolerant form gives newly finished items as they come if it begins with a number above 1
    (any other may turn out to be thinking aloud); these lists add up to what `invoke` returns. The published form knows only
    at the end.

    >>> InstructionParser().invoke(" Name a river.\n10. list three birds.")
    [Candidate(item=0, text='Name a river.'), Candidate(item=15, text='List three birds.')]
    """

    stage: ClassVar[str] = StageName.INSTRUCTIONS
    form: Form = "tolerant"
    casing: Casing = "first letter"
    subjects: frozenset[str] = frozenset()

    def get_format_instructions(self) -> str:
        """Return what a prompt may say of the form that is read."""
        return "Write the tasks as a numbered list, each on a line of its own: 1. first task"

    def read(self, reply: Reply) -> list[Candidate | Rejection]:
        """Return the candidates and rejections of a reply, in its order; there is always at least one."""
        if nothing := self.nothing_in(reply):
            return [nothing]
        return self._published(reply) if self.form == "published" else self._tolerant(reply)

    def read_finished(self, text: str) -> list[Candidate | Rejection] | None:
        """Return the items of a reply still coming after which another one has begun; None in the published form."""
        if self.form == "published":
            return None
        return self._records(finished_items(text), Reply(text))[:MOST_RECORDS]

    def rest(self, whole: list[Candidate | Rejection], given: list[Candidate | Rejection]) -> list[Candidate | Rejection]:
        """Return the records that were not yet given out."""
        items = {record.item for record in given}
        is_refused = isinstance(whole[0], Rejection) and whole[0].reason is Reason.REFUSED_BY_PROVIDER
        return whole if is_refused else [record for record in whole if record.item not in items]

    def _published(self, reply: Reply) -> list[Candidate | Rejection]:
        if is_cut_off(reply):
            return [self.rejection(reply, Reason.CUT_OFF)]
        pieces = ((start, self._cleaned(piece)) for start, piece in _published_pieces(reply.text))
        candidates: list[Candidate | Rejection] = [Candidate(start, piece) for start, piece in pieces if piece]
        return candidates or [self.rejection(reply, Reason.EMPTY)]

    def _tolerant(self, reply: Reply) -> list[Candidate | Rejection]:
        items = list_items(reply.text, self.subjects)
        if not items:
            return [self.rejection(reply, self.why_nothing(reply))]
        records = self._records(items, reply)
        last = items[-1]
        if is_cut_off(reply) and not last.is_closed:
            records[-1] = self.rejection(reply, Reason.CUT_OFF, reply.text[last.start : last.end], last.start)
        return self.bounded(records, reply)

    def _records(self, items: list[ListItem], reply: Reply) -> list[Candidate | Rejection]:
        return [
            self.rejection(reply, item.read, reply.text[item.start : item.end], item.start)
            if isinstance(item.read, Reason)
            else Candidate(item.start, self._cleaned(without_subject(item.read, self.subjects)))
            for item in items
        ]

    def _cleaned(self, text: str) -> str:
        collapsed = " ".join(text.split())
        return collapsed.capitalize() if self.casing == "capitalize" else collapsed[:1].upper() + collapsed[1:]


def _published_pieces(text: str) -> Iterator[tuple[int, str]]:
    """Yield where each item begins, its number included, and the text after the number."""
    own_number = _FIRST_NUMBER.match(text)  # of a request's answer; a list that is gone on with has its number in the prompt
    start, begin = 0, own_number.end() if own_number else 0
    for number in PUBLISHED_NUMBER.finditer(text):
        yield start, text[begin : number.start()]
        start, begin = number.start() + 1, number.end()
    yield start, text[begin:]
