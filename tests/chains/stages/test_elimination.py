"""Evolutions that failed are given up, for the first reason that holds; and so is a piece of a text for its request."""

import pytest

from self_instruct.chains.stages.evolving import EvolveStage
from self_instruct.chains.stages.registry import RunStages
from self_instruct.ledger import Lineage, RequestId
from self_instruct.prompts import prompt_set
from self_instruct.records.replies import Refusal, Reply
from self_instruct.records.tasks import Candidate, Reason, Rejection
from self_instruct.settings.settings import Settings

PARENT = "Name a river in France."


@pytest.fixture(scope="module")
def stage() -> EvolveStage:
    found = RunStages(Settings(proposers={"evolve": 1}), prompt_set())["evolve"]
    assert isinstance(found, EvolveStage)
    return found


def decided(stage: EvolveStage, text: str, finish_reason: str = "stop", parent: str = PARENT) -> Candidate | Rejection:
    lineage = Lineage(7, "evolve", "deepen", 1, parent)
    return stage.result(lineage, stage.decide(RequestId("evolve", 7), lineage, Reply(text, finish_reason)))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Name a river in France and say where it rises.", "Name a river in France and say where it rises."),
        ("Sure! Here is the new task:\n\nname a river\nthat was moved.", "Name a river that was moved."),
        ('**New task:** "Name the longest river in France."', "Name the longest river in France."),
        ("<think>Harder: a condition.</think>Name a river in France without an e.", "Name a river in France without an e."),
        ("```\nName two rivers in France that meet.\n```", "Name two rivers in France that meet."),
    ],
)
def test_an_evolution_is_read_without_what_stands_around_it(stage: EvolveStage, text: str, kept: str) -> None:
    assert decided(stage, text) == Candidate(0, kept)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Please name a river which is in France!", Reason.NOTHING_ADDED),
        ("In the rewritten task you name a river in France and its source.", Reason.PROMPT_REPEATED),
        ("The task to change: name a river and its source.", Reason.PROMPT_REPEATED),
        ("What should I do with this, and why?", Reason.NO_CONTENT),
        ("?! ... ?", Reason.NO_CONTENT),
        ("I'm sorry, but I can't do that.", Reason.REFUSED_BY_PROVIDER),
        ("  \n", Reason.EMPTY),
        ("Source of the Loire?", None),
        ("Its source?", Reason.TOO_SHORT),
        ("Write a program that names rivers.", Reason.BANNED_START),
        ("Name a river on the map of France.", Reason.BANNED_WORD),
    ],
)
def test_what_failed_is_refused_for_its_reason(stage: EvolveStage, text: str, reason: Reason | None) -> None:
    found = decided(stage, text)
    assert (found.stage, found.reason) == ("evolve", reason) if isinstance(found, Rejection) else reason is None


def test_one_that_was_cut_off_is_no_task(stage: EvolveStage) -> None:
    found = decided(stage, "Name a river in France and say where it", "length")
    assert isinstance(found, Rejection)
    assert found.reason is Reason.CUT_OFF


def test_words_that_the_parent_has_too_are_its_own(stage: EvolveStage) -> None:
    parent = "Say in which year the original task force was founded."
    assert isinstance(decided(stage, "Say who led the original task force, and for how long.", parent=parent), Candidate)


@pytest.mark.parametrize(
    ("said", "is_kept"),
    [("no", False), ("**No.**", False), ("Answer: yes", True), ("No, they are the same.", True), (Refusal("I won't."), True)],
)
def test_a_model_gives_up_what_its_words_do_not_where_it_says_so_and_nothing_else(said: str | Refusal, is_kept: bool) -> None:
    found = RunStages(Settings(proposers={"evolve": 1}, evolve={"elimination": "model"}), prompt_set())["evolve"]
    lineage, written = Lineage(7, "evolve", "deepen", 1, PARENT), Reply("Mention a stream in France.", "stop")
    first = RequestId("evolve", 7)
    step = found.decide(first, lineage, written)
    assert step.again == RequestId("evolve", 7, attempt=2)
    about = found.about_again(lineage, written)
    question = found.question(step.again, about)
    assert all(text in question.prompt.to_string() for text in (PARENT, written.text))
    assert question.parameters["temperature"] == 0
    last = found.decide(step.again, about, Reply(said, "stop") if isinstance(said, str) else said)
    assert last.again is None
    (read,) = last.read
    assert read == Candidate(0, written.text) if is_kept else read.reason is Reason.NOTHING_ADDED  # type: ignore[union-attr]


def test_a_model_is_not_asked_about_what_the_rules_refuse() -> None:
    found = RunStages(Settings(proposers={"evolve": 1}, evolve={"elimination": "model"}), prompt_set())["evolve"]
    lineage = Lineage(7, "evolve", "deepen", 1, PARENT)
    step = found.decide(RequestId("evolve", 7), lineage, Reply("Please name a river in France.", "stop"))
    assert (step.again, step.rejections[0].reason) == (None, Reason.NOTHING_ADDED)


def test_a_piece_of_a_text_is_no_request_that_it_answers() -> None:
    stage = RunStages(Settings(proposers={"back-translate": 1}), prompt_set())["back-translate"]
    text = "To mend a puncture, take off the wheel. Then pull out the tube."
    lineage = stage.about({"text": f" {text} "})
    assert stage.question(RequestId(stage.name, 0), lineage).prompt.to_string().count(text) == 1

    def found(reply: str) -> Candidate | Rejection:
        result: Candidate | Rejection = stage.result(
            lineage, stage.decide(RequestId(stage.name, 0), lineage, Reply(reply, "stop"))
        )
        return result

    copied = found("Then pull out the tube")
    assert isinstance(copied, Rejection)
    assert (copied.stage, copied.reason, copied.evidence) == ("back-translate", Reason.COPIED, {"text": text})
    assert found("Request: How do I mend a puncture?") == Candidate(0, "How do I mend a puncture?")
