"""Read what a judge says: a vote on one instance, which of two outputs is better, or a line of two scores.

Between the model and `chains.stages`. All are strict: what does not have the form that was asked for is `Unread`, with the
reason; nothing is guessed, and no verdict is made of half an answer. What a model thinks aloud first is passed over, and so is
Markdown around a label.
"""

import re
from functools import cache
from typing import Any, ClassVar, Generic, Literal, TypeVar

from self_instruct.prompts.reading.reply_parser import ReplyParser, is_cut_off
from self_instruct.prompts.reading.thoughts import without_thinking
from self_instruct.records.judgements import (
    JUDGING,
    MOST_SCORE,
    Answer,
    Criterion,
    Preference,
    Scores,
    Unread,
    Vote,
    Winner,
    concerns_in,
)
from self_instruct.records.replies import Ended, Reply
from self_instruct.records.tasks import Reason

REASON, SCORE, CONCERNS, BETTER = "Reason", "Score", "Concerns", "Better"
LABELS = {"Valid task": Criterion.VALID, "Input fits": Criterion.INPUT_FITS, "Output correct": Criterion.OUTPUT_CORRECT}
MOST_POINTS = 10  # on the scale of the recorded reviews
T = TypeVar("T")

_ALL_LABELS = (REASON, *LABELS, SCORE, CONCERNS, BETTER)
_AROUND = " \t\r\n*_`\"'."  # Markdown, quotes and the end of a sentence around a short answer
_SCORE = re.compile(rf"([0-{MOST_SCORE}])(?:\s*(?:/|out of)\s*{MOST_SCORE})?")
_NUMBER = r"(\d{1,2}(?:\.\d{1,2})?)"
_TWO_SCORES = re.compile(rf"\s*{_NUMBER}(?:\s*,\s*|[ \t]+){_NUMBER}\s*")
_ALONE = re.compile(r"\W*output \(?(?P<which>[ab])\)?\W*", re.IGNORECASE)
_CLAIM = re.compile(r"(?<!\w)output \((?P<which>[ab])\) is (?:the )?better(?=[\s.,;:!]|\Z)(?! than)", re.IGNORECASE)
_OPENING = re.compile(r"output \((?P<which>[ab])\)", re.IGNORECASE)
_BY_LETTER = {"a": Winner.FIRST, "b": Winner.SECOND}


class StrictParser(ReplyParser[T | Unread], Generic[T]):
    """A parser of whole replies that gives `Unread` for what it cannot read."""

    stage: ClassVar[str] = JUDGING

    @property
    def OutputType(self) -> Any:  # noqa: N802  LangChain's name; it would take what a subclass reads for all there is
        """What the parser gives; schemas and drawings show it."""
        return super().OutputType | Unread

    def read(self, reply: Reply) -> T | Unread:
        """Return what a reply says, or that it could not be read, and why."""
        if reply.ended is Ended.REFUSED:
            return Unread(Reason.REFUSED_BY_PROVIDER, reply.text)
        text = without_thinking(reply.text).strip()
        if not text:
            return Unread(self.why_nothing(reply), reply.text)
        found = None if is_cut_off(reply) else self.found(text)
        return Unread(self.why_nothing(reply), reply.text) if found is None else found

    def found(self, text: str) -> T | None:
        """Return what a text says that is neither empty nor cut off; None where it does not have the form."""
        raise NotImplementedError


class VoteParser(StrictParser[Vote]):
    r"""Reads a vote: the reason, the three answers and the score, each once, in this order and behind its label.

    What concerns the judge may stand behind the score; where it does, it must be concerns that there are, or "none".

    >>> said = "Reason: It adds up.\nValid task: yes\nInput fits: yes\nOutput correct: unsure\nScore: 3"
    >>> VoteParser().parse(said).output_correct
    <Answer.UNSURE: 'unsure'>
    >>> VoteParser().parse(said + "\nConcerns: too simple").concerns
    (<Concern.TOO_SIMPLE: 'too simple'>,)
    >>> VoteParser().parse(said + "/10").why
    <Reason.UNREADABLE: 'unreadable'>
    """

    def found(self, text: str) -> Vote | None:
        """Return the vote that a text holds, or None."""
        labels = (REASON, *LABELS, SCORE)
        said = labelled(text, labels) or labelled(text, (*labels, CONCERNS))
        if said is None or not said[REASON]:
            return None
        score = _SCORE.fullmatch(said[SCORE])
        answers = {name.value: _answer(said[label]) for label, name in LABELS.items()}
        concerns = concerns_in(said[CONCERNS]) if CONCERNS in said else None
        if score is None or None in answers.values() or (CONCERNS in said and concerns is None):
            return None
        return Vote(**answers, score=int(score[1]), reason=said[REASON], concerns=concerns)  # type: ignore[arg-type]  # none is


