"""A classification task's answer that is none of its class labels."""

import re
from functools import lru_cache

from self_instruct.chains.verifiers.example import Example, shown
from self_instruct.prompts.reading.class_labels import comparable, is_among

_SET = re.compile(
    r"\b(?:categories|labels|classes|options|choices|one of (?:these"
    r"|the following)[^:.\n]{0,30})(?: are| include)?:? (?P<list>[^.:?!;\n\"()]{3,200}?(?:,| or "
    r"| and )[^.:?!;\n\"()]{2,60}?)(?=[.?!)\n]|$)",
    re.IGNORECASE,
)
_CHOICE = re.compile(
    r"(?:^|[.!?:(] ?|\b(?:is|are|was|were|be|as|called?|value|label|tag|rate|under|to|with|it"
    r"|either)\b[^,.:;?!\n]{0,60}?[ :,(])(?:an? |the )?(?P<list>[a-z][\w-]*(?: [\w-]+)?(?:, (?:an? "
    r"|the )?[\w-]+(?: [\w-]+)?){0,8},? or (?:an? |the )?[\w-]+(?: [\w-]+)?)\)?[?.:]",
    re.IGNORECASE,
)
_LAST_CHOICE = re.compile(
    r", (?P<list>(?:[\w-]+(?: [\w-]+)?, ){0,8}[\w-]+(?: [\w-]+)?,? or [\w-]+(?: [\w-]+)?)[?.:]", re.IGNORECASE
)
_ANSWERS = r"(?:outputs?|answer|return|print|write|say|reply|respond|give|use)(?: with| it as)?"
_LABEL = r"(?!detect|determine|check|see|decide|identify|tell|find|judge|know|ask|indicate)[\"'“‘]?(?P<label>[\w-]+)[\"'”’]?"
_ONE_MAPPED = re.compile(rf"\b{_ANSWERS} {_LABEL} (?:for|if|when|where|in case)\b", re.IGNORECASE)
_MAPPED = re.compile(  # "output 1 for spam, and 0 for ham", "yes if it is, otherwise no"
    rf"(?:\b{_ANSWERS}|[,;.]|\band|\bor|\b(?:otherwise|else),?) {_LABEL}(?= (?:for|if|when|where|in case|otherwise|else)\b)"
    rf"|\b(?:otherwise|else),?(?: {_ANSWERS})? {_LABEL.replace('label', 'last')}(?=[.,;]|$)",
    re.IGNORECASE,
)
_PARTS = re.compile(r",\s*(?:or |and )?|\s+(?:or|and)\s+", re.IGNORECASE)
_ARTICLE = re.compile(r"^(?:an?|the)\s+", re.IGNORECASE)
_YES_NO = re.compile(
    r"^(?:is|are|was|were|does|do|did|can|could|has|have|should|will|would)\b[^?\n]*\?\s*$|\byes or no\b", re.IGNORECASE
)
_MOST_LABEL_WORDS = 3
_YES_AND_NO = ("yes", "no", "true", "false", "unsure", "maybe")


def not_a_label(example: Example) -> str | None:
    """Find an answer that is none of the class labels that are known, or that the instruction names.

    Only where the task is known to be a classification task, or its kind is not known and its labels are plainly named.
    """
    if example.is_classification is False:
        return None
    named = tuple(_ARTICLE.sub("", label) for label in example.known_labels)
    labels = named or (_listed(example.request) if example.is_classification else ())
    if not labels or not example.answer or is_among(_first(example.answer), labels) or _are_among(example.answer, labels):
        return None
    if not example.is_classification and len(example.output_words) > 10 and _mentions(example, labels):
        return None  # an answer in a sentence, where nobody said that a label alone is wanted
    return f"{shown(example.answer)} (not one of: {shown(', '.join(labels))})"


def _are_among(answer: str, labels: tuple[str, ...]) -> bool:
    """Return whether an answer is several labels, with commas between them."""
    several = answer.strip(" .").split(",")
    return len(several) > 1 and all(is_among(one.strip(), labels) for one in several)


def _first(answer: str) -> str:
    """Return an answer as a label is compared: of "Label: spam" the label, of "spam (0.9)" the word."""
    line = answer.rpartition(":")[2] if answer.count(":") == 1 else answer
    return _ARTICLE.sub("", re.sub(r"\s*\([^()]*\)$", "", line.strip()))


def _mentions(example: Example, labels: tuple[str, ...]) -> bool:
    said = f" {' '.join(example.output_words)} "
    return any(f" {comparable(label)} " in said for label in labels)


def _mapped(instruction: str) -> tuple[str, ...]:
    """Return the labels of which each is said when it is to be given.

    >>> _mapped("Output 1 for spam, and 0 for ham."), _mapped("Say yes if it rains, otherwise no.")
    (('1', '0'), ('yes', 'no'))
    """
    if not _ONE_MAPPED.search(instruction):
        return ()
    return tuple(dict.fromkeys(found["label"] or found["last"] for found in _MAPPED.finditer(instruction)))


@lru_cache(maxsize=8)  # the instances of a task come one after another
def _listed(instruction: str) -> tuple[str, ...]:
    """Return the labels of "1 for ..., 0 for ...", those behind "categories:", or of a question with "or"; else yes and no."""
    if len(mapped := _mapped(instruction)) > 1:
        return mapped
    found = _SET.search(instruction) or _CHOICE.search(instruction) or _LAST_CHOICE.search(instruction)
    if found is None:
        is_plain_question = _YES_NO.search(instruction) and not re.search(r" or |\w/\w", instruction.replace("yes or no", ""))
        return _YES_AND_NO if is_plain_question else ()
    labels = [_ARTICLE.sub("", part.strip()) for part in _PARTS.split(found["list"]) if part.strip()]
    # The list may begin with the words before it: "boots satisfied or dissatisfied".
    labels.append(labels[0].rsplit(None, 1)[-1])
    is_plain = len(labels) > 2 and "not" not in labels and all(len(label.split()) <= _MOST_LABEL_WORDS for label in labels)
    return tuple(labels) if is_plain else ()
