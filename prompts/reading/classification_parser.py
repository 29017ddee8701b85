"""Read the reply to the classification question: yes, no, or neither, or one of two words that mean them.

Between the model and `chains.stages`. Source: Wang et al. 2023, arXiv:2212.10560, section 2.2, "Classification Task
Identification"; the `published` form decides as its code does.
"""

import re
from collections.abc import Iterator, Mapping
from typing import ClassVar

from self_instruct.prompts.reading.json_and_tables import json_entries, table_rows
from self_instruct.prompts.reading.log_odds import LogOdds, log_odds
from self_instruct.prompts.reading.reply_parser import ReplyParser
from self_instruct.prompts.reading.thoughts import without_thinking
from self_instruct.records.replies import Ended, Reply
from self_instruct.records.tasks import Classification, Reason, Rejection, StageName
from self_instruct.settings.sections import Form

_PUBLISHED_YES = frozenset({"Yes", "yes", "YES"})
_YES = frozenset({
    "yes", "yep", "yeah", "sí", "oui", "ja", "да", "sim", "sì", "evet", "tak", "是", "是的", "对", "はい", "예", "네",
    "نعم", "हाँ",
})  # fmt: skip
_NO = frozenset({
    "no", "nope", "nein", "non", "нет", "não", "hayır", "nie", "nee", "nej", "否", "不", "不是", "いいえ",
    "아니요", "아니오", "لا", "नहीं",
})  # fmt: skip
_WORD = re.compile(r"[\W_]*+(?:an?\s++)?+([^\W_]++)(?:\s*+(?:/|(?:or|and|oder|und)\b)\s*+(?P<other>[^\W_]++))?+", re.IGNORECASE)
_MARKUP = re.compile(r"</?(?:b|i|p|strong|em|br)[ ]?/?>|\\boxed|[\u200b\u2060\ufeff]", re.IGNORECASE)
_COURTESY = re.compile(r"[\W_]*+(?:sure|certainly|of course|absolutely|okay|ok)[!,.:]", re.IGNORECASE)
_ASKED = re.compile(
    r"(?:^(?:[^\w\n]|_)*+(?:(?:(?:the|its) )?(?:final )?(?:answer|kind)(?: is)?|is (?:it|this) (?:a )?classification(?: task)?)"
    r"|\b(?:the|my) (?:final )?answer(?: is)?)\b",
    re.IGNORECASE | re.MULTILINE,
)
_STATED = re.compile(
    r"(?:\A|[.!?\n])[^\w\n.!?]*+(?:so |therefore,? |thus,? )?+(?:(?:it|this|that|(?:the |this )?(?:last |given )?task)"
    r"(?: is|['’]s|(?P<isnt> isn['’]t)) )?+(?P<not>not |non-)?+(?:an? )?+classification\b",
    re.IGNORECASE,
)
_MEANINGS = {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}
_WHOLE = {"y": True, "n": False, "true": True, "false": False}


class ClassificationParser(ReplyParser[Classification | Rejection]):
    """Reads whether a task is a classification task.

    `published`: yes if the reply, stripped, is Yes, yes or YES; no whatever else it is. `tolerant`: the first word decides,
    ignoring case, Markdown, punctuation, quotes, a `<think>` block, a courtesy and an echoed "Answer:" or "Is it
    classification?"; else what follows "the answer is", the last line, a sentence ("It is not a classification task."), or
    the one such value of a JSON object or a table. A few languages' words are known, and the first of `words` means yes, the
    second no, in both forms. A reply that says neither, or both, is a rejection `NEITHER_YES_NOR_NO`. With a `threshold`, a
    reply that has log-odds is yes where they are above it, and the text of others decides.

    >>> ClassificationParser().invoke("**Yes**, it is."), ClassificationParser().invoke("Kind: text")
    (Classification(is_classification=True), Classification(is_classification=False))
    """

    stage: ClassVar[str] = StageName.CLASSIFICATION
    form: Form = "tolerant"
    threshold: float | None = None
    words: tuple[str, str] = ("label", "text")

    def get_format_instructions(self) -> str:
        """Return what a prompt may say of the form that is read."""
        yes, no = self.words
        return f"Answer with one word: {yes} if the answer is one of a few labels, {no} if it is to be written."

    def read(self, reply: Reply) -> Classification | Rejection:
        """Return the answer that a reply gives, or its rejection."""
        if reply.ended is Ended.REFUSED:
            return self.rejection(reply, Reason.REFUSED_BY_PROVIDER)
        if self.threshold is not None and (odds := self.log_odds(reply)) is not None:
            return Classification(odds > self.threshold)
        if self.form == "published":
            said = reply.text.strip()
            return Classification(said in _PUBLISHED_YES or said == self.words[0])
        answer = next(_answers(_MARKUP.sub(" ", without_thinking(reply.text)), self._meanings), None)
        return self.rejection(reply, Reason.NEITHER_YES_NOR_NO) if answer is None else Classification(answer)

    def log_odds(self, reply: Reply) -> LogOdds | None:
        """Return how much likelier the model found the first of `words` than the second, or yes than no; None: not told."""
        found = (log_odds(reply.first_token, *words) for words in (self.words, ("yes", "no")))
        return next((odds for odds in found if odds is not None), None)

    @property
    def _meanings(self) -> Mapping[str, bool]:
        return {**_MEANINGS, self.words[0].casefold(): True, self.words[1].casefold(): False}


def _answers(text: str, meanings: Mapping[str, bool]) -> Iterator[bool]:
    """Yield each answer that is found in a reply, the surest first."""
    if (whole := _WHOLE.get(text.strip(" \t\r\n*_`\"'.").casefold())) is not None:
        yield whole
    if structured := _structured(text, meanings):
        yield from structured if len(set(structured)) == 1 else ()
    else:
        courtesy = _COURTESY.match(text)
        starts = (courtesy.end() if courtesy else 0, *(asked.end() for asked in _ASKED.finditer(text)), _last_line(text))
        yield from (said for start in starts if (said := _first_word(text, start, meanings)) is not None)
        yield from (not (stated["not"] or stated["isnt"]) for stated in _STATED.finditer(text))


def _structured(text: str, meanings: Mapping[str, bool]) -> list[bool]:
    """Return what the values of JSON objects or the cells of a table say."""
    values = (value for found in (json_entries(text), table_rows(text)) for entry in found for value in entry.fields.values())
    said = (
        value if isinstance(value, bool) else _first_word(value, 0, meanings) if isinstance(value, str) else None
        for value in values
    )  # fmt: skip
    return [each for each in said if each is not None]


def _first_word(text: str, start: int, meanings: Mapping[str, bool]) -> bool | None:
    word = _WORD.match(text, start)
    if word is None or (word["other"] or "").casefold() in meanings:
        return None
    return meanings.get(word[1].casefold())


def _last_line(text: str) -> int:
    """Return where the last line begins, if it holds one word alone; else the end of the text."""
    begin = text.rstrip().rfind("\n") + 1
    return begin if len(text[begin:].split()) == 1 else len(text)
