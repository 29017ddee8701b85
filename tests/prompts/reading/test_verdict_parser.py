"""Verdicts are read strictly: what was asked for, or unread; proven on what judges were recorded to say."""

import json
from pathlib import Path
from typing import Any

import pytest

from self_instruct.prompts.reading.verdict_parser import PreferenceParser, ScoresParser, VoteParser
from self_instruct.records.judgements import Answer, Concern, Preference, Scores, Unread, Vote, Winner
from self_instruct.records.replies import Reply
from self_instruct.records.tasks import Reason

REFERENCE = Path(__file__).parents[4] / "shared" / "reference" / "evaluation"
SAID = "Reason: The sum is right.\nValid task: yes\nInput fits: unsure\nOutput correct: no\nScore: 2"
recorded = pytest.mark.skipif(not REFERENCE.is_dir(), reason="needs the recorded reviews")


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (REFERENCE / "judge" / name).read_text(encoding="utf-8").splitlines()]


def expected(name: str) -> dict[str, Any]:
    return dict(json.loads((REFERENCE / "expected.json").read_text(encoding="utf-8"))[f"judge/{name}"])


@pytest.mark.parametrize(
    "text",
    [
        SAID,
        f"<think>\nScore: 5, no, 2.\n</think>\n{SAID}\n",
        SAID.replace("Reason:", "**Reason:**").replace("Score: 2", "**Score**: 2/5."),
        SAID.upper().replace("THE SUM IS RIGHT.", "The sum is right."),
        SAID.replace("\n", "\n\n").replace("Score: 2", "Score: 2 out of 5"),
    ],
)
def test_a_vote_in_the_form_that_was_asked_for_is_read(text: str) -> None:
    assert VoteParser().parse(text) == Vote(Answer.YES, Answer.UNSURE, Answer.NO, 2, "The sum is right.")


@pytest.mark.parametrize(
    ("line", "concerns"),
    [
        ("Concerns: none", ()),
        ("**Concerns:** None.", ()),
        ("Concerns: Harmful", (Concern.HARMFUL,)),
        ("concerns: too simple, unclear", (Concern.UNCLEAR, Concern.TOO_SIMPLE)),
    ],
)
def test_concerns_stand_behind_the_score(line: str, concerns: tuple[Concern, ...]) -> None:
    vote = VoteParser().parse(f"{SAID}\n{line}")
    assert vote == Vote(Answer.YES, Answer.UNSURE, Answer.NO, 2, "The sum is right.", concerns)
    assert Vote.of(vote.answers()) == vote
    assert Vote.of(VoteParser().parse(SAID).answers()).concerns is None


@pytest.mark.parametrize(
    "text",
    [
        "The output is correct, so I give it 5.",
        SAID.replace("Score: 2", "Score: 8/10"),
        SAID.replace("Score: 2", "Score: 6"),
        SAID.replace("Score: 2", "Score: 2 or 3"),
        SAID.replace("Score: 2", "Score: 4.5"),
        SAID.replace("Score: 2", "Score:"),
        SAID.replace("Output correct: no", "Output correct: partly"),
        SAID.replace("Output correct: no", "Output correct: yes / no / unsure"),
        SAID.replace("Output correct: no\n", ""),
        SAID.replace("Reason: The sum is right.\n", ""),
        SAID.replace("The sum is right.", ""),
        "\n".join(reversed(SAID.splitlines())),
        f"{SAID}\n{SAID}",
        f"{SAID}\nOverall it is a good example.",
        f"{SAID}\nConcerns:",
        f"{SAID}\nConcerns: dull",
        f"{SAID}\nConcerns: harmful, none",
        f"{SAID}\nConcerns: harmful, harmful",
        f"{SAID}\nConcerns: not harmful",
        f"{SAID}\nConcerns: none\nConcerns: none",
        SAID.replace("Score: 2", "Concerns: none\nScore: 2"),
    ],
)
def test_anything_else_is_unread_and_never_a_score(text: str) -> None:
    assert VoteParser().parse(text) == Unread(Reason.UNREADABLE, text)


