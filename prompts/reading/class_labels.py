"""Read the class labels that an instruction names, where it plainly names a set, and compare labels.

For `chains.stages.instance_rules`. Three ways of naming are known: quoted ('"spam" or "ham"'), with strokes
("positive/negative"), and after a verb of sorting ("label it as fact or opinion"). In doubt nothing is named: a false set
would refuse good instances.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

_QUOTES = str.maketrans(dict.fromkeys("“”„«»`", '"') | {"‘": "'", "’": "'"})
_SINGLE = re.compile(r"(?<!\w)'([^'\n\"]{1,40})'(?!\w)")
_PUNCTUATED = re.compile(r'(?:(,)|\.)"(?=\W|$)')  # "spam," "ham." -> "spam", "ham"
# A list of examples, several labels at once, or more than a label is asked for.
_OPEN = re.compile(
    r"\b(?:such as|e\.g|for (?:example|instance)|including|etc|one or more|all that apply|any of|separated"
    r"|(?:several|multiple|all) (?:labels|categories|classes|topics)|explain\w*|justif\w+|reasons?|why)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"\S+")
_PATH = re.compile(r"^(?:www\.|[.~]?/.)|://|\.\w{2,4}$")
_SORTING = r"\b(?:classif|categori[sz]|label|tag|mark|rate|judg|identif|sort|group|flag|treat|triage|grade|assess)\w*"
_REPLYING = r"\b(?:answer|reply|respond|output|return|say)s?(?: only)?(?: with)?(?: either| one of)?"

_QUOTED = re.compile(r'"([^"\n]{1,40})"')
_QUOTED_LIST = re.compile(
    r'"[^"\n]{1,40}"(?:(?:\s*[,/;|]\s*(?:(?:or|and)\s+)?|\s+(?:or|and)\s+)(?:an?\s+)?"[^"\n]{1,40}")+', re.IGNORECASE
)
_QUOTED_CUE = re.compile(
    rf"(?:\b(?:as|into|either|one of|labels?|labels are|categories|classes|options|choos(?:e|ing)(?: from)?|select|pick)"
    rf"|{_REPLYING})[:(]?\s*(?:an?\s+)?(?:either\s+)?$",
    re.IGNORECASE,
)
_NOT_LABELS = re.compile(r"\b(?:contain\w*|mention\w*|words?|phrases?|letters?|us(?:e|es|ing)|with|between)\s*$", re.IGNORECASE)

_STROKES = re.compile(r"(?<![^\s/,.;:?!()\"])[^\s/,.;:?!()\"]++(?:\s?/\s?[^\s/,.;:?!()\"]++)+")
_STROKE_CUE = re.compile(rf"(?:\b(?:as|into|either|from|is|are)(?: an?)?|{_REPLYING}|[:(])\s*$", re.IGNORECASE)
_PRONOUNS = frozenset({"and", "or", "he", "she", "his", "her", "hers", "him", "they", "them", "their", "its", "s", "w", "n"})

_LISTED = re.compile(
    rf"(?:{_SORTING}[^.?!;:\n\"]{{0,200}}?\b(?:as|into)|(?P<reply>{_REPLYING}))\s+(?:either\s+)?(?P<list>[^.?!;:()\n\"]{{1,200}})",
    re.IGNORECASE,
)
_INTO = re.compile(r"\b(?:as|into)\b", re.IGNORECASE)
_OR = re.compile(r",?\s+or\s+", re.IGNORECASE)
_AFTER = re.compile(
    r"\s*(?:,|\b(?:based|depending|according|given|for|in|on|by|using|when|where|if|whether|from|to|of|with|because|then)\b)"
)
_ARTICLE = re.compile(r"an?\s+", re.IGNORECASE)
_NO_LABEL_WORDS = frozenset({
    "as", "the", "it", "its", "this", "that", "these", "those", "they", "you", "your", "their", "i", "my", "following", "each",
    "many", "much", "soon", "possible", "any", "all", "some",
})  # fmt: skip


@lru_cache(maxsize=8)  # the instances of a task come one after another
def named_labels(instruction: str) -> tuple[str, ...]:
    """Return the labels that an instruction names, in its order; none where it does not plainly name one set.

    >>> named_labels("Classify the review as positive, negative or mixed.")
    ('positive', 'negative', 'mixed')
    >>> named_labels("Reply Yes/No.")
    ('Yes', 'No')
    >>> named_labels("Name his/her job as soon as possible.")
    ()
    """
    if _OPEN.search(instruction):
        return ()
    text = _PUNCTUATED.sub(r'"\1', _SINGLE.sub(r'"\1"', _WORD.sub(_without_path, instruction.translate(_QUOTES))))
    unquoted = _QUOTED.sub('""', text)
    found = [*_quoted(text), *_with_strokes(unquoted), *_listed(unquoted)]
    sets = {frozenset(map(comparable, labels)) for labels in found}
    return tuple(found[0]) if len(sets) == 1 else ()


def comparable(label: str) -> str:
    """Return a label as it is compared: without case, outer quotes and a final full stop.

    >>> comparable('"Not spam".')
    'not spam'
    """
    bare = " ".join(label.casefold().split()).removesuffix(".")
    return bare.strip("\"'“”‘’«»`").removesuffix(".").strip()


def is_among(label: str, named: Sequence[str]) -> bool:
    """Return whether a label is one of those named, or the first words of one ("false" where "false statements" was read)."""
    said = _ARTICLE.sub("", comparable(label), count=1)
    return any(said == name or name.startswith(said + " ") for name in map(comparable, named))


def _without_path(word: re.Match[str]) -> str:
    """Return a word, or nothing for an address or a file's path, whose strokes separate no labels."""
    return "" if "/" in word[0] and _PATH.search(word[0]) else word[0]


