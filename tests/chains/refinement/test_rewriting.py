"""One task whose instruction is written again: only where that is at fault, by the rules, and where it wins in both orders."""

from collections import deque
from typing import Any

import pytest

from self_instruct.chains.refinement.asking import COMPARING_TASKS, CRITICISING, SCORING
from self_instruct.chains.refinement.refiner import RefinementRules, RefinementState, Refiner
from self_instruct.chains.refinement.rewriting import Offer, Rewriter, is_rewritten
from self_instruct.prompts.prompt_set import prompt_set
from self_instruct.prompts.stage_prompt import prompt_text
from self_instruct.records.replies import Refusal, Reply
from self_instruct.records.revisions import Result, Revision
from self_instruct.retrievers import Neighbour
from self_instruct.settings.settings import Settings

GOOD = "Reason: Right.\nValid task: yes\nInput fits: yes\nOutput correct: yes\nScore: 5\nConcerns: {}"
BAD = "Reason: Wrong.\nValid task: {}\nInput fits: yes\nOutput correct: no\nScore: 1\nConcerns: none"
FAULT = "Fault: Two things at once.\nChange: Ask for one.\nWhere: {}"
A, B = (f"Reason: So it is.\nBetter: {winner}" for winner in "AB")
NEW = "Name the three longest rivers in France, longest first."
TASK = {"instruction": "Name a river or so.", "input": "", "is_classification": False, "output": "Lyon"}
ANSWER = "Output: Loire, Rhone, Seine"


def rewritten(
    said: dict[str, list[Any]], state: dict[str, Any] | None = None, nearest: Neighbour | None = None
) -> tuple[RefinementState, list[tuple[str, str]]]:
    """Return what became of the task, and what was asked and offered; every prepared answer must have been used."""
    queues = {stage: deque(answers) for stage, answers in said.items()}
    refiner = Refiner(Settings(), prompt_set(), RefinementRules(rewrite=True))
    talk = Rewriter(Settings(), prompt_set(), refiner).rewrite({**TASK, **(state or {})})  # type: ignore[typeddict-item]
    asked, answer = list[tuple[str, str]](), None
    while True:
        try:
            step = talk.send(answer)
        except StopIteration as end:
            assert not any(queues.values())
            return end.value, asked
        if isinstance(step, Offer):
            asked.append(("offer", step.instruction))
            answer = nearest
            continue
        asked.append((step.stage, prompt_text(step.prompt.format_prompt(**step.variables))))
        text = queues[step.stage].popleft()
        answer = Reply(text, "stop") if isinstance(text, str) else text


def tried(found: RefinementState) -> Revision:
    (step,) = found["steps"]
    return Revision.from_dict(step)


def won(**said: list[Any]) -> dict[str, list[Any]]:
    return {"rewrite": [NEW], "instances": [ANSWER], COMPARING_TASKS: [B, A], **said}


def test_a_sound_task_is_let_be_for_the_question_that_its_judging_takes() -> None:
    found, asked = rewritten({SCORING: [GOOD.format("none")]})
    assert [stage for stage, _ in asked] == [SCORING]
    assert (found["fault"], found.get("steps"), len(found["votes"])) == (None, None, 1)


@pytest.mark.parametrize(
    ("vote", "words"),
    [
        (GOOD.format("unclear"), "One cannot tell what is asked for."),
        (GOOD.format("too simple"), "There is nothing to be learnt from it."),
        (BAD.format("no"), "It cannot be done as it stands"),
    ],
)
def test_an_instruction_at_fault_is_written_again_and_replaced_where_the_new_task_wins_in_both_orders(
    vote: str, words: str
) -> None:
    found, asked = rewritten(won(**{SCORING: [vote]}))
    assert [stage for stage, _ in asked] == [SCORING, "rewrite", "offer", "instances", COMPARING_TASKS, COMPARING_TASKS]
    assert (found["instruction"], found["output"], found["others"]) == (NEW, "Loire, Rhone, Seine", [])
    assert (found["votes"], found["flags"]) == ([], {}), "of the new output nothing is said yet"
    revision = tried(found)
    assert (revision.before, revision.after, revision.other_output) == (TASK["instruction"], NEW, "Lyon")
    assert revision.preferred is None
    told = dict(asked)["rewrite"]
    assert words in told
    assert TASK["instruction"] in told
    orders = [prompt.index("Name a river or so.") < prompt.index(NEW) for stage, prompt in asked if stage == COMPARING_TASKS]
    assert orders == [True, False]


