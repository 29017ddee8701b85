"""Answers to the real prompts: read by the real parsers they hold what the grammar meant, but for the faults, in due shares."""

import json
import os
import subprocess
import sys
from collections import Counter
from random import Random

import pytest

from self_instruct.chains.offline import faults
from self_instruct.chains.offline.answering import Answer, answer
from self_instruct.chains.offline.family import Kind
from self_instruct.chains.offline.grammar import grammar
from self_instruct.chains.stages.task import read_instances, read_instructions
from self_instruct.prompts import ClassificationParser, prompt_set
from self_instruct.prompts.stage_prompt import StagePrompt, StagePromptValue
from self_instruct.records.replies import Reply
from self_instruct.records.tasks import Candidate, Classification, Instance, Reason, Rejection
from self_instruct.retrievers.rouge import rouge_l
from self_instruct.settings.profiles import PROFILES
from self_instruct.settings.settings import ProfileName, Settings

PROMPTS = prompt_set()
SEEDS = [
    "Write a short poem about the sea.", "Is the review below positive or negative?", "List three uses of an old newspaper.",
    "Sort the words by their length.", "Explain why the sky is blue.", "Name the capital of the country given.",
    "Rewrite the sentence in the past tense.", "Plan a birthday party for twelve guests.",
]  # fmt: skip


def answered(prompt: StagePrompt, *, with_faults: bool = True, seed: int = 0, **given: object) -> Answer:
    value = prompt.format_prompt(**given)
    assert isinstance(value, StagePromptValue)
    return answer(value.text, value.system, seed=seed, with_faults=with_faults)


def listed(seed: int, *, with_faults: bool) -> Answer:
    return answered(PROMPTS.instructions, demonstrations=SEEDS, seed=seed, with_faults=with_faults)


def to_reply(given: Answer) -> Reply:
    return Reply(given.text, given.finish_reason)


def is_nearly(task: str, other: str) -> bool:
    """Whether one task is the other with one word changed, or with "Please" before it."""
    words, others = task.split(), other.split()
    is_asked_politely = [word.lower() for word in words] == ["please", *(word.lower() for word in others)]
    return is_asked_politely or (len(words) == len(others) and sum(map(str.__ne__, words, others)) == 1)


def offered(seed: int = 0) -> list[str]:
    return [grammar().instruction(Random(f"{seed}/{number}")) for number in range(1000)]


@pytest.mark.parametrize("profile", ["modern", "paper"])
def test_a_faultless_list_is_eight_fit_tasks(profile: ProfileName) -> None:
    settings = Settings(**PROFILES[profile])
    for seed in range(50):
        given = listed(seed, with_faults=False)
        found = read_instructions(to_reply(given), settings)
        assert given.finish_reason == "stop"
        assert len(found) == 8
        assert all(isinstance(each, Candidate) and grammar().recognised(each.text) for each in found)


def test_a_list_of_classification_tasks_holds_nothing_else() -> None:
    prompt = prompt_set(classification_only=True).instructions
    for seed in range(20):
        found = read_instructions(to_reply(answered(prompt, demonstrations=SEEDS, seed=seed, with_faults=False)), Settings())
        for each in found:
            assert isinstance(each, Candidate)
            known = grammar().recognised(each.text)
            assert known is not None
            assert known.family.kind is Kind.CLASSIFICATION


def test_the_kind_of_a_known_task_is_answered_rightly() -> None:
    for instruction in offered()[:300]:
        known = grammar().recognised(instruction)
        assert known is not None
        found = answered(PROMPTS.classification, instruction=instruction, with_faults=False)
        assert ClassificationParser(form="published").read(to_reply(found)) == Classification(
            known.family.kind is Kind.CLASSIFICATION
        )


@pytest.mark.parametrize("profile", ["modern", "paper"])
def test_faultless_instances_pass_every_rule(profile: ProfileName) -> None:
    settings = Settings(**PROFILES[profile])
    for instruction in offered():
        known = grammar().recognised(instruction)
        assert known is not None
        is_it = known.family.kind is Kind.CLASSIFICATION
        given = answered(PROMPTS.output_first if is_it else PROMPTS.input_first, instruction=instruction, with_faults=False)
        found = read_instances(to_reply(given), instruction=instruction, is_classification=is_it, settings=settings)
        assert found, instruction
        assert not [each for each in found if isinstance(each, Rejection)], instruction