def _quoted(text: str) -> Iterator[list[str]]:
    for match in _QUOTED_LIST.finditer(text):
        labels = [label.strip() for label in _QUOTED.findall(match[0])]
        before = text[max(0, match.start() - 60) : match.start()]
        is_either_or = " or " in match[0].casefold() or "/" in match[0]
        is_plain = is_either_or and (
            before.rstrip().endswith((":", "(")) or (len(labels) > 2 and not _NOT_LABELS.search(before))
        )
        if _QUOTED_CUE.search(before) or is_plain:
            yield labels


def _with_strokes(text: str) -> Iterator[list[str]]:
    for match in _STROKES.finditer(text):
        labels = [label.strip() for label in match[0].split("/")]
        before = text[max(0, match.start() - 60) : match.start()]
        after = text[match.end() : match.end() + 1]
        if (
            _STROKE_CUE.search(before)
            and (after in {"", ".", "?", "!", ",", ";", ")", "\n"})
            and not any(label.isdigit() or label.casefold() in _PRONOUNS for label in labels)
        ):
            yield labels


def _listed(text: str) -> Iterator[list[str]]:
    for match in _LISTED.finditer(text):
        first, *others = _OR.split(match["list"])
        items = first.split(",")
        for other in others:
            item, *after = _AFTER.split(other, maxsplit=1)
            items.append(item)
            if after:
                break
        labels = [_ARTICLE.sub("", item.strip(), count=1) for item in items]
        is_only_list = len(_INTO.findall(match[0])) < 2  # else two things are asked for
        if others and is_only_list and all(_is_label(label, is_reply=bool(match["reply"])) for label in labels):
            yield labels


def _is_label(label: str, *, is_reply: bool) -> bool:
    words = label.casefold().split()
    if words == ["not"]:
        return False
    longest = 1 if is_reply and words[:1] != ["not"] else 3
    return 1 <= len(words) <= longest and not _NO_LABEL_WORDS.intersection(words)
