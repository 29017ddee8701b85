"""Answers to tasks the grammar does not know, of a person or of another model: modest, but well formed."""

import re

from self_instruct.chains.offline.draws import Draws
from self_instruct.chains.offline.family import raised
from self_instruct.chains.offline.phrases import PHRASES
from self_instruct.prompts.reading.class_labels import named_labels
from self_instruct.records.tasks import Instance

_DECIDES = re.compile(
    r"\b(?:classif\w+|categori[sz]e\w*|label|sentiment|whether|true or false|yes or no|which of the following|detect|spam"
    r"|decide if|determine if|is (?:it|this|the)|does (?:it|this|the)|are (?:they|these|the))\b",
    re.IGNORECASE,
)
_TAKES_INPUT = re.compile(
    r"\b(?:given|following|below|this|these|provided|input|passage|sentence|text|list|paragraph)\b", re.IGNORECASE
)
_WORD = re.compile(r"[^\W\d_]{4,}")
_COMMON = frozenset(PHRASES["common words"])
FIRST_OF_TWO = 0.9  # of the choices between two words: the first, such as yes


def is_probably_classification(instruction: str) -> bool:
    """Say whether an instruction reads like a choice from a few labels.

    >>> is_probably_classification("Is this review positive or negative?"), is_probably_classification("Write a short poem.")
    (True, False)
    """
    return _DECIDES.search(instruction) is not None or bool(named_labels(instruction))


def guessed_instances(instruction: str, is_output_first: bool, draws: Draws) -> list[Instance]:
    """Return instances in a general form: one of each label, two with an input, or one without."""
    about = topic(instruction)
    inputs = [text.format(about) for text in draws.shuffled(PHRASES["inputs"])]
    if is_output_first:
        labels = named_labels(instruction)[: len(inputs)] or ("Yes", "No")
        return [Instance(entry, label) for entry, label in zip(inputs, labels, strict=False)]
    answers = [text.format(about) for text in draws.several(PHRASES["answers"], 2)]
    if _TAKES_INPUT.search(instruction):
        return [Instance(entry, answer) for entry, answer in zip(inputs, answers, strict=False)]
    return [Instance("", answers[0])]


def choice(words: tuple[str, ...], draws: Draws) -> str:
    """Return one of the words that are to choose from; of two mostly the first."""
    return words[0] if len(words) == 2 and draws.fraction() < FIRST_OF_TWO else draws.one(words)


def guessed_output(instruction: str, given: str, draws: Draws) -> str:
    """Return an output in a general form for a task with an input ("" for none): a label that it names, or a sentence."""
    if labels := named_labels(instruction):
        return draws.one(labels)
    return draws.one(PHRASES["answers"]).format(topic(f"{instruction} {given}"))


def small_talk(text: str) -> str:
    """Return a short plain answer to anything that is not one of our prompts."""
    about = topic(text)
    return f"This is the offline model, which answers by rule. {raised(about)}: noted, and thank you for asking."


def topic(text: str) -> str:
    """Return what a text is about: its last two words of content."""
    words = [word.lower() for word in _WORD.findall(text) if word.lower() not in _COMMON]
    return " and ".join(dict.fromkeys(words[-2:])) or "the matter in hand"
