"""The root verb of an instruction and its direct object: what it tells the model to do, with what.

Like the notebook of the published code, only the first sentence is read; unlike it, without a parser. Instructions are nearly
all imperatives, so a few rules over what each word *can* be (`word_tags`) do: find where the imperative begins, take its verb,
read the noun phrase that follows. Questions and statements have no root verb here; a polite request ("Could you list ...")
counts as the imperative it stands for. Pronouns, names, gerunds and clauses are no object.
Source of the measure: Wang et al. 2023, arXiv:2212.10560, section 3.2, figure 3. How well these rules do it: `ACCURACY`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from self_instruct.reports.analysis.word_tags import noun_lemma, tags


@dataclass(frozen=True, slots=True)
class RootVerb:
    """A root verb in its base form, and the singular of its direct object's head noun; None where it has none."""

    verb: str
    noun: str | None


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]”’]*\s+|\n")
_TOKEN = re.compile(r"[^\W_]+(?:[’'_\-./][^\W_]+)*|[^\w\s]")
_REQUEST = re.compile(
    r"""(?:^|.*?\b)(?:
          (?:can|could|would|will)\s+you(?!\s+(?:call|say)\b)
        | (?:i\s+(?:want|need|would\s+like|ask)|i['’]d\s+like)\s+you\s+to
        | your\s+(?:task|job|goal|aim)\s+is\s+to
        | you\s+(?:are|have|need)\s+to
        | you\s+(?:must|should)
    )\s+(?:please\s+|kindly\s+)?""",
    re.IGNORECASE | re.VERBOSE,
)
_ASKS = _set(
    "what which who whom whose when where why how is are was were am does did has had can could would will should shall may"
    " might must"
)
_LEADS_IN = _set(
    "about according after against along among around as at because before below beside besides between by despite during"
    " except first for from given if in inside instead into like next of on once out over per regarding since so step suppose"
    " then through throughout to towards under unlike until upon using via when whenever where while with within without"
)
_PREPOSITIONS = _LEADS_IN - {"first", "next"}
_NOTHING_ELSE = _set("please kindly now then first next finally just also always never not do n't")
_DETERMINERS = _set(
    "a an the this that these those each every all any some no another both either my your his her its our their many few"
    " several more most enough such"
)
_PRONOUNS = _set("me us you him them it yourself someone somebody myself")
_RECEIVERS = _PRONOUNS - {"it"}
_PARTICLES = _set("up out down off away back aside together")
_NO_OBJECT = _set("let help suppose imagine assume")  # what follows is a clause
_ALSO_VERBS = _set("brainstorm proofread script roleplay role-play")  # which the model knows as nouns alone
_CLAUSE = _set("that what which who how why when where whether if")
_BASE = frozenset({"VVB", "VVI", "VDB", "VDI", "VHB", "VHI", "VBI"})
_FINITE = frozenset({"VVZ", "VVD", "VM0", "VBZ", "VBB", "VBD", "VHZ", "VHD", "VDZ", "VDD", "VHB"})
_NOUN = frozenset({"NN0", "NN1", "NN2"})
_MODIFIER = frozenset({"AJ0", "AJC", "AJS", "ORD", "CRD", "DT0", "VVN", "VVG"})
_CLOSED = frozenset({"PRP", "PRF", "CJC", "CJS", "CJT", "TO0", "PNP", "PNQ", "AVQ", "DTQ", "EX0"})


def root_verb(instruction: str) -> RootVerb | None:
    """Return the root verb of an instruction with its direct object, or None where it has none.

    >>> root_verb("In one line, list two short rivers of Spain.")
    RootVerb(verb='list', noun='river')
    >>> root_verb("Which river is the longest?")
    """
    sentence = _SENTENCE_END.split(instruction.strip(), maxsplit=1)[0]
    request = _REQUEST.match(sentence)
    if request:
        return _imperative(_words(sentence[request.end() :]), 0)
    words = _words(sentence)
    asks = sentence.endswith("?") and ":" not in sentence  # "Think ahead: what could go wrong?" is none
    if not words or asks or words[0].lower().split("'")[0].split("’")[0] in _ASKS:
        return None
    return next(filter(None, (_imperative(words, start) for start in _starts(words))), None)


def _words(sentence: str) -> list[str]:
    return _TOKEN.findall(sentence)


def _starts(words: Sequence[str]) -> list[int]:
    """Return where an imperative may begin: at the start, after a colon or semicolon, after the comma that ends a lead-in."""
    leads_in = words[0].lower() in _LEADS_IN or _can_be(words[0].lower(), {"VVG", "AV0"})
    ends = ":;," if leads_in else ":;"
    return [0, *(place + 1 for place, word in enumerate(words) if word in ends)]


