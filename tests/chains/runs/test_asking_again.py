"""A reply that cannot be read is asked for once more, with what was wrong, and the ledger's promise holds with it."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import pytest
from langchain_core.language_models import FakeListChatModel
from support.runs import spent_in
from support.scripted import ScriptedAsker, dataset, plan, reply_to, run

from self_instruct.chains import instance_chain, instruction_chain
from self_instruct.chains.models.asking import ModelAsker
from self_instruct.chains.runs.loop import Loop
from self_instruct.chains.runs.outcome import Ending
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.chains.runs.replaying import replay
from self_instruct.ledger import Ledger, RequestId, TaskId
from self_instruct.records.errors import ModelUnavailableError
from self_instruct.records.replies import Refusal, Reply, Usage
from self_instruct.records.tasks import Candidate, Instance, Reason, Rejection, StageName
from self_instruct.reports.analysis.status import status
from self_instruct.reports.exports.original_files import INSTRUCTIONS_FILE, write_self_instruct
from self_instruct.reports.exports.selection import Selection, select
from self_instruct.settings.layers import Layer
from self_instruct.settings.settings import Settings

Answer: TypeAlias = Callable[[RequestId, Mapping[str, Any]], Reply]
UNREADABLE = {StageName.INSTRUCTIONS: "I'm sorry, but I can't help with that.", StageName.INSTANCES: "It is a good task."}
RIVER = "Name a river that flows through three countries."


def garbled(*stages: StageName, share: float = 0.5, attempts: tuple[int, ...] = (1,)) -> Answer:
    """Return an answerer that answers some requests of these stages with what cannot be read, the same each time."""

    def answer(request: RequestId, given: Mapping[str, Any]) -> Reply:
        chance = Random(f"{request.stage} {request.request} {request.item}").random()
        if request.stage in stages and request.attempt in attempts and chance < share:
            return Reply(UNREADABLE[request.stage], "stop", Usage(10, 5))
        return reply_to(request, given)

    return answer


EITHER = garbled(StageName.INSTRUCTIONS, StageName.INSTANCES)


def attempts_at(asker: ScriptedAsker, stage: StageName) -> set[int]:
    return {request.attempt for request in asker.asked if request.stage == stage}


@pytest.mark.parametrize("stage", [StageName.INSTRUCTIONS, StageName.INSTANCES])
def test_a_reply_that_cannot_be_read_is_asked_again_and_the_second_one_counts(tmp_path: Path, stage: StageName) -> None:
    asker = ScriptedAsker(garbled(stage))
    outcome, found = run(tmp_path, asker, num_instructions=20)
    assert outcome.ending is Ending.DONE
    assert attempts_at(asker, stage) == {1, 2}
    assert Reason.UNREADABLE not in {each.reason for _, each in found["rejections"]}


@pytest.mark.parametrize("stage", [StageName.INSTRUCTIONS, StageName.INSTANCES])
def test_a_second_reply_that_cannot_be_read_is_a_rejection(tmp_path: Path, stage: StageName) -> None:
    asker = ScriptedAsker(garbled(stage, share=0.3, attempts=(1, 2)))
    _, found = run(tmp_path, asker, num_instructions=20)
    refused = [each for _, each in found["rejections"] if each.reason is Reason.UNREADABLE]
    again = [request for request in asker.asked if request.stage == stage and request.attempt == 2]
    assert again
    assert 0 < len(refused) <= len(again)
    assert max(asker.asked.values()) == 1


@pytest.mark.parametrize("stage", [StageName.INSTRUCTIONS, StageName.INSTANCES])
def test_with_one_attempt_nothing_is_asked_again(tmp_path: Path, stage: StageName) -> None:
    asker = ScriptedAsker(garbled(stage, share=0.3))
    _, found = run(tmp_path, asker, num_instructions=20, **{stage: {"attempts": 1}})
    assert attempts_at(asker, stage) == {1}
    assert Reason.UNREADABLE in {each.reason for _, each in found["rejections"]}


def test_the_profile_paper_asks_once() -> None:
    with_defaults, paper = Settings(), RunPlan.new(Layer({"profile": "paper"}, {"profile": "--profile"})).settings
    assert (with_defaults.instructions.attempts, with_defaults.instances.attempts) == (2, 2)
    assert (paper.instructions.attempts, paper.classification.attempts, paper.instances.attempts) == (1, 1, 1)


@pytest.mark.parametrize("stage", [StageName.INSTRUCTIONS, StageName.INSTANCES])
def test_what_the_provider_refused_or_only_the_rules_refuse_is_not_asked_again(tmp_path: Path, stage: StageName) -> None:
    def answer(request: RequestId, given: Mapping[str, Any]) -> Reply:
        if request.stage != stage or (stage == StageName.INSTRUCTIONS and request.request > 3):
            return reply_to(request, given)
        if request.request % 2:
            return Refusal("this was flagged")
        return Reply("9. Short\n10. No" if stage == StageName.INSTRUCTIONS else "Input: x\nOutput: x", "stop")

    asker = ScriptedAsker(answer)
    run(tmp_path, asker, num_instructions=20)
    assert attempts_at(asker, stage) == {1}


@pytest.mark.parametrize("batched", [False, True])
def test_the_dataset_depends_neither_on_concurrency_nor_on_the_order_of_arrival(tmp_path: Path, batched: bool) -> None:
    settings = {"num_instructions": 40, "window": 5, "batched": batched}
    _, calm = run(tmp_path / "calm", ScriptedAsker(EITHER), concurrency=1, **settings)
    for number, concurrency in enumerate([2, 7, 64]):
        asker = ScriptedAsker(EITHER, shuffle=Random(number))
        _, wild = run(tmp_path / str(number), asker, concurrency=concurrency, **settings)
        assert wild == calm


def test_a_run_that_fails_between_the_attempts_goes_on_and_repeats_nothing(tmp_path: Path) -> None:
    _, calm = run(tmp_path / "calm", ScriptedAsker(EITHER), num_instructions=40)
    asker = ScriptedAsker(EITHER, shuffle=Random(1))
    weather = Random(2)
    failed: set[RequestId] = set()

    def fail(request: RequestId) -> None:
        if weather.random() < (0.7 if request.attempt == 2 else 0.05):
            failed.add(request)
            asker.asked[request] -= 1
            raise ModelUnavailableError("503")

    asker.fail = fail
    while run(tmp_path / "rough", asker, num_instructions=40)[0].ending is not Ending.DONE:
        pass
    assert run(tmp_path / "rough", None, num_instructions=40)[1] == calm
    assert {request.stage for request in failed if request.attempt == 2} >= {StageName.INSTRUCTIONS, StageName.INSTANCES}
    assert max(asker.asked.values()) == 1


def test_a_target_reached_step_by_step_gives_the_same(tmp_path: Path) -> None:
    _, whole = run(tmp_path / "whole", ScriptedAsker(EITHER), num_instructions=30)
    for target in (1, 2, 11, 12, 30):
        run(tmp_path / "steps", ScriptedAsker(EITHER), num_instructions=target)
    assert run(tmp_path / "steps", None, num_instructions=30)[1] == whole


def test_both_attempts_are_counted_and_max_requests_holds(tmp_path: Path) -> None:
    asker = ScriptedAsker(EITHER)
    run(tmp_path, asker, num_instructions=40, max_requests=9)
    with Ledger.open(tmp_path, read_only=True) as ledger:
        assert spent_in(ledger).requests == sum(asker.asked.values()) == 9
        assert spent_in(ledger).usage.input_tokens == 90


def test_the_second_prompt_says_what_was_wrong_and_is_the_first_one_otherwise(tmp_path: Path) -> None:
    answers = {1: Reply("", "stop"), 2: Reply(" " + RIVER, "stop")}

    def answer(request: RequestId, given: Mapping[str, Any]) -> Reply:
        return answers[request.attempt] if request.stage == StageName.INSTRUCTIONS else reply_to(request, given)

    run(tmp_path, ScriptedAsker(answer), num_instructions=1, window=1)
    with Ledger.open(tmp_path, read_only=True) as ledger:
        first, second = ledger.prompt(0), ledger.prompt(0, attempt=2)
        assert first
        assert second
        assert second.startswith(f"{first}\n\nThe last answer was empty. Write each new task on a line of its own")
        [task] = ledger.tasks()
        assert task.id == TaskId(0, 1), "items of the second reply are counted on from the end of the first"
        assert task.attempt == 2


def test_an_export_shows_the_reply_that_a_task_was_read_from(tmp_path: Path) -> None:
    def answer(request: RequestId, given: Mapping[str, Any]) -> Reply:
        text = UNREADABLE[StageName.INSTRUCTIONS] if request.attempt == 1 else " " + RIVER
        return Reply(text) if request.stage == StageName.INSTRUCTIONS else reply_to(request, given)

    run(tmp_path, ScriptedAsker(answer), num_instructions=1, window=1)
    with Ledger.open(tmp_path, read_only=True) as ledger:
        write_self_instruct(select(ledger, RunPlan.of(ledger), Selection(), with_seeds=False), tmp_path / "out")
    row = (tmp_path / "out" / INSTRUCTIONS_FILE).read_text()
    assert f'"text": " {RIVER}"' in row
    assert "The last answer could not be read" in row


# replay


def test_a_replay_that_would_ask_again_counts_the_task_as_unanswered(tmp_path: Path) -> None:
    once = {"instances": {"attempts": 1}, "classification": {"attempts": 1}}
    run(tmp_path / "run", ScriptedAsker(garbled(StageName.INSTANCES)), num_instructions=12, **once)
    given = Layer({"instances.attempts": 2}, {"instances.attempts": "--set"})
    with Ledger.open(tmp_path / "run") as before, replay(before, tmp_path / "new", given) as after:
        waiting = status(after).unanswered
        assert waiting[StageName.INSTANCES] > 0
        assert len(list(after.tasks())) >= 12


def test_a_replay_decides_instruction_replies_without_asking_again_and_to_the_end(tmp_path: Path) -> None:
    once = {"instructions": {"attempts": 1}}
    _, found = run(tmp_path / "run", ScriptedAsker(garbled(StageName.INSTRUCTIONS, share=0.3)), num_instructions=20, **once)
    given = Layer({"instructions.attempts": 2}, {"instructions.attempts": "--set"})
    with Ledger.open(tmp_path / "run") as before, replay(before, tmp_path / "new", given) as after:
        again = dataset(after)
        assert [task for task in again["tasks"] if task in found["tasks"]] == found["tasks"]
        assert Reason.UNREADABLE in {each.reason for _, each in after.rejections()}


def test_a_task_of_the_second_reply_is_never_taken_for_one_of_the_first(tmp_path: Path) -> None:
    """Under rules that ask once, the follow-up replies of a second reply's tasks belong to no task."""
    run(tmp_path / "run", ScriptedAsker(garbled(StageName.INSTRUCTIONS, share=1)), num_instructions=12)
    paper = Layer({"profile": "paper"}, {"profile": "--profile"})
    with Ledger.open(tmp_path / "run") as before, replay(before, tmp_path / "new", paper) as after:
        kept = list(after.tasks())
        assert {task.instruction for task in kept} <= {"I'm sorry, but i can't help with that."}
        assert all(task.awaits == RequestId(StageName.CLASSIFICATION, task.id.request, 0) for task in kept)


