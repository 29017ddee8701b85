"""The judge: three questions and a score for each instance, in votes; what cannot be read is counted and is never a score."""

from collections.abc import Sequence
from typing import Any

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from self_instruct.chains import compare_chain, judge_chain, load_model
from self_instruct.chains.stages.judging import JudgingStage
from self_instruct.chains.stages.task_kinds import TaskKind, task_kind
from self_instruct.ledger import RequestId
from self_instruct.prompts.prompt_set import prompt_set
from self_instruct.records.errors import InputError
from self_instruct.records.judgements import Answer, Criterion, Judgement, Unread, Winner
from self_instruct.records.replies import Refusal, Reply
from self_instruct.records.tasks import Instance, Task
from self_instruct.settings.settings import Settings

GOOD = "Reason: It is right.\nValid task: yes\nInput fits: yes\nOutput correct: yes\nScore: 4"
BAD = "Reason: It is wrong.\nValid task: yes\nInput fits: yes\nOutput correct: no\nScore: 1"
TALK = "Quite good."
TASK = Task("Name a river.", False, (Instance("", "The Elbe"), Instance("in Spain", "The Ebro")))
EXAMPLE = {"instruction": "Name a river.", "input": "", "output": "The Elbe"}


def stage(**judging: Any) -> JudgingStage:
    return JudgingStage(Settings(judging={"enabled": True, **judging}), prompt_set())


def saying(replies: Sequence[str]) -> GenericFakeChatModel:
    return GenericFakeChatModel(messages=iter([AIMessage(text) for text in replies]))


def walked(judge: JudgingStage, replies: Sequence[str | Refusal]) -> tuple[list[tuple[int, int]], list[dict[str, Any]]]:
    """Return what a task is asked, as instance and attempt, and the verdicts' answers with their votes."""
    request: RequestId | None = RequestId("judging", 3, 7)
    asked, verdicts = [], []
    for said in replies:
        assert request is not None
        asked.append((request.instance, request.attempt))
        reply = said if isinstance(said, Refusal) else Reply(said, "stop", model="judge")
        step = judge.decide(request, TASK, reply)
        verdicts += [{"vote": each.vote, "instance": each.instance, **each.answers} for each in step.verdicts]
        request = step.again
    assert request is None
    return asked, verdicts


def test_every_instance_is_asked_about_in_every_vote() -> None:
    asked, verdicts = walked(stage(votes=2), [GOOD, BAD, GOOD, GOOD])
    assert asked == [(0, 1), (0, 3), (1, 1), (1, 3)]
    assert [(each["instance"], each["vote"], each["score"]) for each in verdicts] == [
        (0, 1, 4),
        (0, 2, 1),
        (1, 1, 4),
        (1, 2, 4),
    ]


def test_an_unread_verdict_is_asked_for_once_more_and_then_counted_as_unread() -> None:
    asked, verdicts = walked(stage(), [TALK, TALK, TALK, GOOD])
    assert asked == [(0, 1), (0, 2), (1, 1), (1, 2)]
    assert verdicts[0]["unread"] == "unreadable"
    assert "score" not in verdicts[0]
    assert verdicts[1]["score"] == 4


def test_a_judge_that_refuses_is_unread_and_not_asked_again() -> None:
    asked, verdicts = walked(stage(), [Refusal("no"), GOOD])
    assert asked == [(0, 1), (1, 1)]
    assert verdicts[0]["unread"] == "refused by the provider"


def test_each_vote_keeps_its_reason_its_model_and_the_hash_of_its_prompt() -> None:
    _, verdicts = walked(stage(), [GOOD, TALK, GOOD])
    assert {each["model"] for each in verdicts} == {"judge"}
    assert verdicts[0]["reason"] == "It is right."
    assert len({each["prompt"] for each in verdicts}) == 2  # the second prompt complains
    sums = Task("Calculate 1 + 1.", False, TASK.instances)
    assert stage().prompt_hash(sums, 1) != stage().prompt_hash(TASK, 1) == stage().prompt_hash(TASK, 3)