class PreferenceParser(StrictParser[Preference]):
    """Reads which of two outputs is better, as our own prompt asks for it, and as recorded verdicts have it.

    `labelled`: a reason, then "Better: A", "Better: B" or "Better: tie". `claimed`: "Output (a) is better", or nothing but
    "Output (a)"; unread where both are claimed. `opening`: the output that the last line names first, which is how the winners
    of one recorded judge were read, whatever its sentence went on to say.

    >>> PreferenceParser(form="claimed").parse("Output (a) is short. Therefore, Output (b) is better.").winner
    <Winner.SECOND: 'second'>
    """

    form: Literal["labelled", "claimed", "opening"] = "labelled"

    def found(self, text: str) -> Preference | None:
        """Return the preference that a text holds, or None."""
        if self.form == "labelled":
            return _labelled_preference(text)
        if self.form == "opening":
            opening = _OPENING.search(text.splitlines()[-1])
            return Preference(_BY_LETTER[opening["which"].lower()], text) if opening else None
        alone = _ALONE.fullmatch(text)
        claims = {alone["which"]} if alone else {claim["which"] for claim in _CLAIM.finditer(text)}
        letters = {letter.lower() for letter in claims}
        return Preference(_BY_LETTER[letters.pop()], "" if alone else text) if len(letters) == 1 else None


class ScoresParser(StrictParser[Scores]):
    r"""Reads a review whose first line is two scores of 0 to 10 and nothing else, as the reviews of vicuna's authors are.

    >>> ScoresParser().parse("8 9.5\nThe second names its sources.")
    Scores(first=8.0, second=9.5)
    """

    def read(self, reply: Reply) -> Scores | Unread:
        """Return the scores; the line that holds them was whole if another follows it, wherever the reply then ended."""
        whole = "\n" in reply.text.strip()
        return super().read(Reply(reply.text) if whole and is_cut_off(reply) else reply)

    def found(self, text: str) -> Scores | None:
        """Return the scores that a text begins with, or None."""
        two = _TWO_SCORES.fullmatch(text.splitlines()[0])
        scores = [float(score) for score in two.groups()] if two else []
        return Scores(*scores) if scores and max(scores) <= MOST_POINTS else None


def labelled(text: str, labels: tuple[str, ...], sentences: int = 1) -> dict[str, str] | None:
    """Return what stands behind each label; None unless the text is these labels, each once and in this order.

    What is said behind all but the first `sentences` of them comes without Markdown, quotes and full stop around it. Labels of
    another form of ours count too: a text that has one is not in this form.
    """
    places = list(_labels(frozenset((*labels, *_ALL_LABELS))).finditer(text))
    if [place["label"].casefold() for place in places] != [label.casefold() for label in labels] or places[0].start():
        return None
    ends = [*(place.start() for place in places[1:]), len(text)]
    said = [text[place.end() : end].strip() for place, end in zip(places, ends, strict=True)]
    return {label: said[at] if at < sentences else said[at].strip(_AROUND) for at, label in enumerate(labels)}


@cache
def _labels(words: frozenset[str]) -> re.Pattern[str]:
    return re.compile(
        rf"^[ \t]*(?:[-*#>]+[ \t]+)?[*_]*(?P<label>{'|'.join(sorted(words))})[*_]*[ \t]*:[*_]*", re.IGNORECASE | re.MULTILINE
    )


def _answer(word: str) -> Answer | None:
    return next((answer for answer in Answer if answer.value == word.casefold()), None)


def _labelled_preference(text: str) -> Preference | None:
    said = labelled(text, (REASON, BETTER))
    if said is None or not said[REASON]:
        return None
    winner = {**_BY_LETTER, "tie": Winner.TIE}.get(said[BETTER].casefold())
    return None if winner is None else Preference(winner, said[REASON])
