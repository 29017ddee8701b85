"""Read the reply to the instance prompts: examples become instances.

Between the model and `chains.stages.instance_rules`: pieces are read here, judged there. Source: Wang et al. 2023,
arXiv:2212.10560, section 2.2, "Instance Generation"; the `published` form reads as its code does.
"""

import re
from typing import ClassVar

from self_instruct.prompts.reading.instance_sections import Found, find_instances
from self_instruct.prompts.reading.reply_parser import ReplyParser, is_cut_off
from self_instruct.prompts.reading.structured_instances import Piece
from self_instruct.records.replies import Reply
from self_instruct.records.tasks import Instance, Reason, Rejection, StageName
from self_instruct.settings.sections import Form

_EXAMPLE = re.compile(r"Example\s?\d*+\.?")
_OUTPUT = re.compile(r"Output\s*+(?:\d++\s*+)?:")
_INPUT = re.compile(r"Input\s*+(?:\d++\s*+)?:")
_LABEL = "Class label:"


class InstanceParser(ReplyParser[list[Instance | Rejection]]):
    r"""Reads the input/output pairs of a reply, or the class labels and their inputs.

    `published`: markers count wherever they stand, one pair for each example. `tolerant`: markers count at the start of a line
    outside code fences, in a few languages, or else JSON or a table is read (see `instance_sections`); labels lose quotes and
    explanations; of a flood the first `MOST_RECORDS` are read, and a rejection `TOO_MANY` counts the rest. In both forms a
    reply without a marker is one rejection `UNREADABLE`, and of a cut-off reply the last instance is a rejection `CUT_OFF`.

    >>> InstanceParser().invoke("Example 1\nInput: 2 + 2\nOutput: 4")
    [Instance(input='2 + 2', output='4', image='')]
    >>> InstanceParser(is_classification=True).invoke("Class label: spam\nText: You won!")
    [Instance(input='Text: You won!', output='spam', image='')]
    """

    stage: ClassVar[str] = StageName.INSTANCES
    form: Form = "tolerant"
    is_classification: bool = False

    def get_format_instructions(self) -> str:
        """Return what a prompt may say of the form that is read."""
        if self.is_classification:
            return 'Write each example as "Class label: " and the label, and below it the input that has this label.'
        return 'Write each example as "Input: " and the input, and below it "Output: " and the output; omit an empty input.'

    def read(self, reply: Reply) -> list[Instance | Rejection]:
        """Return the instances and rejections of a reply, in its order; there is always at least one."""
        if nothing := self.nothing_in(reply):
            return [nothing]
        found = self._find(reply.text)
        if not found.pieces:
            why = Reason.UNREADABLE if self.form == "published" else self.why_nothing(reply)
            return [self.rejection(reply, why)]
        records = [
            piece.read if isinstance(piece.read, Instance) else self.rejection(reply, piece.read, piece.raw)
            for piece in found.pieces
        ]
        if is_cut_off(reply) and not found.went_on and not found.pieces[-1].is_closed:
            records[-1] = self.rejection(reply, Reason.CUT_OFF, found.pieces[-1].raw)
        return records if self.form == "published" else self.bounded(records, reply)

    def _find(self, text: str) -> Found:
        if self.form == "tolerant":
            return find_instances(text, is_classification=self.is_classification)
        return Found(_published_labels(text) if self.is_classification else _published_pairs(text))


def _published_pairs(text: str) -> list[Piece]:
    if _EXAMPLE.search(text):
        parts = [part.strip() for part in _EXAMPLE.split(text) if part.strip()]
    else:
        parts = [text.strip()] if _OUTPUT.search(text) else []
    return [Piece(part, _published_pair(part)) for part in parts]


def _published_pair(part: str) -> Instance:
    """Read one example: the input ends at the first output marker, the output at the next marker of either kind."""
    before, *after = _OUTPUT.split(part)
    given, output = (before, after[0]) if after else ("", before)
    leading = _INPUT.match(given.strip())
    return Instance(
        input=given.strip()[leading.end() if leading else 0 :].strip(),
        output=_INPUT.split(output.strip())[0].strip(),
    )


def _published_labels(text: str) -> list[Piece]:
    return [Piece(part, _published_label(part.strip())) for part in text.split(_LABEL)[1:]]


def _published_label(part: str) -> Instance:
    label, _, rest = part.partition("\n")
    return Instance(input=rest.strip(), output=label.strip())
