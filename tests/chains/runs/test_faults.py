"""Each fault that a server may show, through the real `langchain-openai` and the whole loop."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.faults import SAID_OF, Broken, Delay, Fault, Forecast, Refuse, always, scripted
from support.openai_server import OpenAIServer, serving
from support.runs import open_run, spent_in
from support.scripted import dataset

from self_instruct.chains.models import retrying as weather
from self_instruct.chains.offline import OfflineModel
from self_instruct.chains.runs.generating import generate
from self_instruct.chains.runs.listener import Listener
from self_instruct.chains.runs.outcome import Ending, Outcome, Snapshot
from self_instruct.ledger import Ledger
from self_instruct.records.errors import ModelDeniedError
from self_instruct.records.tasks import Reason
from self_instruct.settings.layers import Layer

KEY = "sk-canary-3141592653"
CHAT = "openai:any"
MODELS = [CHAT, "openai-completion:any"]
SMALL = {"num_instructions": 5, "window": 2, "concurrency": 3, "timeout_s": 5, "classification.decide_by": "text"}


@pytest.fixture(autouse=True)
def brief_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr(weather, "FIRST_WAIT_S", 0.01)


@contextmanager
def run(
    folder: Path, forecast: Forecast, model: str = "openai:any", **settings: Any
) -> Iterator[tuple[Outcome, OpenAIServer, Ledger, list[Snapshot]]]:
    """Run the loop against a server with this forecast; gives how it ended, the server, the ledger, and what was shown."""
    shown: list[Snapshot] = []
    with serving(OfflineModel(), forecast) as server:
        values = {"model": model, "base_url": server.base_url, **SMALL, **settings}
        ledger, plan = open_run(folder, Layer.said(values, "test"))
        with ledger:
            yield generate(ledger, plan, listener=Listener(shown.append)), server, ledger, shown


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a run holds that no fault befell, by model."""
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", KEY)
        for model in MODELS:
            with run(tmp_path_factory.mktemp("calm") / "run", scripted(), model) as (_, _, ledger, _):
                found[model] = dataset(ledger)
    return found


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("fault", SAID_OF)
def test_what_time_cures_is_asked_again_and_leaves_no_trace(
    tmp_path: Path, calm: dict[str, Any], model: str, fault: str
) -> None:
    befalling, kind = SAID_OF[fault]
    with run(tmp_path, scripted(None, befalling), model) as (outcome, server, ledger, shown):
        assert outcome.ending is Ending.DONE
        assert dataset(ledger) == calm[model]
        assert sorted(server.bodies.values())[-2:] == [1, 2], "one request was asked twice, and no other"
        assert shown[-1].asking
        [(counted, times)] = shown[-1].asking.failed.items()
    assert kind in counted
    assert times == 1


@pytest.mark.parametrize("model", MODELS)
def test_a_server_that_hangs_is_asked_again_after_the_timeout(tmp_path: Path, calm: dict[str, Any], model: str) -> None:
    with run(tmp_path, scripted(None, Broken.HANG), model, timeout_s=0.5) as (outcome, _, ledger, shown):
        assert outcome.ending is Ending.DONE
        assert dataset(ledger) == calm[model]
        assert shown[-1].asking
        assert shown[-1].asking.failed == {"timeout": 1}


def test_a_slow_server_is_waited_for(tmp_path: Path, calm: dict[str, Any]) -> None:
    with run(tmp_path, scripted(None, Delay(0.3))) as (outcome, server, ledger, _):
        assert outcome.ending is Ending.DONE
        assert dataset(ledger) == calm[CHAT]
        assert set(server.bodies.values()) == {1}


