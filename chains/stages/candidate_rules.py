"""Screen candidates: keep the well-formed, say why the rest go.

Between `prompts.reading.instruction_parser`, which reads them, and the novelty index. No model is called here.
Source: Wang et al. 2023, arXiv:2212.10560, section 2.2, "Filtering and Postprocessing"; the lists are those of its code.
"""

from __future__ import annotations

import re
from functools import lru_cache
from string import punctuation

from self_instruct.records.tasks import Candidate, Reason, Rejection, StageName
from self_instruct.retrievers.rouge import TokenKind
from self_instruct.retrievers.rouge import tokens as tokens_of
from self_instruct.settings.sections import InstructionSettings

# Han, Kana, Thai, Lao, Khmer, Myanmar: no spaces between words, so a banned word has no border to look for
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")


def screen(
    candidate: Candidate, rules: InstructionSettings, tokens: TokenKind, stage: str = StageName.INSTRUCTIONS
) -> Candidate | Rejection:
    """Return the candidate if it obeys the rules, else its rejection, for the first rule it breaks.

    In this order: its length in words (`str.split` for "ascii" tokens, as the paper's code counts; else Unicode tokens), banned
    words as whole words, banned starts, its first character. Case never matters: after the paper's casing, which lowers all
    but the first letter, "Write a program" then matches what it matches there, and elsewhere also "write a Program". `stage` is
    the one that brought it.
    """
    broken = _length(candidate.text, rules, tokens) or _banned_word(candidate.text, rules) or _start(candidate.text, rules)
    if broken is None:
        return candidate
    reason, evidence = broken
    return Rejection(stage, reason, candidate.text, candidate.item, evidence)


_Broken = tuple[Reason, dict[str, str | int | float]]


def _length(text: str, rules: InstructionSettings, tokens: TokenKind) -> _Broken | None:
    words = len(text.split() if tokens == "ascii" else tokens_of(text, tokens))
    if words < rules.min_words:
        return Reason.TOO_SHORT, {"words": words, "limit": rules.min_words}
    if words > rules.max_words:
        return Reason.TOO_LONG, {"words": words, "limit": rules.max_words}
    return None


def _banned_word(text: str, rules: InstructionSettings) -> _Broken | None:
    folded = text.casefold() if text.isascii() else None  # else only the pattern knows which letters are the same
    for word, part, pattern in _patterns(rules.banned_words):
        if (folded is None or part in folded) and pattern.search(text):
            return Reason.BANNED_WORD, {"word": word}
    return None


@lru_cache(maxsize=16)
def _patterns(words: tuple[str, ...]) -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    return tuple((word, word.casefold(), re.compile(_whole_word(word), re.IGNORECASE)) for word in words if word)


def _whole_word(word: str) -> str:
    before = "" if _UNSPACED.match(word[0]) else r"(?<!\w)"
    after = "" if _UNSPACED.match(word[-1]) else r"(?!\w)"
    return before + re.escape(word) + after


def _start(text: str, rules: InstructionSettings) -> _Broken | None:
    folded = text.casefold()
    for start in rules.banned_starts:
        if start and folded.startswith(start.casefold()):
            return Reason.BANNED_START, {"start": start}
    first = text[:1]
    if not rules.any_start and (not first.isascii() or first in set(punctuation)):
        return Reason.BANNED_START, {"start": first}
    return None