def test_the_second_attempt_says_what_was_wrong_and_a_second_vote_does_not() -> None:
    judge = stage(votes=2)
    first, again, vote = (
        judge.question(RequestId("judging", 0, attempt=attempt), TASK, wrong).prompt.to_string()
        for attempt, wrong in ((1, None), (2, "empty"), (3, None))
    )
    assert first == vote != again
    assert again.startswith(first)
    assert again.removeprefix(first).startswith("\n\nThe last answer was empty.")
    assert [judge.before(RequestId("judging", 0, attempt=attempt)) is None for attempt in (1, 2, 3, 4)] == [
        True,
        False,
        True,
        False,
    ]


@pytest.mark.parametrize(("temperature", "votes"), [(0, 1), (0.7, 3), (None, 3)])
def test_a_model_that_is_sampled_votes_three_times(temperature: float | None, votes: int) -> None:
    assert (
        Settings(judging={"parameters": {} if temperature is None else {"temperature": temperature}}).judging.vote_count
        == votes
    )


@pytest.mark.parametrize(
    ("instruction", "is_classification", "kind"),
    [
        ("Is this review kind or not?", True, TaskKind.CLASSIFICATION),
        ("Write a Python function that adds two numbers.", False, TaskKind.CODE),
        ("How many eggs are in three dozen?", False, TaskKind.SUMS),
        ("Compose a limerick about rain.", None, TaskKind.WRITING),
        ("Who painted the Night Watch?", False, TaskKind.OTHER),
    ],
)
def test_the_rubric_is_chosen_by_kind_of_task(instruction: str, is_classification: bool | None, kind: TaskKind) -> None:
    assert task_kind(instruction, is_classification) is kind
    task = Task(instruction, is_classification, TASK.instances)
    assert stage().variables(task, RequestId("judging", 0))["kind"] == kind.value


def test_the_judge_as_a_chain_takes_the_majority_of_its_votes() -> None:
    chosen = Settings(judging={"votes": 3})
    said = judge_chain(saying([GOOD, TALK, BAD, BAD]), chosen).invoke(EXAMPLE)  # type: ignore[arg-type]
    assert said.answer(Criterion.OUTPUT_CORRECT) is Answer.NO
    assert said.answer(Criterion.VALID) is Answer.YES
    assert (said.score, said.unread, len(said.votes)) == (1.0, 0, 3)


def test_a_judgement_of_which_nothing_could_be_read_has_neither_score_nor_answers() -> None:
    said = judge_chain(saying([TALK, TALK])).invoke(EXAMPLE)  # type: ignore[arg-type]
    assert said == Judgement((), 1)
    assert said.score is None
    assert said.answer(Criterion.VALID) is None
    assert not said.is_all_right


@pytest.mark.parametrize("given", ["Name a river.", {"instruction": "Name a river."}, {"output": "x"}, TASK])
def test_the_judge_says_what_it_takes(given: Any) -> None:
    with pytest.raises(InputError):
        judge_chain(saying([])).invoke(given)


PAIR = {"instruction": "Name a river.", "input": "", "first": "The Elbe", "second": "A lake"}


@pytest.mark.parametrize(
    ("straight", "swapped", "winner"),
    [
        ("A", "B", Winner.FIRST),
        ("B", "A", Winner.SECOND),
        ("A", "A", Winner.TIE),
        ("tie", "B", Winner.TIE),
        ("tie", "tie", Winner.TIE),
    ],
)
def test_an_output_wins_only_where_both_orders_agree(straight: str, swapped: str, winner: Winner) -> None:
    replies = [f"Reason: so it is.\nBetter: {letter}" for letter in (straight, swapped)]
    assert compare_chain(saying(replies)).invoke(PAIR).winner is winner  # type: ignore[arg-type]


def test_a_comparison_that_cannot_be_read_in_one_order_has_no_winner() -> None:
    said = compare_chain(saying(["Reason: so it is.\nBetter: A", TALK, TALK])).invoke(PAIR)  # type: ignore[arg-type]
    assert said.winner is None
    assert isinstance(said.swapped, Unread)


def test_both_chains_run_without_a_model() -> None:
    offline = load_model("offline")
    assert judge_chain(offline).invoke(EXAMPLE).is_read  # type: ignore[arg-type]
    assert compare_chain(offline).invoke({**PAIR, "second": "The Elbe"}).winner is Winner.TIE  # type: ignore[arg-type]
    found = [compare_chain(offline).invoke({**PAIR, "second": str(number)}).winner for number in range(40)]  # type: ignore[arg-type]
    assert set(found) == set(Winner)
