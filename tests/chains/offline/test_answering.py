"""Answers to the real prompts: read by the real parsers they hold what the grammar meant, but for the faults, in due shares."""

import os
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from self_instruct.chains.offline.answering import Answer, answer
from self_instruct.chains.offline.draws import Draws
from self_instruct.chains.offline.family import Kind
from self_instruct.chains.offline.grammar import grammar
from self_instruct.chains.offline.guessing import guessed_instances, is_probably_classification
from self_instruct.chains.offline.phrases import PHRASES
from self_instruct.chains.stages.instances import InstanceStage
from self_instruct.chains.stages.instructions import InstructionStage
from self_instruct.ledger import RequestId
from self_instruct.prompts import ClassificationParser, prompt_set
from self_instruct.prompts.stage_prompt import StagePrompt
from self_instruct.records.replies import Reply
from self_instruct.records.tasks import Candidate, Classification, Instance, Reason, Rejection, Task
from self_instruct.retrievers.rouge import rouge_l
from self_instruct.settings.profiles import PROFILES
from self_instruct.settings.sections import ProfileName
from self_instruct.settings.settings import Settings

PROMPTS = prompt_set()
SEEDS = [seed + " the sea and what lives in it." for seed in ("Describe", "Explain", "Draw up a list about", "Praise")]


def answered(prompt: StagePrompt, *, with_faults: bool, seed: int = 0, **variables: object) -> Answer:
    value: Any = prompt.format_prompt(**variables)
    return answer(value.text, value.system, seed=seed, with_faults=with_faults)


def read_instructions(reply: Reply, rules: Settings) -> list[Any]:
    return list(InstructionStage(rules, PROMPTS).decide(RequestId("instructions", 0), (), reply).read)


def read_instances(reply: Reply, *, instruction: str, is_classification: bool, settings: Settings) -> list[Any]:
    about = Task(instruction, is_classification)
    return list(InstanceStage(settings, PROMPTS).decide(RequestId("instances", 0), about, reply).read)


def listed(seed: int, *, with_faults: bool, prompt: StagePrompt = PROMPTS.instructions) -> Answer:
    return answered(prompt, demonstrations=SEEDS, subjects=["tea"] * len(SEEDS), seed=seed, with_faults=with_faults)


def written(task: str, is_it: bool, rules: Settings, *, with_faults: bool) -> list[Instance | Rejection]:
    prompt = PROMPTS.output_first if is_it else PROMPTS.input_first
    said = answered(prompt, instruction=task, with_faults=with_faults, seed=1)  # under which no kind of fault is missing
    return read_instances(Reply(said.text, said.finish_reason), instruction=task, is_classification=is_it, settings=rules)


def is_known_classification(task: str) -> bool:
    known = grammar().recognised(task)
    assert known is not None
    return known.family.kind is Kind.CLASSIFICATION


OFFERED = [grammar().instruction(Draws.keyed(number)) for number in range(2000)]


@pytest.mark.parametrize("profile", ["modern", "paper"])
def test_without_faults_every_reply_passes_every_rule(profile: ProfileName) -> None:
    rules = Settings(**PROFILES[profile])
    for seed in range(50):
        found = read_instructions(Reply(listed(seed, with_faults=False).text, "stop"), rules)
        assert [type(each) for each in found] == [Candidate] * 4
        assert all(grammar().recognised(each.text) for each in found)
        labelled = listed(seed, with_faults=False, prompt=prompt_set(classification_only=True).instructions).text
        assert all(is_known_classification(each.text) for each in read_instructions(Reply(labelled, "stop"), rules))
    for task, is_it in ((task, is_known_classification(task)) for task in OFFERED[:300]):
        said = answered(PROMPTS.classification, instruction=task, with_faults=False).text
        assert ClassificationParser(form="published").read(Reply(said, "stop")) == Classification(is_it)
        assert {type(each) for each in written(task, is_it, rules, with_faults=False)} == {Instance}, task