def test_a_replay_under_the_same_rules_gives_the_same(tmp_path: Path) -> None:
    _, found = run(tmp_path / "run", ScriptedAsker(EITHER), num_instructions=12, window=1)
    with Ledger.open(tmp_path / "run") as before, replay(before, tmp_path / "new", Layer()) as after:
        assert dataset(after)["tasks"][:12] == found["tasks"]
        assert list(after.instances())[: len(found["instances"])] == found["instances"]


def test_a_run_of_version_0_1_goes_on_as_it_began(tmp_path: Path) -> None:
    facts = plan(num_instructions=12).facts()
    for stage in (StageName.INSTRUCTIONS, StageName.INSTANCES):
        del facts["settings"][stage]["attempts"]
    facts["templates"] = {name: text for name, text in facts["templates"].items() if "again" not in name}
    with Ledger.create(tmp_path, facts) as ledger:
        stored = RunPlan.of(ledger)
        assert (stored.settings.instructions.attempts, stored.settings.instances.attempts) == (1, 1)
        assert asyncio.run(Loop(ledger, stored, ScriptedAsker(EITHER)).run()).ending is Ending.DONE


# the stages alone, and through the real way of asking


def test_an_instruction_chain_asks_again_after_a_reply_without_any_task() -> None:
    model = FakeListChatModel(responses=[UNREADABLE[StageName.INSTRUCTIONS], " " + RIVER])
    shown: Any = {"demonstrations": ["one", "two"]}
    assert instruction_chain(model).invoke(shown) == [Candidate(0, RIVER)]


