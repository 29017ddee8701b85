"""One instance refined: nothing replaces an output before it wins in both orders, and what was tried is kept."""

from collections import deque
from typing import Any

import pytest

from self_instruct.chains.refinement.asking import COMPARING, CRITICISING, SCORING
from self_instruct.chains.refinement.refiner import RefinementRules, Refiner
from self_instruct.prompts.prompt_set import prompt_set
from self_instruct.prompts.stage_prompt import prompt_text
from self_instruct.records.replies import Refusal, Reply
from self_instruct.records.revisions import Operator, Result, Revision
from self_instruct.records.tasks import Reason
from self_instruct.settings.settings import Settings

GOOD = "Reason: Right.\nValid task: yes\nInput fits: yes\nOutput correct: yes\nScore: 5"
BAD = "Reason: Wrong.\nValid task: yes\nInput fits: yes\nOutput correct: no\nScore: 1"
A, B, TIE = (f"Reason: So it is.\nBetter: {winner}" for winner in ("A", "B", "tie"))
FAULT = "Fault: It names a town.\nChange: Name a river.\nWhere: output"
TASK = {"instruction": "Name a river in France.", "input": "", "is_classification": False, "output": "Lyon"}


def refined(
    said: dict[str, list[str | Reply | Refusal]], state: dict[str, Any] | None = None, **rules: Any
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Return the state in the end, and what was asked; every prepared answer must have been used."""
    queues = {stage: deque(answers) for stage, answers in said.items()}
    refiner = Refiner(Settings(), prompt_set(), RefinementRules(**{"regenerate": False, **rules}))
    talk, asked, reply = refiner.refine({**TASK, **(state or {})}), list[tuple[str, str]](), None  # type: ignore[typeddict-item]
    while True:
        try:
            ask = talk.send(reply)  # type: ignore[arg-type]
        except StopIteration as end:
            assert not any(queues.values())
            return end.value, asked
        asked.append((ask.stage, prompt_text(ask.prompt.format_prompt(**ask.variables))))
        answer = queues[ask.stage].popleft()
        reply = Reply(answer, "stop") if isinstance(answer, str) else answer


def results(state: dict[str, Any]) -> list[tuple[str, str]]:
    return [(step["operator"], step["result"]) for step in state.get("steps", [])]


def test_a_good_output_is_let_be_for_one_question() -> None:
    state, asked = refined({SCORING: [GOOD]})
    assert (state["output"], results(state), [stage for stage, _ in asked]) == ("Lyon", [], [SCORING])


def test_a_poor_output_is_criticised_revised_and_replaced_where_the_new_one_wins_in_both_orders() -> None:
    state, asked = refined({SCORING: [BAD, GOOD], CRITICISING: [FAULT], "revise": ["The Loire"], COMPARING: [B, A]})
    assert state["output"] == "The Loire"
    (step,) = map(Revision.from_dict, state["steps"])
    assert (step.before, step.after, step.score, step.fault) == ("Lyon", "The Loire", 1.0, "It names a town.")
    assert step.preferred == ("The Loire", "Lyon")
    revise = next(prompt for stage, prompt in asked if stage == "revise")
    assert all(words in revise for words in ("Name a river in France.", "Lyon", "It names a town.", "Name a river."))
    orders = [prompt.index("Lyon") < prompt.index("The Loire") for stage, prompt in asked if stage == COMPARING]
    assert orders == [True, False]


@pytest.mark.parametrize(
    ("votes", "result"),
    [([A, A], Result.TIE), ([A, B], Result.LOSS), ([TIE, B], Result.TIE), (["?", "?", B], Result.UNREAD)],
)
def test_an_output_stays_where_the_new_one_does_not_win_in_both_orders(votes: list[str], result: Result) -> None:
    state, _ = refined({SCORING: [BAD], CRITICISING: [FAULT], "revise": ["The Loire"], COMPARING: [*votes]})
    assert (state["output"], results(state)) == ("Lyon", [("revise", result)])


@pytest.mark.parametrize(
    ("critique", "result"),
    [
        (["Fault: none\nChange: nothing\nWhere: nothing"], Result.NO_FAULT),
        (["It is fine.", "Really."], Result.NO_FAULT),
        (["Fault: Two things at once.\nChange: Ask one.\nWhere: task"], Result.ELSEWHERE),
    ],
)
def test_nothing_is_written_where_no_fault_of_the_output_is_named(critique: list[Any], result: Result) -> None:
    state, _ = refined({SCORING: [BAD], CRITICISING: critique})
    assert (state["output"], results(state)) == ("Lyon", [("revise", result)])


@pytest.mark.parametrize("written", ["", Reply("The Loi", "length"), Refusal("no"), "I'm sorry, but I can't help with that."])
def test_what_was_not_written_replaces_nothing(written: Any) -> None:
    state, _ = refined({SCORING: [BAD], CRITICISING: [FAULT], "revise": [written]})
    assert (state["output"], results(state)) == ("Lyon", [("revise", Result.UNUSABLE)])


def test_verifiers_decide_without_a_judge_where_only_the_old_output_is_flagged() -> None:
    given = {"output": "[River name]"}
    state, asked = refined({SCORING: [BAD, GOOD], CRITICISING: [FAULT], "revise": ["The Loire"]}, given)
    assert state["output"] == "The Loire"
    assert state["steps"][0]["decided_by"] == "verifiers"
    critique = next(prompt for stage, prompt in asked if stage == CRITICISING)
    assert "- placeholder: [River name]" in critique
    state, _ = refined({SCORING: [BAD], CRITICISING: [FAULT], "revise": ["[River name]"]})
    assert results(state) == [("revise", Result.LOSS)]


def test_every_output_is_written_again_from_instruction_and_input_alone() -> None:
    state, asked = refined({SCORING: [GOOD, GOOD], "regenerate": ["The Loire"], COMPARING: [B, A]}, regenerate=True)
    assert (state["output"], results(state)) == ("The Loire", [("regenerate", Result.WIN)])
    assert "Lyon" not in next(prompt for stage, prompt in asked if stage == "regenerate")
    state, _ = refined({SCORING: [GOOD], "regenerate": [" lyon\n"]}, {"is_classification": True}, regenerate=True)
    assert results(state) == [("regenerate", Result.TIE)]


def test_words_of_the_prompt_are_no_output_but_those_of_the_task_may_be() -> None:
    said = {SCORING: [GOOD], "regenerate": ["the whole answer, and nothing else"]}
    state, _ = refined(said, regenerate=True)
    assert (state["output"], results(state)) == ("Lyon", [("regenerate", Result.UNUSABLE)])
    assert state["steps"][0]["why"] == Reason.PROMPT_REPEATED
    said = {SCORING: [GOOD, GOOD], "regenerate": ["a river in France"], COMPARING: [B, A]}
    assert refined(said, regenerate=True)[0]["output"] == "a river in France"


def test_there_are_no_more_rounds_than_allowed() -> None:
    twice = {SCORING: [BAD], CRITICISING: [FAULT] * 2, "revise": ["The Loire", "The Seine"], COMPARING: [A, B, A, B]}
    state, _ = refined(twice, rounds=2)
    assert (state["rounds"], results(state)) == (2, [("revise", Result.LOSS)] * 2)
    assert refined({SCORING: [BAD]}, rounds=0)[0]["output"] == "Lyon"


def test_an_output_of_which_no_verdict_can_be_read_is_let_be() -> None:
    state, _ = refined({SCORING: ["Fine.", "Fine."]})
    assert (state["output"], results(state)) == ("Lyon", [])


def test_operators_are_the_stages_that_write() -> None:
    assert [*Operator] == ["regenerate", "revise", "rewrite"]
