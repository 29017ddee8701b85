"""Within a run: flags stay with their instance, what is refused is a rejection, and other rules are free."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from langchain_core.language_models import FakeListChatModel
from support.scripted import ScriptedAsker, plan, reply_to

from self_instruct.chains import instance_chain, task_chain
from self_instruct.chains.runs.loop import Loop
from self_instruct.chains.runs.replaying import replay
from self_instruct.chains.stages.instances import InstanceStage
from self_instruct.ledger import Ledger, RequestId
from self_instruct.prompts.prompt_set import prompt_set
from self_instruct.prompts.template_files import Templates
from self_instruct.records.replies import Refusal, Reply
from self_instruct.records.tasks import Flag, Instance, Rejection, StageName, Task, Verdict, flags_in
from self_instruct.settings.layers import Layer
from self_instruct.settings.profiles import PAPER
from self_instruct.settings.settings import Settings

TASK = Task("Write a note to the postman about the parcels.", False)
TEXT = (
    "Example 1\nInput: Tuesday\nOutput: I'm sorry, but I can't help with that.\n\n"
    "Example 2\nInput: Friday\nOutput: Please ring twice.\n\n"
    "Example 3\nInput: Sunday\nOutput: Dear [Name], leave it at https://parcels-here.net today."
)


def stage(**settings: Any) -> InstanceStage:
    settled = Settings.model_validate(settings)
    return InstanceStage(settled, prompt_set(Templates.load(None)))


def test_flags_name_their_instance_by_its_place_among_those_that_are_kept() -> None:
    step = stage().decide(RequestId("instances", 0), TASK, Reply(TEXT, "stop"))
    assert [one.input for one in step.instances] == ["Friday", "Sunday"]
    [verdict] = step.verdicts
    assert verdict.instance == 1
    assert flags_in(verdict) == (Flag("placeholder", "[Name]"), Flag("link", "https://parcels-here.net"))


def test_chains_give_flags_beside_the_instances() -> None:
    model = FakeListChatModel(responses=["No", TEXT])
    task = task_chain(model).invoke(TASK.instruction)
    assert [one.input for one in task.instances] == ["Friday", "Sunday"]
    assert [(verdict.instance, len(flags_in(verdict))) for verdict in task.verdicts] == [(1, 2)]
    assert Task.from_dict(task.to_dict()) == task
    alone = instance_chain(FakeListChatModel(responses=[TEXT]))
    assert not any(isinstance(each, Verdict) for each in alone.invoke(TASK))
    *read, verdict = instance_chain(FakeListChatModel(responses=[TEXT]), with_flags=True).invoke(TASK)
    assert (list(map(type, read)), verdict) == ([Rejection, Instance, Instance], task.verdicts[0])


def test_what_a_rule_refuses_is_a_rejection_with_the_rule_as_its_reason_and_what_gave_it_away() -> None:
    [rejection] = stage().decide(RequestId("instances", 0), TASK, Reply(TEXT, "stop")).rejections
    evidence = {"input": "Tuesday", "because": "I'm sorry, but I can't help with that"}
    assert rejection == Rejection(StageName.INSTANCES, "refusal", "I'm sorry, but I can't help with that.", evidence=evidence)


def test_paper_keeps_them_all_without_a_flag() -> None:
    step = stage(**PAPER).decide(RequestId("instances", 0), TASK, Reply(TEXT, "stop"))
    assert (len(step.instances), step.rejections, step.verdicts) == (3, (), ())


def answered(request: RequestId, given: Mapping[str, Any]) -> Reply | Refusal:
    """Return a reply whose instances are right, flagged, or to be refused."""
    return Reply(TEXT, "stop") if request.stage == StageName.INSTANCES else reply_to(request, given)


def test_a_run_keeps_flags_and_a_replay_changes_the_rules_without_a_model(tmp_path: Path) -> None:
    here = plan(window=2, num_instructions=4, instances={"check_labels": False})
    with Ledger.create(tmp_path / "run", here.facts()) as ledger:
        asyncio.run(Loop(ledger, here, ScriptedAsker(answered)).run())
        flagged = [(task, verdict.instance) for task, verdict in ledger.verdicts()]
        kept = [(task, one) for task, one in ledger.instances()]
        assert flagged
        assert {rule.rule for _, verdict in ledger.verdicts() for rule in flags_in(verdict)} == {"placeholder", "link"}
        assert ledger.count_rejections()["instances", "refusal"] == len(flagged)
        said = Layer.said({"verifiers.link": "refuse", "verifiers.refusal": "off"}, "--set")
        with replay(ledger, tmp_path / "again", said) as again:
            assert ledger.count_rejections()["instances", "refusal"] == again.count_rejections()["instances", "link"]
            assert ("instances", "refusal") not in again.count_rejections()
            assert len(list(again.instances())) == len(kept)
            assert list(again.verdicts()) == []
            assert Instance("Tuesday", "I'm sorry, but I can't help with that.") in [one for _, one in again.instances()]


def test_a_run_that_began_before_there_were_verifiers_goes_on_without_them(tmp_path: Path) -> None:
    here = plan(window=2, num_instructions=2)
    facts = here.facts()
    del facts["settings"]["verifiers"]
    with Ledger.create(tmp_path / "run", facts) as ledger:
        settings = type(here).of(ledger).settings
    assert set(settings.verifiers.actions().values()) == {"off"}