def test_faults_are_in_due_shares_of_the_lists() -> None:
    shares, items = Counter[str](), Counter[str]()
    for seed in range(800):
        said, meant = listed(seed, with_faults=True), listed(seed, with_faults=False).text.split("\n")
        first, *others = lines = said.text.split("\n")
        shares["cut off"] += said.finish_reason == "length"
        shares["no list"] += said.text in PHRASES["no list"]
        shares["misnumbered"] += len(lines) == 4 and lines[1][:2] == lines[2][:2]
        if said.finish_reason == "stop" and others:
            tasks = [first.strip(), *(line.split(". ", 1)[1] for line in others)]
            changed = [(at, task) for at, task in enumerate(tasks) if not meant[at].endswith(task)]
            items["unfit"] += sum(task in PHRASES["unfit tasks"] for _, task in changed)
            items["near"] += sum(max(rouge_l(task, other) for other in [*SEEDS, *tasks[:at]]) >= 0.7 for at, task in changed)
    found = shares + items  # of 800 lists, and of their 3,200 items
    bounds = {"no list": (3, 15), "cut off": (8, 24), "misnumbered": (12, 36), "unfit": (32, 96), "near": (288, 480)}
    assert all(low <= found[fault] <= high for fault, (low, high) in bounds.items()), found


def test_faults_are_in_due_shares_of_the_other_replies_and_of_every_kind() -> None:
    reasons, undecided, faulty, parser = Counter[Reason](), 0, 0, ClassificationParser(form="tolerant")
    for task, is_it in ((task, is_known_classification(task)) for task in OFFERED):
        if isinstance(parser.read(Reply(answered(PROMPTS.classification, instruction=task, with_faults=True).text)), Rejection):
            undecided += 1
            again = answered(PROMPTS.classification_again, instruction=task, with_faults=True).text
            assert parser.read(Reply(again)) == Classification(is_it)
        rejected = {each.reason for each in written(task, is_it, Settings(), with_faults=True) if isinstance(each, Rejection)}
        faulty += bool(rejected)
        reasons.update(rejected)
    assert (36 >= undecided >= 8, 100 >= faulty >= 50) == (True, True), (undecided, faulty)
    assert set(reasons) >= {
        Reason.CUT_OFF, Reason.UNREADABLE, Reason.INPUT_EQUALS_OUTPUT, Reason.EMPTY_OUTPUT, Reason.TRAILING_COLON,
        Reason.NOT_A_LABEL, Reason.CONFLICTING_OUTPUTS,
    }  # fmt: skip


def test_answers_depend_on_the_prompt_and_the_seed_alone_in_any_process() -> None:
    text = PROMPTS.instructions.format(demonstrations=SEEDS, subjects=["tea"] * len(SEEDS))
    script = f"from self_instruct.chains.offline.answering import answer; print(answer({text!r}, seed=7).text, end='')"
    there = subprocess.check_output([sys.executable, "-c", script], text=True, env={**os.environ, "PYTHONHASHSEED": "1"})
    assert there == answer(text, seed=7).text != answer(text, seed=8).text


@pytest.mark.parametrize(
    ("task", "is_it"),
    [("Label the review as positive or negative.", True), ("Say whether the number is prime.", True), ("Reply Yes/No.", True),
     ("Categorise the animal.", True), ("Write a short poem.", False), ("Explain why the sky is blue.", False), ("", False)],
)  # fmt: skip
def test_of_tasks_it_does_not_know_a_choice_of_labels_is_taken_for_classification(task: str, is_it: bool) -> None:
    assert is_probably_classification(task) is is_it
    labels = {instance.output for instance in guessed_instances(task, True, Draws.keyed(0))}
    assert labels == ({"positive", "negative"} if "positive" in task else {"Yes", "No"})


@settings(max_examples=50)
@given(st.text(max_size=300))
@example("as " + "a" * 200_000)
@example("either " + "a, " * 70_000)
@example("a/" * 100_000)
@example("\n<<<old output\n")
def test_any_instruction_gets_instances_that_pass_the_rules(task: str) -> None:
    for prompt, is_it in ((PROMPTS.input_first, False), (PROMPTS.output_first, True)):
        reply = Reply(answer(prompt.format(instruction=task), with_faults=False).text, "stop")
        found = read_instances(reply, instruction="?", is_classification=is_it, settings=Settings())
        assert {type(each) for each in found} == {Instance}
