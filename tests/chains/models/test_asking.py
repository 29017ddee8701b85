"""Callbacks, tags and metadata: what somebody who looks on sees of a run's requests."""

from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import BaseLLM
from langchain_core.messages import HumanMessage
from langchain_core.outputs import Generation, LLMResult
from langchain_core.runnables import RunnableConfig
from support.choosy_server import choosing

from self_instruct.chains.models.asking import ModelAsker
from self_instruct.chains.models.loading import Model
from self_instruct.chains.offline import OfflineModel
from self_instruct.chains.runs.generating import generate
from self_instruct.chains.runs.plan import RunPlan, open_run
from self_instruct.ledger import Ledger, RequestId
from self_instruct.records.tasks import Stage
from self_instruct.settings.given import Given

TARGET = 6


class OfflineCompleter(BaseLLM):
    """The offline model as a completion model."""

    @property
    def _llm_type(self) -> str:
        return "offline completer"

    def _generate(self, prompts: list[str], stop: list[str] | None = None, run_manager: Any = None, **sent: Any) -> LLMResult:
        texts = [OfflineModel()._generate([HumanMessage(prompt)], stop).generations[0].text for prompt in prompts]
        return LLMResult(generations=[[Generation(text=text)] for text in texts])


class Recorder(BaseCallbackHandler):
    """Remembers the requests that models were sent and answered."""

    def __init__(self) -> None:
        self.names: list[tuple[str, UUID]] = []
        self.begun: list[dict[str, Any]] = []
        self.ended = 0
        self.failed = 0

    def on_chat_model_start(self, serialized: Any, messages: Any, *, metadata: Any, tags: Any, **kwargs: Any) -> None:
        self.begun.append({"metadata": metadata, "tags": tags})
        self.names.append((kwargs["name"], kwargs["run_id"]))

    def on_llm_start(self, serialized: Any, prompts: Any, *, metadata: Any, tags: Any, **kwargs: Any) -> None:
        self.on_chat_model_start(serialized, prompts, metadata=metadata, tags=tags, **kwargs)

    def on_llm_end(self, *_: Any, **__: Any) -> None:
        self.ended += 1

    def on_llm_error(self, *_: Any, **__: Any) -> None:
        self.failed += 1


@pytest.fixture(params=[OfflineModel, OfflineCompleter], ids=["chat", "completion"])
def model(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Model:
    made: Model = request.param()
    monkeypatch.setattr(RunPlan, "models", lambda plan: dict.fromkeys(Stage, made))
    return made


def run(directory: Path, config: RunnableConfig | None) -> list[RequestId]:
    """Run, and return the requests that were answered."""
    ledger, plan = open_run(directory, Given({"num_instructions": TARGET}, {"num_instructions": "test"}))
    with ledger:
        generate(ledger, plan, config=config)
        return [stored.request for stored in ledger.replies()]


@pytest.mark.usefixtures("model")
def test_a_handler_sees_every_request_once_with_its_stage_and_identity(tmp_path: Path) -> None:
    recorder = Recorder()
    answered = run(tmp_path, {"callbacks": [recorder], "tags": ["mine"], "metadata": {"project": "p"}})
    seen = [begun["metadata"] for begun in recorder.begun]
    assert Counter((each["stage"], each["request"], each["item"], each["attempt"]) for each in seen) == Counter(
        (each.stage.value, each.request, each.item, each.attempt) for each in answered
    )
    assert recorder.ended == len(answered)
    assert all("mine" in begun["tags"] for begun in recorder.begun)
    assert all(each["project"] == "p" for each in seen)


@pytest.mark.usefixtures("model")
@pytest.mark.parametrize(("given", "name"), [({}, "{}"), ({"run_name": "nightly"}, "nightly {}")])
def test_requests_are_named_by_their_stage_and_each_has_an_id_of_its_own(tmp_path: Path, given: Any, name: str) -> None:
    recorder = Recorder()
    answered = run(tmp_path, {"callbacks": [recorder], "run_id": uuid4(), **given})
    assert Counter(named for named, _ in recorder.names) == Counter(name.format(each.stage.value) for each in answered)
    assert len({identity for _, identity in recorder.names}) == len(answered)


@pytest.mark.usefixtures("model")
def test_looking_on_changes_nothing(tmp_path: Path) -> None:
    config: RunnableConfig = {"callbacks": [Recorder()], "metadata": {"project": "p"}}
    assert set(run(tmp_path / "seen", config)) == set(run(tmp_path / "unseen", None))
    with Ledger.open(tmp_path / "seen") as seen, Ledger.open(tmp_path / "unseen") as unseen:
        assert list(seen.instances()) == list(unseen.instances())
    assert config["metadata"] == {"project": "p"}


async def test_a_request_that_is_asked_again_without_a_parameter_is_seen_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    recorder = Recorder()
    with choosing("temperature") as server:
        values = {"model": "openai:x", "base_url": server.base_url}
        plan = RunPlan.new(Given(values, dict.fromkeys(values, "test")))
        asker = ModelAsker(plan.prompts(), plan.models(), plan.settings, config={"callbacks": [recorder]})
        await asker(RequestId(Stage.CLASSIFICATION, 3, 7), {"instruction": "Name a river."})
    assert (len(recorder.begun), recorder.failed, recorder.ended) == (2, 1, 1)
    assert {begun["metadata"]["request"] for begun in recorder.begun} == {3}


class Failing(BaseCallbackHandler):
    """A handler that cannot do its work."""

    def on_llm_end(self, *_: Any, **__: Any) -> None:
        raise RuntimeError("no disk")


@pytest.mark.usefixtures("model")
def test_a_handler_that_fails_costs_no_reply(tmp_path: Path) -> None:
    assert set(run(tmp_path / "failing", {"callbacks": [Failing()]})) == set(run(tmp_path / "calm", None))
