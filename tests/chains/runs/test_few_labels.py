"""A classification task that shows too few labels is asked about again as one of another kind."""

from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel
from support.scripted import ScriptedAsker, reply_to, run

from self_instruct.chains import instance_chain, task_chain
from self_instruct.chains.runs.deciding import tally_of
from self_instruct.chains.runs.outcome import Ending
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger, RequestId
from self_instruct.records.errors import ModelUnavailableError
from self_instruct.records.replies import Reply, Usage
from self_instruct.records.tasks import Instance, Reason, StageName
from self_instruct.settings.layers import Layer
from self_instruct.settings.settings import Settings

ONE = "Class label: cold\nthe snow"
OPEN = "Input: the snow\nOutput: It feels cold."
NAMED = "Classify how it feels as warm or cold."


def one_label(request: RequestId, given: Mapping[str, Any]) -> Reply:
    """Answer that all tasks are classification tasks, and give those of every second request one label."""
    if request.stage == StageName.CLASSIFICATION:
        return Reply("Yes", "stop", Usage(10, 1))
    if request.stage != StageName.INSTANCES or request.request % 2:
        return reply_to(request, given)
    return Reply(f"{OPEN} {request.item}" if request.instance else ONE, "stop", Usage(10, 5))


def test_a_task_with_one_label_is_asked_about_again_as_another(tmp_path: Path) -> None:
    asker = ScriptedAsker(one_label)
    outcome, found = run(tmp_path, asker, num_instructions=20)
    assert outcome.ending is Ending.DONE
    again = {request.task for request in asker.asked if request.stage == StageName.INSTANCES and request.instance}
    kinds = {place: kind for place, _, kind, _ in found["tasks"]}
    assert {place for place, kind in kinds.items() if not kind} == again == {place for place in kinds if not place.request % 2}
    assert {instance.output for place, instance in found["instances"] if place in again} == {
        f"It feels cold. {task.item}" for task in again
    }
    assert {place for place, each in found["rejections"] if each.reason is Reason.FEW_LABELS} == again
    assert max(asker.asked.values()) == 1


def test_how_many_are_classification_tasks_is_counted_as_it_turns_out(tmp_path: Path) -> None:
    _, found = run(tmp_path, ScriptedAsker(one_label), num_instructions=20)
    kinds = [kind for _, _, kind, _ in found["tasks"]]
    with Ledger.open(tmp_path) as ledger:
        assert tally_of(ledger, Settings()).kinds == {True: kinds.count(True), False: kinds.count(False)}


def test_the_dataset_is_the_same_after_failures_and_in_any_order(tmp_path: Path) -> None:
    _, calm = run(tmp_path / "calm", ScriptedAsker(one_label), num_instructions=20)
    weather, asker = Random(1), ScriptedAsker(one_label, shuffle=Random(2))

    def fail(request: RequestId) -> None:
        if weather.random() < (0.6 if request.instance else 0.05):
            asker.asked[request] -= 1
            raise ModelUnavailableError("busy")

    asker.fail = fail
    for _ in range(100):
        outcome, found = run(tmp_path / "wild", asker, num_instructions=20)
        if outcome.ending is Ending.DONE:
            break
    assert found == calm
    assert max(asker.asked.values()) == 1


def test_none_at_all_ends_as_another_kind_of_task_too() -> None:
    model = FakeListChatModel(responses=["Yes", "Hm.", "Hm.", OPEN])
    task = task_chain(model).invoke("Say how it feels.")
    assert (task.is_classification, task.instances) == (False, (Instance("the snow", "It feels cold."),))
    assert [each.reason for each in task.rejections] == [Reason.UNREADABLE]


def test_the_chain_gives_what_was_refused_and_what_came_instead() -> None:
    given: Any = {"instruction": "Say how it feels.", "is_classification": True}
    refused, instance = instance_chain(FakeListChatModel(responses=[ONE, OPEN])).invoke(given)
    assert (refused.reason, refused.text, instance) == (Reason.FEW_LABELS, "cold", Instance("the snow", "It feels cold."))


@pytest.mark.parametrize(
    ("instruction", "settings"),
    [
        (NAMED, Settings()),
        ("Say how it feels.", Settings.model_validate({"instances": {"min_labels": 1}})),
        ("Say how it feels.", RunPlan.new(Layer({"profile": "paper"}, {"profile": "--profile"})).settings),
    ],
    ids=["labels named in the instruction", "one label is enough", "the profile paper"],
)
def test_one_label_may_do(instruction: str, settings: Settings) -> None:
    model = FakeListChatModel(responses=[ONE, OPEN])
    given: Any = {"instruction": instruction, "is_classification": True}
    assert instance_chain(model, settings).invoke(given) == [Instance("the snow", "cold")]
