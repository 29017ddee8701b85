"""Chains and runs rest on the same stages: for the same replies (good, bad, refused, cut) they say the same."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import yaml
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from support.scripted import plan

from self_instruct.chains import classification_chain, instance_chain, instruction_chain
from self_instruct.chains.runs.generating import decide_stored
from self_instruct.ledger import Ledger, RequestId, StoredReply, TaskId
from self_instruct.records.replies import Reply
from self_instruct.records.tasks import Candidate, Classification, Instance, Reason, Rejection, StageName
from self_instruct.settings.profiles import PROFILES
from self_instruct.settings.settings import Settings

FOLDER = Path(__file__).parent.parent.parent / "prompts" / "reading" / "replies"
ENDINGS = ("stop", "length", "content_filter", "refusal")
WORDS = (FOLDER / "instructions.yaml").read_text(encoding="utf-8").split()


def replies(stage: str) -> Iterator[tuple[str, bool]]:
    """The hand-written replies to a stage's prompts, each with whether it answers an output-first prompt."""
    for case in yaml.safe_load((FOLDER / f"{stage}.yaml").read_text(encoding="utf-8")):
        yield case["reply"], case.get("labels", False)


def endings(texts: Sequence[tuple[str, bool]]) -> list[tuple[Reply, bool]]:
    """Each reply once as it ended by itself, and once as it was refused or cut in one of the other ways."""
    others = cycle(ENDINGS[1:])
    return [(Reply(text, ending), labels) for text, labels in texts for ending in (ENDINGS[0], next(others))]


def settings(profile: str) -> dict[str, Any]:
    """A profile's settings where nothing is asked twice: what is compared is one reply."""
    values = PROFILES[profile]  # type: ignore[index]
    stages = {stage: {**values[stage], "attempts": 1} for stage in StageName}
    stages[StageName.INSTANCES]["min_labels"] = 0
    return {**values, **stages, "novelty": {**values.get("novelty", {}), "threshold": "1"}}


def answering(answered: Sequence[tuple[Reply, bool]]) -> GenericFakeChatModel:
    """Return a model that gives these replies, one after the other."""
    return GenericFakeChatModel(
        messages=iter([AIMessage(each.text, response_metadata={"finish_reason": each.finish_reason}) for each, _ in answered])
    )


def chained(make: Any, answered: Sequence[tuple[Reply, bool]], profile: str) -> Any:
    """Return the chain whose model gives these replies."""
    return make(answering(answered), Settings.model_validate(settings(profile)))


@pytest.mark.parametrize("profile", ["modern", "paper"])
def test_an_instruction_reply_brings_a_run_what_it_brings_the_chain(tmp_path: Path, profile: str) -> None:
    answered = endings(list(replies("instructions")))
    stored = [StoredReply(RequestId(StageName.INSTRUCTIONS, at), reply) for at, (reply, _) in enumerate(answered)]
    found: dict[int, list[tuple[int, str, str]]] = {at: [] for at in range(len(answered))}
    decided = plan(**settings(profile), num_instructions=None)
    with Ledger.create(tmp_path / "run", decided.facts(), stored) as ledger:
        decide_stored(ledger, decided)
        for task in ledger.tasks():
            found[task.id.request].append((task.id.item, "kept", task.instruction))
        for place, refused in ledger.rejections():
            reason = "kept" if refused.reason == Reason.TOO_SIMILAR else str(refused.reason)
            found[place.request].append((place.item, reason, refused.text))
    chain = chained(instruction_chain, answered, profile)
    for at, (reply, _) in enumerate(answered):
        read = chain.invoke({"demonstrations": ["one", "two"]})
        said = [(one.item, "kept" if isinstance(one, Candidate) else str(one.reason), one.text) for one in read]
        assert sorted(found[at]) == sorted(said), reply


def tasks(count: int) -> list[StoredReply]:
    """One instruction reply for each task, each task of its own words."""
    texts = [f" Say number {at} about {WORDS[at]} and {WORDS[-at - 1]}" for at in range(count)]
    return [StoredReply(RequestId(StageName.INSTRUCTIONS, at), Reply(text, "stop")) for at, text in enumerate(texts)]


@pytest.mark.parametrize("profile", ["modern", "paper"])
def test_a_classification_reply_decides_in_a_run_what_it_decides_in_the_chain(tmp_path: Path, profile: str) -> None:
    answered = endings(list(replies("classification")))
    questions = [StoredReply(RequestId(StageName.CLASSIFICATION, at), reply) for at, (reply, _) in enumerate(answered)]
    decided = plan(**settings(profile), num_instructions=None)
    with Ledger.create(tmp_path / "run", decided.facts(), [*tasks(len(answered)), *questions]) as ledger:
        decide_stored(ledger, decided)
        kinds = {task.id.request: task for task in ledger.tasks()}
        refused = {place.request: each for place, each in ledger.rejections()}
    assert len(kinds) == len(answered)
    chain = chained(classification_chain, answered, profile)
    for at, (reply, _) in enumerate(answered):
        said = chain.invoke(kinds[at].instruction)
        if isinstance(said, Classification):
            assert kinds[at].is_classification == said.is_classification, reply
        else:
            assert (kinds[at].is_classification, refused[at]) == (None, said), reply


@pytest.mark.parametrize("profile", ["modern", "paper"])
def test_an_instance_reply_brings_a_run_what_it_brings_the_chain(tmp_path: Path, profile: str) -> None:
    answered = endings(list(replies("instances")))
    kinds = [
        StoredReply(RequestId(StageName.CLASSIFICATION, at), Reply("Yes" if labels else "No", "stop"))
        for at, (_, labels) in enumerate(answered)
    ]
    written = [StoredReply(RequestId(StageName.INSTANCES, at), reply) for at, (reply, _) in enumerate(answered)]
    decided = plan(**settings(profile), num_instructions=None)
    found: dict[TaskId, list[Instance | Rejection]] = {}
    with Ledger.create(tmp_path / "run", decided.facts(), [*tasks(len(answered)), *kinds, *written]) as ledger:
        decide_stored(ledger, decided)
        kept = {task.id.request: task for task in ledger.tasks()}
        for rows in (ledger.instances(), ledger.rejections()):
            for place, each in rows:
                found.setdefault(place, []).append(each)
    assert len(kept) == len(answered)
    chain = chained(instance_chain, answered, profile)
    for at, (reply, labels) in enumerate(answered):
        said = chain.invoke({"instruction": kept[at].instruction, "is_classification": labels})
        in_order = [each for kind in (Instance, Rejection) for each in said if isinstance(each, kind)]
        placed = [each if isinstance(each, Instance) else replace(each, item=0) for each in found.get(TaskId(at, 0), [])]
        assert placed == in_order, reply


def test_there_are_three_hundred_replies_to_compare() -> None:
    assert sum(len(endings(list(replies(stage)))) for stage in StageName) >= 300
