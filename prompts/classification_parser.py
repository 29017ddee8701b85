"""Read the reply to the classification question: yes, no, or neither.

Between the model and `chains.stages`. Source: Wang et al. 2023, arXiv:2212.10560, section 2.2, "Classification Task
Identification"; the `published` form decides as its code does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from self_instruct.prompts.replies import ReplyParser, rejection, without_thinking
from self_instruct.seeds.profiles import Form
from self_instruct.seeds.records import Classification, Reason, Rejection, Reply, Stage

_PUBLISHED_YES = frozenset({"Yes", "yes", "YES"})
_WORD = re.compile(r"[\W_]*+([^\W_]++)")
_ASKED = re.compile(
    r"^(?:[^\w\n]|_)*+(?:(?:(?:the )?(?:final )?answer(?: is)?)|is (?:it|this) (?:a )?classification(?: task)?)\b",
    re.IGNORECASE | re.MULTILINE,
)


class ClassificationParser(ReplyParser[Classification | Rejection]):
    """Reads whether a task is a classification task.

    `published`: yes if the reply, stripped, is Yes, yes or YES; no whatever else it is. `tolerant`: the first word decides,
    ignoring case, Markdown, punctuation, quotes, a `<think>` block and an echoed "Answer:" or "Is it classification?"; a
    reply that says neither is a rejection `NEITHER_YES_NOR_NO`.

    >>> ClassificationParser().invoke("**Yes**, it is.")
    Classification(is_classification=True)
    """

    form: Form = "tolerant"

    def read(self, reply: Reply) -> Classification | Rejection:
        """Return the answer that a reply gives, or its rejection."""
        if self.form == "published":
            return Classification(reply.text.strip() in _PUBLISHED_YES)
        said = next((word for word in _first_words(without_thinking(reply.text)) if word in {"yes", "no"}), None)
        if said is None:
            return rejection(Stage.CLASSIFICATION, Reason.NEITHER_YES_NOR_NO, reply.text, reply)
        return Classification(said == "yes")

    @property
    def _type(self) -> str:
        return "self-instruct-classification"


def _first_words(text: str) -> Iterator[str]:
    """Yield the first word of the text, then the first after each echo of the question."""
    starts = (0, *(asked.end() for asked in _ASKED.finditer(text)))
    for start in starts:
        if word := _WORD.match(text, start):
            yield word[1].casefold()