def _imperative(words: Sequence[str], start: int) -> RootVerb | None:
    """Return the imperative that begins at a place, or None where none does."""
    place = start
    while place < len(words) and (words[place].lower() in _NOTHING_ELSE or _is_adverb(words[place].lower())):
        place += 1
    if place >= len(words) or not _is_command(words, place):
        return None
    verb = words[place].lower()
    while _another_verb_follows(words, place):  # "check and correct this note": the object is that of both
        place += 2
    return RootVerb(verb, None if verb in _NO_OBJECT else _object(words, place + 1))


def _is_command(words: Sequence[str], place: int) -> bool:
    word, after = words[place].lower(), words[place + 1].lower() if place + 1 < len(words) else ""
    if word in _LEADS_IN - {"suppose"} or word in _DETERMINERS or _can_be(word, {"CRD", "PNP", "DPS"}):
        return False
    if after in _DETERMINERS or after in _PRONOUNS:  # "Script a call": whatever the dictionary says of "script"
        return _can_be(word, _BASE | {"NN1"}) or not tags(word)
    is_statement = _can_be(after, _FINITE) and not _can_be(after, _NOUN | _MODIFIER | _CLOSED)
    return (word in _ALSO_VERBS or _can_be(word, _BASE)) and not is_statement


def _another_verb_follows(words: Sequence[str], place: int) -> bool:
    return place + 2 < len(words) and words[place + 1].lower() in {"and", "or"} and _can_be(words[place + 2].lower(), _BASE)


def _object(words: Sequence[str], place: int) -> str | None:
    """Return the head of the noun phrase at a place, past a particle; of two in a row ("Send her a card"), of the second."""
    if place < len(words) and words[place].lower() in _PARTICLES:
        place += 1
    while place < len(words) and _is_adverb(words[place].lower()):
        place += 1
    if place < len(words) and words[place].lower() in _PRONOUNS:
        return _noun_phrase(words, place + 1)[0] if words[place].lower() in _RECEIVERS else None
    head, end = _noun_phrase(words, place)
    if end > place and end < len(words) and words[end].lower() in {"a", "an", "the", "some"}:
        second, _ = _noun_phrase(words, end)
        return second or head
    return head


def _noun_phrase(words: Sequence[str], place: int) -> tuple[str | None, int]:
    """Return the singular of a noun phrase's head (None where it has none, or is a name), and where the phrase ends."""
    head: str | None = None
    begin = place
    while place < len(words):
        word = words[place]
        kind = _kind(word, words, place, is_first=place == begin)
        if kind == "end" or (kind == "determiner" and head is not None):
            break
        if kind == "link" and (head is not None or place == begin):
            break
        if kind == "modifier" and head is not None and not _noun_comes(words, place + 1):
            break
        if kind == "noun":
            head = word.lower()
        place += 1
    return (noun_lemma(head) if head else None), place


def _kind(word: str, words: Sequence[str], place: int, *, is_first: bool) -> str:
    """Return what a word is in a noun phrase: determiner, modifier, noun, name, link (", and" between adjectives), or end."""
    low = word.lower()
    if low in _DETERMINERS and not (low == "that" and not is_first):
        return "end" if is_first and low == "that" and not _noun_comes(words, place + 1) else "determiner"
    if word in "\"'“”‘’*_`":
        return "modifier"
    if low in {",", "and", "or"}:
        return "link"
    if not word[0].isalnum() or low in _CLAUSE or low in _PRONOUNS or low in _PREPOSITIONS:
        return "end"
    return _open_kind(word, low, words, place, is_first=is_first)


def _open_kind(word: str, low: str, words: Sequence[str], place: int, *, is_first: bool) -> str:
    if "_" in word or (not word.islower() and not word.istitle() and not word.isupper()):
        return "name"
    can_be = tags(low)
    if word[0].isupper() and is_first and not _noun_comes(words, place + 1):
        return "name"
    if word[0].isupper() and not can_be & _NOUN:
        return "modifier" if can_be & _MODIFIER else "name"
    if can_be & {"AV0", "AVP"} and not can_be & (_NOUN | _MODIFIER):
        return "end"
    if can_be & _MODIFIER and _noun_comes(words, place + 1):
        return "end" if is_first and "VVG" in can_be and "AJ0" not in can_be else "modifier"
    if can_be & _NOUN and "ORD" not in can_be and not (is_first and "VVG" in can_be):
        return "noun"
    return "modifier" if can_be & {"CRD", "ORD", "DT0", "AJ0", "AJS", "AJC"} else "end"


def _noun_comes(words: Sequence[str], place: int) -> bool:
    """Return whether the next word, past other modifiers, can be the noun that they belong to."""
    while (
        place < len(words)
        and (word := words[place].lower())[0].isalnum()
        and word not in _PREPOSITIONS | _CLAUSE | _DETERMINERS
    ):
        if _can_be(word, _NOUN):
            return True
        if not _can_be(word, _MODIFIER):
            return False
        place += 1
    return False


def _is_adverb(word: str) -> bool:
    return word.endswith("ly") and "AV0" in tags(word)


def _can_be(word: str, wanted: frozenset[str] | set[str]) -> bool:
    return bool(word) and not wanted.isdisjoint(tags(word))