@pytest.mark.parametrize("fault", [Broken.TRUNCATED, Broken.DROP])
def test_a_stream_that_breaks_off_is_not_taken_for_a_reply(tmp_path: Path, calm: dict[str, Any], fault: Fault) -> None:
    stages = ("instructions.parameters", "classification.parameters", "instances.parameters")
    streamed = {f"{stage}.stream": True for stage in (*stages, "instances.classification_parameters")}
    with run(tmp_path, scripted(fault), **streamed) as (outcome, server, ledger, shown):
        assert outcome.ending is Ending.DONE
        assert all('"stream":true' in body.replace(" ", "") for body in server.bodies)
        assert dataset(ledger) == calm[CHAT]
        assert shown[-1].asking
        assert sum(shown[-1].asking.failed.values()) == 1


@pytest.mark.parametrize("model", MODELS)
def test_a_reply_cut_by_length_is_a_reply_and_what_was_cut_is_rejected(tmp_path: Path, model: str) -> None:
    with run(tmp_path, scripted(Broken.CUT_OFF), model) as (outcome, server, ledger, _):
        assert outcome.ending is Ending.DONE
        assert set(server.bodies.values()) == {1}
        cut = [each for task, each in ledger.rejections() if each.reason is Reason.CUT_OFF]
        assert [each.evidence for each in cut] == [{"finish_reason": "length"}]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refused_key_or_an_unknown_model_stops_the_run_at_once(tmp_path: Path, model: str, status: int) -> None:
    with (
        pytest.raises(ModelDeniedError, match=r"^the provider denies the model: .*no, not with Bearer \(hidden\)") as error,
        run(tmp_path, always(Refuse(status)), model, concurrency=1),
    ):
        pass
    assert KEY not in str(error.value)


@pytest.mark.parametrize("words", ["maximum context length is 8192 tokens", "flagged by our content policy"])
def test_a_request_refused_for_what_it_says_is_rejected_and_the_run_goes_on(tmp_path: Path, words: str) -> None:
    with run(tmp_path, scripted(None, None, Refuse(400, words))) as (outcome, server, ledger, _):
        assert outcome.ending is Ending.DONE
        assert set(server.bodies.values()) == {1}
        [refused] = [each for _, each in ledger.rejections() if each.reason is Reason.REFUSED_BY_PROVIDER]
        assert words in refused.text


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Refuse(429, "you are too fast"), "you are too fast"),
        (Refuse(503, "we are full"), "we are full"),
        (Broken.DROP, "Connection error"),
        (Broken.MALFORMED, "JSONDecodeError"),
        (Broken.EMPTY, "Expecting value"),
        (Broken.WRONG_TYPE, ""),
    ],
)
def test_a_fault_that_stays_stops_the_run_with_its_words_after_a_bounded_effort(
    tmp_path: Path, model: str, fault: Fault, words: str
) -> None:
    with run(tmp_path, always(fault), model, retries=3) as (outcome, server, ledger, _):
        assert outcome.ending is Ending.UNAVAILABLE
        assert outcome.sentence.startswith("the model could not answer: ")
        assert words in outcome.sentence
        assert outcome.sentence.endswith(" (tried 4 times)")
        assert KEY not in outcome.sentence
        assert max(server.bodies.values()) == 4
        assert spent_in(ledger).requests == 0


@pytest.mark.parametrize(
    "fault", [Refuse(429, retry_after="86400"), Refuse(429, "You exceeded your quota.", code="insufficient_quota")]
)
def test_what_would_take_hours_is_not_waited_for(tmp_path: Path, fault: Fault) -> None:
    with run(tmp_path, always(fault), concurrency=1) as (outcome, server, _, _):
        assert outcome.ending is Ending.UNAVAILABLE
        assert server.bodies.total() == 1


def test_a_run_that_was_stopped_by_its_server_goes_on_to_the_same_end(tmp_path: Path, calm: dict[str, Any]) -> None:
    faults = [None] * 4 + [Refuse(503)] * 40
    with run(tmp_path, scripted(*faults), retries=1) as (outcome, _, ledger, _):
        assert outcome.ending is Ending.UNAVAILABLE
        assert 1 <= spent_in(ledger).requests <= 4
    with run(tmp_path, scripted()) as (outcome, _, ledger, _):
        assert outcome.ending is Ending.DONE
        assert dataset(ledger) == calm[CHAT]