def test_a_verifier_that_misses_the_input_says_that_the_instruction_is_at_fault() -> None:
    state = {"instruction": "Summarize the following article in one sentence.", "output": "It is about rivers."}
    found, asked = rewritten(won(**{SCORING: [GOOD.format("none")]}), state)
    assert is_rewritten(found)
    assert "It speaks of something that is not given with it." in dict(asked)["rewrite"]


def test_a_harmful_task_is_not_made_better_by_other_words() -> None:
    assert "steps" not in rewritten({SCORING: [GOOD.format("harmful")]})[0]


def test_of_a_poor_instance_the_critic_says_whether_the_task_is_at_fault() -> None:
    found, asked = rewritten(won(**{SCORING: [BAD.format("yes")], CRITICISING: [FAULT.format("task")]}))
    assert is_rewritten(found)
    assert "- Two things at once. Ask for one." in dict(asked)["rewrite"]
    found, _ = rewritten({SCORING: [BAD.format("yes")], CRITICISING: [FAULT.format("output")]})
    assert "steps" not in found
    assert found["critique"]  # which the first round of revision then need not ask for


@pytest.mark.parametrize("votes", [[A, A], [A, B], [B, B], ["?", "?", B]])
def test_the_old_task_stays_where_the_new_one_does_not_win_in_both_orders(votes: list[str]) -> None:
    found, _ = rewritten({**won(**{SCORING: [GOOD.format("unclear")]}), COMPARING_TASKS: votes})
    assert (found["instruction"], found["output"]) == (TASK["instruction"], "Lyon")
    assert (tried(found).is_kept, tried(found).other_output) == (False, "Loire, Rhone, Seine")


@pytest.mark.parametrize(
    ("written", "by", "why"),
    [
        ("Draw a picture of the river Loire.", "rules", "banned word: word picture"),
        ("Name it.", "rules", "too short: words 2, limit 4"),
        ("", "rules", "empty"),
        (Refusal("no"), "rules", "refused by the provider"),
    ],
)
def test_a_new_instruction_passes_the_rules_of_any_candidate(written: Any, by: str, why: str) -> None:
    found, asked = rewritten({SCORING: [GOOD.format("unclear")], "rewrite": [written]})
    assert (tried(found).result, tried(found).decided_by, tried(found).why) == (Result.UNUSABLE, by, why)
    assert "offer" not in dict(asked)


def test_a_new_instruction_that_is_not_novel_is_given_no_instances() -> None:
    near = Neighbour(3, "Name the three longest rivers in Italy, longest first.", 0.9)
    found, _ = rewritten({SCORING: [GOOD.format("unclear")], "rewrite": [NEW]}, nearest=near)
    assert (tried(found).result, tried(found).decided_by) == (Result.UNUSABLE, "novelty")
    assert near.text in tried(found).why


def test_the_same_instruction_again_is_a_tie_and_one_without_instances_unusable() -> None:
    found, _ = rewritten({SCORING: [GOOD.format("unclear")], "rewrite": [f'New task: "{TASK["instruction"]}"']})
    assert tried(found).result is Result.TIE
    found, _ = rewritten({SCORING: [GOOD.format("unclear")], "rewrite": [NEW], "instances": ["", ""]})
    assert (tried(found).result, tried(found).decided_by) == (Result.UNUSABLE, "instances")


def test_a_new_task_whose_labels_show_that_it_is_no_classification_task_is_one_of_the_other_kind() -> None:
    state = {**TASK, "instruction": "Which word fits?", "is_classification": True}
    said = won(**{SCORING: [GOOD.format("unclear")], "instances": ["Class label: Loire", ANSWER]})
    found, asked = rewritten(said, state)
    assert (found["instruction"], found["is_classification"], found["output"]) == (NEW, False, "Loire, Rhone, Seine")
    prompts = [prompt for stage, prompt in asked if stage == "instances"]
    assert ["Class label:" in prompt for prompt in prompts] == [True, False]


def test_a_new_instance_with_flags_that_the_old_one_has_not_loses_without_a_question() -> None:
    said = {SCORING: [GOOD.format("unclear")], "rewrite": [NEW], "instances": ["Output: [Your rivers here]"]}
    found, _ = rewritten(said)
    assert (tried(found).result, tried(found).decided_by) == (Result.LOSS, "verifiers")
