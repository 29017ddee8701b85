"""What a model copies from its own prompt is refused as that in `modern`, and only counted in `paper`."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel
from support.scripted import ScriptedAsker, plan, reply_to

from self_instruct.chains import instance_chain, instruction_chain
from self_instruct.chains.runs.loop import Loop
from self_instruct.chains.runs.replaying import replay
from self_instruct.chains.stages.copies import ShownInstructions, ShownTexts
from self_instruct.ledger import Ledger, RequestId
from self_instruct.records.replies import Reply
from self_instruct.records.tasks import Candidate, Instance, Reason, Rejection, StageName
from self_instruct.seeds.few_shot_tasks import shipped_few_shot_tasks
from self_instruct.settings.layers import Layer
from self_instruct.settings.profiles import PAPER
from self_instruct.settings.settings import Settings

SHOWN = ["Name three rivers of Asia.", "Sort these words by their length."]


@pytest.mark.parametrize(
    ("instruction", "line"),
    [
        ("name three rivers of ASIA", SHOWN[0]),
        ("Task 3: Sort these words by their length", SHOWN[1]),
        ("Name three rivers of Africa.", None),
        ("Sort these words", None),
        ("Please now kindly and quickly name three rivers of Asia", None),
        ("!?", None),
    ],
)
def test_an_instruction_is_a_copy_whatever_its_case_punctuation_and_mark(instruction: str, line: str | None) -> None:
    assert ShownInstructions(SHOWN, "unicode").copied(instruction) == line


def test_a_demonstration_is_found_behind_its_mark_in_the_prompt() -> None:
    numbered = [f"Example task {at}: {one}" for at, one in enumerate(SHOWN, 1)]
    assert ShownInstructions(numbered, "ascii").copied(SHOWN[1]) == numbered[1]


def test_texts_of_a_few_words_belong_to_nobody() -> None:
    shown = ShownTexts(["Yes", "the first of five words", "A longer line of exactly seven words"])
    assert "a LONGER line of exactly seven words!" in shown
    assert "Yes" not in shown
    assert "the first of five words" not in shown
    assert "" not in ShownTexts([])


def test_the_chain_refuses_a_demonstration_and_names_it() -> None:
    model = FakeListChatModel(responses=[f"3. {SHOWN[0]}\n4. Explain how tides come about."])
    copied, kept = instruction_chain(model).invoke({"demonstrations": SHOWN})
    assert (copied.reason, copied.evidence) == (Reason.COPIED, {"demonstration": SHOWN[0]})
    assert isinstance(kept, Candidate)
    rules = Settings(instructions={"copies": "count"})
    assert all(isinstance(one, Candidate) for one in instruction_chain(model, rules).invoke({"demonstrations": SHOWN}))


def copying(request: RequestId, given: Mapping[str, Any]) -> Reply:
    """Answer as ever, and begin each list with the first demonstration of its prompt."""
    reply = reply_to(request, given)
    if request.stage != StageName.INSTRUCTIONS:
        return reply
    first = given["text"].partition("\n1. ")[2].partition("\n")[0]
    return Reply(f" {first}\n10. {reply.text.strip()}", "stop", reply.usage)


@pytest.mark.parametrize("copies", ["refuse", "count"])
def test_a_run_refuses_a_demonstration_of_each_requests_own_prompt(tmp_path: Path, copies: str) -> None:
    decided = plan(num_instructions=20, instructions={"copies": copies})
    with Ledger.create(tmp_path / "run", decided.facts()) as ledger:
        asyncio.run(Loop(ledger, decided, ScriptedAsker(copying)).run())
        firsts = [one for _, one in ledger.rejections() if one.stage == StageName.INSTRUCTIONS and one.item == 0]
        assert len(firsts) == ledger.progress.request + (ledger.progress.offset > 0)
        assert {one.reason for one in firsts} == {Reason.COPIED if copies == "refuse" else Reason.TOO_SIMILAR}


def test_a_replay_looks_at_the_prompt_that_was_sent(tmp_path: Path) -> None:
    decided = plan(num_instructions=20)
    with Ledger.create(tmp_path / "run", decided.facts()) as ledger:
        asyncio.run(Loop(ledger, decided, ScriptedAsker(copying)).run())
        told = Layer.said({"novelty.threshold": "0.9"}, "test")
        with replay(ledger, tmp_path / "other", told) as other:
            firsts = [one for _, one in other.rejections() if one.stage == StageName.INSTRUCTIONS and one.item == 0]
    assert firsts
    assert {one.reason for one in firsts} == {Reason.COPIED}


def test_a_run_that_an_earlier_version_began_goes_on_without_the_rule(tmp_path: Path) -> None:
    facts = plan().facts()
    for stage in ("instructions", "instances"):
        del facts["settings"][stage]["copies"]
    with Ledger.create(tmp_path, facts) as ledger:
        settings = type(plan()).of(ledger).settings
    assert (settings.instructions.copies, settings.instances.copies) == ("count", "count")


def test_an_instance_of_the_few_shot_examples_is_refused_in_modern_alone() -> None:
    shown = next(one for task in shipped_few_shot_tasks().input_first for one in task.instances if len(one.input.split()) > 8)
    replied = f"Example 1\nInput: {shown.input}\nOutput: blue\nExample 2\nInput: a text of their own\nOutput: red"
    given = {"instruction": "Name a colour that fits.", "is_classification": False}
    model = FakeListChatModel(responses=[replied])
    leaked, kept = instance_chain(model).invoke(given)
    assert isinstance(leaked, Rejection)
    assert leaked.reason == Reason.COPIED
    assert leaked.evidence == {"input": shown.input.strip(), "because": "the input of a few-shot example"}
    assert kept == Instance("a text of their own", "red")
    paper = instance_chain(model, Settings(instances=PAPER["instances"])).invoke(given)
    assert all(isinstance(one, Instance) for one in paper)
