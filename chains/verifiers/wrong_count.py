"""A number of words, sentences, lines or items was asked for, and another is given."""

import re

from self_instruct.chains.verifiers.example import Example

_NUMBERS = {
    name: value
    for value, names in enumerate(
        ["", "one a single", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    )
    for name in names.split()
}
_NUMBER = r"(?P<n>\d{1,4}|one|a single|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_BOUND = (
    r"(?P<bound>about|around|approximately|roughly|some|at most|no more than|not more than|fewer than|less than|under|up to"
    r"|maximum of|max|within|below|at least|no fewer than|no less than|more than|minimum of|over|exactly|just|only|precisely)"
)
_AT_MOST = frozenset({
    "at most", "no more than", "not more than", "up to", "maximum of", "maximum", "max", "within", "or less", "or fewer",
    "fewer than", "less than", "under", "below",
})  # fmt: skip
_AT_LEAST = frozenset({"at least", "no fewer than", "no less than", "more than", "minimum of", "over"})
_ABOUT = frozenset({"about", "around", "approximately", "roughly", "some"})
_LENGTH = re.compile(
    rf"\b(?:{_BOUND} )?{_NUMBER}(?: ?(?:-|–|to|or) ?(?P<m>\d{{1,4}}|\w+))?[ -](?P<unit>words?|sentences?|lines?)\b"
    r"(?P<less> or (?:less|fewer)| at most| maximum| max)?",
    re.IGNORECASE,
)
_MAKES = (
    r"\b(?:in|with|of|using|write|be|to|into|than|about|most|within|exactly|least|under|limit|answer|reply|only|over|around"
    r"|give|use)\b"
)
_ITEMS = re.compile(
    r"^(?:please |can you |could you )?(?:list|give(?: me| us)?|name|suggest|write(?: down)?|provide|come up with|generate"
    r"|create|think of|propose|recommend|mention|describe|identify|state|tell me|brainstorm|offer|find|prepare|make|draft"
    r"|share) (?P<exact>exactly |at least |the )?"
    rf"{_NUMBER} (?:[\w-]+ ){{0,3}}?(?P<thing>\w{{3,}}s)\b",
    re.IGNORECASE,
)
_PARTWISE = re.compile(
    r"\b(?:each|every|per|apiece|both|paragraphs?|the (?:first|last|next)|summary and|as well as|another|more|longer"
    r"|shorter)\b",
    re.IGNORECASE,
)
_TAKES_TEXT = re.compile(
    r"\b(?:contain\w*|consist\w*|count|longer|shorter|has|have|which|extract|given|following|this|these|from the)\b", re.I
)
_ITEM = re.compile(r"^(?:[-*•+–●▪]\s+|\(?\d{1,3}[.):]\s*|\(?[a-z][.)]\s+)\S", re.IGNORECASE)
_SENTENCE_END = re.compile(
    r"(?<!\bMr)(?<!\bDr)(?<!\bMrs)(?<!\bMs)(?<!\bSt)(?<!\bvs)(?<!\be\.g)(?<!\bi\.e)(?<!\b[A-Z])[.!?…]+[\"'”’)]*(?=\s+[\"'“‘(]?[^\sa-z]|\s*$)"
)


def wrong_count(example: Example) -> str | None:
    """Find an answer of more or fewer words, sentences, lines or items than the instruction asks for.

    "About" allows a quarter more or less, a plain number of words a tenth. What is asked of each part of an answer is not
    counted, nor what is not plainly a list. One label is one word more or less, and no affair of this rule.
    """
    if example.is_classification or not example.lines:
        return None
    return _wrong_length(example) or _wrong_items(example)


def _wrong_length(example: Example) -> str | None:
    found = list(_LENGTH.finditer(example.request)) if example.mentions("word", "sentence", "line") else []
    if len(found) != 1 or _PARTWISE.search(example.request):
        return None
    asked, unit = found[0], found[0]["unit"].casefold().removesuffix("s")
    before = example.request[max(0, asked.start() - 12) : asked.start()]
    is_asked = asked["bound"] or asked["m"] or re.search(_MAKES + r"\s*$", before, re.IGNORECASE)
    if not is_asked or _TAKES_TEXT.search(example.request[max(0, asked.start() - 40) : asked.start()]):
        return None
    low, high = _allowed(asked, unit)
    counted = _counted(example, unit)
    return None if low <= counted <= high else f"{counted} {unit}{'s'[: counted != 1]}, asked: {asked[0]}"


def _allowed(asked: re.Match[str], unit: str) -> tuple[float, float]:
    """Return how few and how many are allowed."""
    number = _value(asked["n"])
    bound = (asked["bound"] or asked["less"] or "").strip().casefold()
    slack = max(1.0 if number > 5 else 0.0, number / 10) if unit == "word" else (1.0 if number > 5 else 0.0)
    if asked["m"]:
        return number - slack, (_value(asked["m"]) or number) + slack
    if bound in _AT_MOST:
        return 0, number + slack
    if bound in _AT_LEAST:
        return number - slack, float("inf")
    return (number * 0.75, number * 1.25) if bound in _ABOUT else (number - slack, number + slack)


def _counted(example: Example, unit: str) -> int:
    if unit == "word":
        return len(example.answer.split())
    if unit == "line":
        return len(example.lines)
    return sum(max(1, len(_SENTENCE_END.findall(line))) for line in example.lines)


def _wrong_items(example: Example) -> str | None:
    asked = _ITEMS.match(example.request)
    if (
        asked is None
        or _PARTWISE.search(example.request)
        or len(re.findall(r"\b(?:\d+|two|three|four|five)\b", example.request)) > 1
    ):
        return None
    number, items = _value(asked["n"]), sum(map(bool, map(_ITEM.match, example.lines)))
    at_least = (asked["exact"] or "").strip().casefold() == "at least"
    if number < 2 or asked["thing"].casefold() in {
        "words",
        "sentences",
        "lines",
        "paragraphs",
        "times",
        "pages",
        "hours",
        "days",
    }:
        return None
    if items >= 2 and (items < number or (items > number and not at_least)):
        return f"{items} items, asked: {asked['n']} {asked['thing']}"
    is_one = items == 0 and len(example.lines) == 1 and not re.search(r"[,;/&.!?)]|\band\b|\bor\b", example.answer[:-1])
    return f"1 item, asked: {asked['n']} {asked['thing']}" if is_one else None


def _value(number: str | None) -> int:
    said = (number or "").casefold()
    return int(said) if said.isdigit() else 1 if said == "a single" else _NUMBERS.get(said, 0)