def test_instances_read_from_a_reply_are_those_that_were_written() -> None:
    settings = Settings()
    instruction = "Turn the stock list of a garden centre from CSV into a YAML list of mappings, sorted by the first column, "
    instruction += "for the archive of a local choir."
    given = answered(PROMPTS.input_first, instruction=instruction, with_faults=False)
    found = read_instances(to_reply(given), instruction=instruction, is_classification=False, settings=settings)
    assert len(found) >= 2
    for each in found:
        assert isinstance(each, Instance)
        assert each.input.startswith("plant,section,pieces\n")
        assert each.output.startswith("- plant: ")
        assert each.output.count("\n") >= 11


def test_faults_are_in_due_shares_of_the_lists() -> None:
    fates, items, cut = Counter[str](), 0, 0
    for seed in range(600):
        given = listed(seed, with_faults=True)
        clean = listed(seed, with_faults=False).text.split("\n")
        cut += given.finish_reason == "length"
        if given.finish_reason == "length":
            continue
        earlier = list(SEEDS)
        for number, (line, meant) in enumerate(zip(given.text.split("\n"), clean, strict=True)):
            task = line.strip() if number == 0 else line.split(". ", 1)[1]
            items += 1
            if line != meant:
                is_near = max(rouge_l(task, other) for other in earlier) >= 0.7
                fates["near"] += is_near
                fates["unfit"] += task in faults.UNFIT_TASKS
                assert task in faults.UNFIT_TASKS or any(is_nearly(task, other) for other in earlier)
            earlier.append(task)
    assert 0.09 <= fates["near"] / items <= 0.15
    assert 0.01 <= fates["unfit"] / items <= 0.03
    assert 0.01 <= cut / 600 <= 0.035


def test_a_cut_off_list_loses_its_last_item_alone() -> None:
    given = next(given for seed in range(500) if (given := listed(seed, with_faults=True)).finish_reason == "length")
    found = read_instructions(to_reply(given), Settings())
    cut = [each for each in found if isinstance(each, Rejection) and each.reason is Reason.CUT_OFF]
    assert len(cut) == 1
    assert len([each for each in found if isinstance(each, Candidate)]) >= 3


def test_now_and_then_the_question_is_not_answered_but_always_when_asked_again() -> None:
    undecided = 0
    for instruction in offered() + offered(1):
        first = to_reply(answered(PROMPTS.classification, instruction=instruction))
        if isinstance(ClassificationParser(form="tolerant").read(first), Rejection):
            undecided += 1
            second = to_reply(answered(PROMPTS.classification_again, instruction=instruction))
            assert isinstance(ClassificationParser(form="tolerant").read(second), Classification)
    assert 0.004 <= undecided / 2000 <= 0.018


def test_faults_are_in_due_shares_of_the_instances_and_of_every_kind() -> None:
    reasons, faulty = Counter[Reason](), 0
    for instruction in offered() + offered(1):
        known = grammar().recognised(instruction)
        assert known is not None
        is_it = known.family.kind is Kind.CLASSIFICATION
        prompt = PROMPTS.output_first if is_it else PROMPTS.input_first
        given = answered(prompt, instruction=instruction)
        if given == answered(prompt, instruction=instruction, with_faults=False):
            continue
        faulty += 1
        found = read_instances(to_reply(given), instruction=instruction, is_classification=is_it, settings=Settings())
        rejected = {each.reason for each in found if isinstance(each, Rejection)}
        assert rejected, (instruction, given)
        reasons.update(rejected)
    assert 0.02 <= faulty / 2000 <= 0.04
    assert set(reasons) >= {
        Reason.CUT_OFF, Reason.INPUT_EQUALS_OUTPUT, Reason.EMPTY_OUTPUT, Reason.TRAILING_COLON, Reason.NOT_A_LABEL,
        Reason.CONFLICTING_OUTPUTS,
    }  # fmt: skip


def test_another_seed_gives_another_list_and_the_same_seed_the_same() -> None:
    assert listed(0, with_faults=True) == listed(0, with_faults=True)
    assert listed(0, with_faults=True) != listed(1, with_faults=True)


_SCRIPT = """
import json, sys
from self_instruct.chains.offline.answering import answer
print(json.dumps([answer(text, seed=7).text for text in json.load(sys.stdin)]))
"""


def test_answers_do_not_depend_on_the_process() -> None:
    texts = [PROMPTS.instructions.format(demonstrations=SEEDS), PROMPTS.instructions.format(demonstrations=SEEDS[:3]), "Hello"]
    texts += [PROMPTS.input_first.format(instruction=instruction) for instruction in offered()[:30]]
    here = [answer(text, seed=7).text for text in texts]
    there = subprocess.run(
        [sys.executable, "-c", _SCRIPT], input=json.dumps(texts), capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONHASHSEED": "1"},
    )  # fmt: skip
    assert json.loads(there.stdout) == here
