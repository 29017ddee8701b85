"""Where few tasks are kept, the likely cause is said in one line, with what to change."""

from collections.abc import Mapping
from typing import Any

import pytest

from self_instruct.chains.runs.advice import FIRST_REQUESTS, Cause, Tally, advice
from self_instruct.records.tasks import Reason, StageName

GOOD: Mapping[bool, int] = {True: 8, False: 30}


def tally(kept: int, refused: Mapping[Reason, int] | None = None, **more: Any) -> Tally:
    rejected = {(StageName.INSTRUCTIONS.value, reason.value): count for reason, count in (refused or {}).items()}
    return Tally(**{"decided": 20, "kept": kept, "rejected": rejected, "kinds": GOOD, **more})


def causes(found: Tally) -> list[Cause]:
    return [each.cause for each in advice(found)]


@pytest.mark.parametrize(
    ("refused", "cause", "words"),
    [
        (
            {Reason.COPIED: 150, Reason.TOO_SIMILAR: 5},
            Cause.COPIES,
            ["150 of 175 candidates", "form of prompt", "larger model"],
        ),
        ({Reason.TOO_SIMILAR: 90}, Cause.SIMILAR, ["90 of 110 candidates", "seeds", "novelty.threshold"]),
        ({Reason.TOO_LONG: 60, Reason.TOO_SHORT: 9}, Cause.RULES, ["69 of 89", "too long", "instructions.max_words"]),
        ({Reason.CUT_OFF: 80}, Cause.UNREAD, ["80 of 100", "cut off", "max_tokens"]),
        ({Reason.UNREADABLE: 80}, Cause.UNREAD, ["unreadable"]),
        ({}, Cause.FEW, ["1.0 candidates"]),
    ],
)
def test_the_largest_loss_is_the_cause(refused: Mapping[Reason, int], cause: Cause, words: list[str]) -> None:
    [found] = advice(tally(20, refused))
    assert found.cause is cause
    assert "only 1.0 tasks are kept a request" in found.sentence
    assert all(word in found.sentence for word in words)
    assert "\n" not in found.sentence


def test_copies_that_are_only_counted_are_no_duplicates() -> None:
    assert causes(tally(20, {Reason.TOO_SIMILAR: 90}, copies=80)) == [Cause.COPIES]


def test_nothing_is_said_of_a_run_that_does_well_or_has_just_begun() -> None:
    assert causes(tally(100, {Reason.COPIED: 150})) == []
    assert causes(tally(0, {Reason.COPIED: 50}, decided=FIRST_REQUESTS - 1)) == []


@pytest.mark.parametrize(
    ("kinds", "cause"),
    [
        ({True: 42, False: 0}, Cause.ALL_YES),
        ({True: 38, False: 4}, Cause.ALL_YES),
        ({True: 0, False: 40}, Cause.ALL_NO),
        ({True: 9, False: 0}, None),
        ({True: 0, False: 39}, None),
        ({True: 20, False: 20}, None),
    ],
)
def test_a_question_of_kind_that_leans_is_named(kinds: Mapping[bool, int], cause: Cause | None) -> None:
    assert causes(tally(100, kinds=kinds)) == ([cause] if cause else [])
    if cause is Cause.ALL_YES:
        assert causes(tally(100, kinds=kinds, is_classification_only=True)) == []


def test_answers_that_are_neither_are_named() -> None:
    rejected = {(StageName.CLASSIFICATION.value, Reason.NEITHER_YES_NOR_NO.value): 25}
    assert causes(tally(100, rejected=rejected)) == [Cause.NEITHER]