@pytest.mark.parametrize("is_classification", [True, False])
async def test_an_instance_chain_asks_again_after_a_reply_without_any_instance(is_classification: bool) -> None:
    labels = "Class label: warm\nthe sun\nClass label: cold\nthe snow"
    readable = labels if is_classification else "Input: the sun\nOutput: warm\nInput: the snow\nOutput: cold"
    both = [Instance("the sun", "warm"), Instance("the snow", "cold")]
    given: Any = {"instruction": "Say how it feels.", "is_classification": is_classification}
    for _ in range(2):
        model = FakeListChatModel(responses=["", readable])
        assert instance_chain(model).invoke(given) == both
    assert await instance_chain(FakeListChatModel(responses=["", readable])).ainvoke(given) == both
    refused = instance_chain(FakeListChatModel(responses=["", "Hm."])).invoke(given)[-1]
    assert isinstance(refused, Rejection)
    assert (refused.reason, refused.text) == (Reason.UNREADABLE, "Hm.")


class Remembering(FakeListChatModel):
    """Remembers the prompts it was given."""

    prompts: list[str]

    def _call(self, messages: Any, *args: Any, **kwargs: Any) -> str:
        self.prompts.append(messages[-1].content)
        return super()._call(messages, *args, **kwargs)


@pytest.mark.parametrize(("reply", "said"), [("", "was empty."), ("Hm.", "could not be read")])
def test_the_model_is_told_what_was_wrong(tmp_path: Path, reply: str, said: str) -> None:
    settled = plan(num_instructions=1, window=1, concurrency=1)
    model = Remembering(responses=[f" {RIVER}", "No", reply, "Output: the Rhine"], prompts=[])
    asker = ModelAsker(dict.fromkeys(StageName, model))
    with Ledger.create(tmp_path, settled.facts()) as ledger:
        asyncio.run(Loop(ledger, settled, asker).run())
        assert [instance.output for _, instance in ledger.instances()] == ["the Rhine"]
    _, _, first, second = model.prompts
    asked, complaint = second.split("\n\n")
    assert asked == first
    assert said in complaint
