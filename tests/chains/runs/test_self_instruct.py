"""The front door: a run from Python, where an event loop runs and where none does, with any model object."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import FakeListChatModel
from langchain_core.runnables import RunnableLambda
from support.runs import spent_in

from self_instruct import SelfInstruct, Settings
from self_instruct.chains import RunEnded, TaskKept, load_model
from self_instruct.chains.runs.outcome import Ending, Snapshot
from self_instruct.ledger import Ledger
from self_instruct.records.errors import InputError, SettingsError
from self_instruct.records.tasks import Task, flags_in


def instructions(directory: Path) -> list[str]:
    with Ledger.open(directory, read_only=True) as ledger:
        return [task.instruction for task in ledger.tasks()]


def test_a_run_in_one_call_gives_finished_tasks_as_records(tmp_path: Path) -> None:
    result = SelfInstruct("offline", num_instructions=4).run(tmp_path / "run")
    tasks = list(result.tasks())
    assert (result.ending, result.is_done, result.sentence) == (Ending.DONE, True, "4 instructions kept")
    assert [type(task) for task in tasks] == [Task] * 4
    assert [task.instruction for task in tasks] == instructions(tmp_path / "run")
    assert all(task.instances for task in tasks if task.is_classification is not None)


def test_the_same_call_goes_on_and_a_higher_target_is_one_dataset(tmp_path: Path) -> None:
    whole = SelfInstruct("offline", num_instructions=9).run(tmp_path / "whole")
    for target in (3, 9, 9):
        result = SelfInstruct("offline", num_instructions=target).run(tmp_path / "parts")
    assert list(result.tasks()) == list(whole.tasks())


async def test_a_run_is_awaited_where_an_event_loop_runs(tmp_path: Path) -> None:
    seen: list[Snapshot] = []
    result = await SelfInstruct("offline", num_instructions=3).arun(tmp_path / "run", on_progress=seen.append)
    assert result.is_done
    assert [snapshot.kept for snapshot in seen] == sorted(snapshot.kept for snapshot in seen)
    assert seen[-1].kept == 3


async def test_without_await_it_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="arun"):
        SelfInstruct("offline").run(tmp_path / "run")
    assert not (tmp_path / "run").exists()


async def test_events_come_as_they_happen_and_the_end_comes_last(tmp_path: Path) -> None:
    events = [event async for event in SelfInstruct("offline", num_instructions=3).astream(tmp_path / "run")]
    kept = [event.instruction for event in events if isinstance(event, TaskKept)]
    assert kept == instructions(tmp_path / "run")
    assert isinstance(events[-1], RunEnded)
    assert events[-1].result.is_done
    assert any(isinstance(event, Snapshot) for event in events)


async def test_leaving_the_events_stops_the_run_and_loses_nothing(tmp_path: Path) -> None:
    events: AsyncIterator[Any] = SelfInstruct("offline", num_instructions=40).astream(tmp_path / "run")
    async for event in events:
        if isinstance(event, TaskKept):
            break
    await events.aclose()  # type: ignore[attr-defined]
    assert 0 < len(instructions(tmp_path / "run")) < 40
    again = await SelfInstruct("offline", num_instructions=40).arun(tmp_path / "run")
    whole = await SelfInstruct("offline", num_instructions=40).arun(tmp_path / "whole")
    assert list(again.tasks()) == list(whole.tasks())


async def test_what_ends_a_run_badly_reaches_whoever_reads_its_events(tmp_path: Path) -> None:
    def broken(_: object) -> str:
        raise KeyError("no such thing")

    with pytest.raises(KeyError):
        async for _ in SelfInstruct(RunnableLambda(broken), num_instructions=3).astream(tmp_path / "run"):
            pass


class Counting(BaseCallbackHandler):
    def __init__(self) -> None:
        self.stages: list[str] = []

    def on_chat_model_start(self, serialized: Any, messages: Any, *, metadata: Any = None, **rest: Any) -> None:
        self.stages.append(metadata["stage"])


def test_callbacks_see_every_request_with_its_identity(tmp_path: Path) -> None:
    counting = Counting()
    SelfInstruct("offline", num_instructions=2).run(tmp_path / "run", config={"callbacks": [counting]})
    with Ledger.open(tmp_path / "run", read_only=True) as ledger:
        assert len(counting.stages) == spent_in(ledger).requests
    assert set(counting.stages) == {"instructions", "classification", "instances"}


def test_any_model_object_drives_a_run_with_fallbacks_around_it_too(tmp_path: Path) -> None:
    broken = FakeListChatModel(responses=["x"], error_on_chunk_number=0)
    offline = load_model("offline")
    wrapped = RunnableLambda(lambda _: 1 / 0).with_fallbacks([offline])
    plain = SelfInstruct("offline", num_instructions=3).run(tmp_path / "plain")
    for name, model in (("object", offline), ("fallbacks", wrapped)):
        result = SelfInstruct(model, model_name=name, num_instructions=3).run(tmp_path / name)
        assert list(result.tasks()) == list(plain.tasks())
        with Ledger.open(tmp_path / name, read_only=True) as ledger:
            assert {key[1] for key in ledger.spending()} == {name}
    assert broken


def test_a_stage_may_have_a_model_object_of_its_own(tmp_path: Path) -> None:
    yes = FakeListChatModel(responses=["Yes"])
    result = SelfInstruct("offline", models={"classification": yes}, num_instructions=2, instances={"min_labels": 0}).run(
        tmp_path / "run"
    )
    assert {task.is_classification for task in result.tasks()} == {True}
    with Ledger.open(tmp_path / "run", read_only=True) as ledger:
        assert len({key[1] for key in ledger.spending()}) == 2


def test_two_model_objects_of_one_name_are_refused_until_they_are_named_apart(tmp_path: Path) -> None:
    yes, no = FakeListChatModel(responses=["Yes"]), FakeListChatModel(responses=["No"])
    given: dict[str, Any] = {"models": {"classification": yes, "instances": no}, "num_instructions": 2}
    with pytest.raises(SettingsError, match="FakeListChatModel'; name them apart"):
        SelfInstruct("offline", **given)
    with pytest.raises(SettingsError, match="two models are called 'offline'"):
        SelfInstruct("offline", models={"classification": yes}, model_name={"classification": "offline"})
    SelfInstruct("offline", **given, model_name={"instances": "no"}).run(tmp_path / "run")
    with Ledger.open(tmp_path / "run", read_only=True) as ledger:
        named = {stage: model for stage, model, _ in ledger.spending()}
    assert named["classification"] != named["instances"] == "no"


def test_settings_and_keywords_say_the_same_and_a_model_said_twice_is_refused(tmp_path: Path) -> None:
    settings = Settings(num_instructions=2, seed=3)
    one = SelfInstruct("offline", settings=settings).run(tmp_path / "one")
    two = SelfInstruct("offline", num_instructions=2, seed=3).run(tmp_path / "two")
    assert list(one.tasks()) == list(two.tasks())
    with pytest.raises(SettingsError, match="a model is given too"):
        SelfInstruct("offline", settings=Settings(model="offline"))
    with pytest.raises(SettingsError, match="there is no setting 'num_instruction'"):
        SelfInstruct("offline", num_instruction=3).run(tmp_path / "three")


def test_two_runs_go_on_in_one_event_loop(tmp_path: Path) -> None:
    async def both() -> list[Any]:
        door = SelfInstruct("offline", num_instructions=3)
        return await asyncio.gather(door.arun(tmp_path / "a"), door.arun(tmp_path / "b"))

    first, second = asyncio.run(both())
    assert list(first.tasks()) == list(second.tasks())


def test_a_forgotten_model_is_said_and_an_existing_run_knows_its_own(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no model is given"):
        SelfInstruct(num_instructions=2).run(tmp_path / "run")
    assert not (tmp_path / "run").exists()
    SelfInstruct("offline", num_instructions=2).run(tmp_path / "run")
    assert SelfInstruct(num_instructions=3).run(tmp_path / "run").is_done


def test_what_would_be_passed_over_is_refused(tmp_path: Path) -> None:
    offline = load_model("offline")

    async def later(_: Snapshot) -> None:
        raise AssertionError

    with pytest.raises(SettingsError, match="model_name names 'model', for which no model object is given"):
        SelfInstruct("offline", model_name="mine")
    with pytest.raises(SettingsError, match="model_name names 'instnces'"):
        SelfInstruct(offline, model_name={"model": "mine", "instnces": "x"})
    with pytest.raises(SettingsError, match="base_url is for a model that is named"):
        SelfInstruct(offline, base_url="http://127.0.0.1:9/v1")
    with pytest.raises(SettingsError, match=r"instances\.model_options\.sed is for a model"):
        SelfInstruct("offline", models={"instances": offline}, instances={"model_options": {"sed": 1}})
    with pytest.raises(InputError, match="called and not awaited"):
        SelfInstruct("offline").run(tmp_path / "run", on_progress=later)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="its setting `concurrency`"):
        SelfInstruct("offline").run(tmp_path / "run", config={"max_concurrency": 1})
    assert not (tmp_path / "run").exists()


async def test_closing_the_events_lets_another_go_on_with_the_run(tmp_path: Path) -> None:
    door = SelfInstruct("offline", num_instructions=20)
    async with aclosing(door.astream(tmp_path / "run")) as events:  # type: ignore[type-var]
        async for event in events:
            if isinstance(event, TaskKept):
                break
    assert (await door.arun(tmp_path / "run")).is_done


def test_the_tasks_of_a_result_carry_what_is_said_of_their_instances(tmp_path: Path) -> None:
    writing = FakeListChatModel(responses=["Output: Dear [Name], how are you this fine morning?"])
    models = {"classification": FakeListChatModel(responses=["text"]), "instances": writing}
    result = SelfInstruct("offline", models=models, model_name={"instances": "writing"}, num_instructions=1).run(
        tmp_path / "run"
    )
    [task] = result.tasks()
    assert [flag.rule for verdict in task.verdicts for flag in flags_in(verdict)] == ["placeholder"]


def test_a_model_that_gives_neither_message_nor_text_is_one_clear_line(tmp_path: Path) -> None:
    parsed = load_model("offline") | RunnableLambda(lambda message: {"said": message.content})
    with pytest.raises(SettingsError, match="the model gives a dict, not a message or text"):
        SelfInstruct(parsed, model_name="parsed", num_instructions=1).run(tmp_path / "run")