def test_why_a_vote_is_unread_is_kept() -> None:
    parser = VoteParser()
    assert parser.read(Reply("", "stop")) == Unread(Reason.EMPTY)
    assert parser.read(Reply("<think>hm", "length")).why == Reason.CUT_OFF  # type: ignore[union-attr]
    assert parser.read(Reply(SAID, "length")).why == Reason.CUT_OFF  # type: ignore[union-attr]
    assert parser.read(Reply("I cannot", "refusal")).why == Reason.REFUSED_BY_PROVIDER  # type: ignore[union-attr]


@pytest.mark.parametrize(("said", "winner"), [("A", Winner.FIRST), ("**b**", Winner.SECOND), ("Tie.", Winner.TIE)])
def test_a_preference_is_read_behind_its_reason(said: str, winner: Winner) -> None:
    read = PreferenceParser().parse(f"Reason: It is the shorter one.\nBetter: {said}")
    assert read.winner is winner  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["Better: A", "Reason: Both do.\nBetter: both", "A", "Reason: x\nBetter: A\nBetter: B"])
def test_a_preference_without_its_form_is_unread(text: str) -> None:
    assert isinstance(PreferenceParser().parse(text), Unread)


@pytest.mark.parametrize(
    "text", ["8", "8 9 10", "8 eleven", "85 90", "-1 2", "Assistant 1: 8\nAssistant 2: 9", "8/10 9/10", "8 .9"]
)
def test_a_review_whose_first_line_is_not_two_scores_is_unread(text: str) -> None:
    assert isinstance(ScoresParser().parse(text), Unread)


@recorded
def test_of_the_recorded_reviews_224_are_read_and_none_wrongly() -> None:
    alone: dict[str, int] = {}
    for row in rows("vicuna-reviews.jsonl"):
        scores = ScoresParser().parse(row["text"])
        if isinstance(scores, Scores):
            assert [scores.first, scores.second] == row["score"]
            alone[row["file"]] = alone.get(row["file"], 0) + 1
    assert sum(alone.values()) == 224
    files = expected("vicuna-reviews.jsonl")["files"]
    assert alone == {name: file["score_alone_on_first_line"] for name, file in files.items()}


def winners(row: dict[str, Any], form: str) -> list[str | None]:
    """Return the winners, "1" or "2", that the two recorded texts of a pair say, as the data names them."""
    found: list[str | None] = []
    for text, is_swapped in ((row["text"], False), (row["text_swapped"], True)):
        read = PreferenceParser(form=form).parse(text)
        if isinstance(read, Unread):
            found.append(None)
        else:
            found.append({Winner.FIRST: "1", Winner.SECOND: "2"}[read.winner.swapped if is_swapped else read.winner])
    return found


@recorded
def test_the_recorded_verdicts_on_pairs_give_every_count() -> None:
    counts: dict[str, dict[str, int]] = {}
    for row in rows("llmbar-natural.jsonl"):
        one, other = row["winner"], row["winner_swapped"]
        if "text" in row:
            one, other = winners(row, "opening" if row["judge"].startswith("PaLM2") else "claimed")
        gold, tally = str(row["label"]), counts.setdefault(row["judge"], {})
        for name, holds in {
            "n": True, "correct": one == gold, "correct_swapped": other == gold, "correct_both": one == other == gold,
            "equal": one == other, "unread": (one is None) + (other is None),
        }.items():  # fmt: skip
            tally[name] = tally.get(name, 0) + int(holds)
    for judge, figures in expected("llmbar-natural.jsonl").items():
        if judge != "rows":
            assert counts[judge] == {name: figures[name] for name in counts[judge]}, judge


@recorded
def test_what_a_recorded_judge_claims_is_never_turned_into_its_contrary() -> None:
    texts = [(row, name) for row in rows("llmbar-natural.jsonl") for name in ("text", "text_swapped") if name in row]
    read = [PreferenceParser(form="claimed").parse(row[name]) for row, name in texts]
    assert sum(isinstance(one, Unread) for one in read) == 4  # two are empty, one finds both as good, one contradicts itself


def test_a_parser_says_that_it_may_give_what_is_unread() -> None:
    assert VoteParser().OutputType == Vote | Unread
    assert PreferenceParser().OutputType == Preference | Unread
