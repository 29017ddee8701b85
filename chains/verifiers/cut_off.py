"""An answer that stops in the middle, because the model's allowance of tokens was spent."""

import re

from self_instruct.chains.verifiers.example import Example, shown

FEWEST_WORDS = 8  # of an answer that is looked at: a shorter one may be a name, a title, a label
LONG_LINE = 12  # words of a line that may be a sentence
_END = re.compile(r"[.!?…。！？;|`*_~)\]}>\"'”’»」\d%€$£°-]$")
# The end of a sentence within a line; behind a lone figure of two digits the dot is the mark of a list's item.
_INNER_END = re.compile(r"(?<!^\d)(?<!^\d\d)(?<!\s\d)(?<!\s\d\d)[.!?][\"'”’)]?\s+[\"'“‘(]?[A-ZÀ-Þ\d]")
_NUMBERED = re.compile(r"(?:^|\s)\d{1,2}[.)]\s")
_NEVER_LAST = frozenset({
    "and", "or", "but", "the", "a", "an", "of", "with", "from", "because", "that", "which", "who", "whose", "if",
    "than", "into", "your", "their", "our", "my", "its", "is", "are", "was", "were", "und", "oder", "der", "die", "el", "la",
    "les", "et", "y",
})  # fmt: skip
_ITEM = re.compile(r"^(?:[-*•+–]|\(?\w{1,3}[.)])\s")
_SHORT_FORM = re.compile(
    r"\b(?:title|headline|slogan|name|label|poem|haiku|lyric\w*|chorus|song|verse|rhyme|list|table|CSV|JSON|code|query)\b", re.I
)
_FINITE = frozenset({
    "is", "are", "was", "were", "has", "have", "had", "will", "would", "can", "could", "it", "he", "she", "they", "you", "i",
    "we", "that", "which", "who", "because", "when", "if", "so", "but", "be", "been", "there", "this",
})  # fmt: skip
_PAIRS = {"(": ")", "[": "]", "{": "}"}


def cut_off(example: Example) -> str | None:
    """Find an answer that stops in the middle of a fence, a bracket or a sentence, or at "and" or a comma.

    Lists, poems and programs need no full stop; where the lines before the last one have none, neither needs that. A name under
    a letter is no sentence.
    """
    text = example.answer
    if example.is_classification or len(example.output_words) < FEWEST_WORDS or not text:
        return None
    if _is_open(text, example) or _ends_in_between(example) or _is_half_sentence(example):
        return f"... {shown(text[-60:])}"
    return None


def _is_open(text: str, example: Example) -> bool:
    """Return whether a fence or a bracket is never closed."""
    if text.count("```") % 2:
        return True
    if any(face in text for face in (":(", ":-(", ":[", ";(")):
        return False
    opens = [mark for mark in _PAIRS if text.count(mark) > text.count(_PAIRS[mark])]
    return any(example.task.count(mark) <= example.task.count(_PAIRS[mark]) for mark in opens)


def _ends_in_between(example: Example) -> bool:
    """Return whether the last word or mark asks for more."""
    last = example.lines[-1]
    if last.endswith((",", ":", "(", "[", "{", " -", " –", "/", "=", "&")):
        asks_for_more = len(last.split()) > 2  # "Kind regards,"
    else:
        asks_for_more = last.rsplit(None, 1)[-1].casefold() in _NEVER_LAST
    return asks_for_more and not example.is_code and "," not in example.task[-3:]


def _is_half_sentence(example: Example) -> bool:
    """Return whether the last line has no end although it is prose."""
    last, before = example.lines[-1], example.lines[:-1]
    if (
        _END.search(last)
        or example.is_code
        or not last[-1:].isalpha()
        or last.rsplit(None, 1)[-1].startswith(("#", "@", "http"))
    ):
        return False
    inner = [*_INNER_END.finditer(last)]
    if inner and len(_NUMBERED.findall(last)) < 2:  # a list in a line needs no full stop
        tail = last[inner[-1].end() - 1 :]
        return not ("," in tail and _is_signature(tail, []))  # "Please run a bath. Love, Fay"
    if _is_signature(last, before):
        return False
    if before:
        alike = [line for line in before if bool(_ITEM.match(line)) is bool(_ITEM.match(last)) and len(line.split()) > 3]
        ended = sum(line.endswith((".", "!", "?", '."', '!"', '?"', ".”", "!”", "?”", "…", "。")) for line in alike)
        return len(last.split()) > 1 and ended >= max(1, 0.6 * len(alike))
    is_sentence = len(last.split()) >= LONG_LINE and last[0].isupper() and not _FINITE.isdisjoint(example.output_words)
    return is_sentence and last.count(",") * 4 < len(last.split()) and not _SHORT_FORM.search(example.request)


def _is_signature(last: str, before: list[str]) -> bool:
    """Return whether the last line is a name: under a greeting, or of capitalised words alone."""
    said = last.split()
    return len(said) <= 6 and (all(not word[0].islower() for word in said) or bool(before and before[-1].endswith(",")))
