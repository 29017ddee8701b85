"""The whole chain through the real clients of Anthropic and Ollama, against loopback servers that speak their protocols."""

import asyncio
import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from support.other_servers import ProtocolServer, speaking_anthropic, speaking_ollama
from support.questions import question
from support.runs import open_run

from self_instruct.chains import load_model
from self_instruct.chains.models.answering import answering
from self_instruct.chains.models.asking import ModelAsker
from self_instruct.chains.models.replies import message_to_reply
from self_instruct.chains.offline import OfflineModel
from self_instruct.chains.runs.generating import generate
from self_instruct.chains.runs.outcome import Ending
from self_instruct.records.errors import ModelDeniedError, ModelUnavailableError
from self_instruct.records.replies import Refusal
from self_instruct.settings.layers import Layer

pytest.importorskip("langchain_anthropic", reason="pip install langchain-anthropic")
pytest.importorskip("langchain_ollama", reason="pip install langchain-ollama")

KEY = "sk-ant-canary-3141592653"
TARGET = 10
Speaking = Callable[..., AbstractContextManager[ProtocolServer]]
CLIENTS: dict[str, tuple[str, Speaking]] = {
    "anthropic": ("anthropic:claude-any", speaking_anthropic),
    "ollama": ("ollama:any", speaking_ollama),
    "ollama completion": ("langchain_ollama.OllamaLLM:any", speaking_ollama),
}


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)


@pytest.fixture(params=CLIENTS.values(), ids=CLIENTS)
def client(request: pytest.FixtureRequest) -> tuple[str, Speaking]:
    return request.param  # type: ignore[no-any-return]


def run_with(model: str, server: ProtocolServer, run: Path, **settings: Any) -> Ending:
    values = {"model": model, "base_url": server.base_url, "num_instructions": TARGET, **settings}
    ledger, plan = open_run(run, Layer.said(values, "test"))
    with ledger:
        return generate(ledger, plan).ending


async def asked(model: str, server: ProtocolServer) -> Any:
    loaded = load_model(model, base_url=server.base_url, client_retries=False)
    return await ModelAsker({"classification": loaded})(question(model=model, temperature=0, max_tokens=256))


# a run


@pytest.mark.parametrize("profile", ["modern", "paper"])
def test_the_whole_chain_runs_and_every_reply_is_counted(client: tuple[str, Speaking], tmp_path: Path, profile: str) -> None:
    model, speaking = client
    with speaking(OfflineModel()) as server:
        assert run_with(model, server, tmp_path / "run", profile=profile) is Ending.DONE
    with open_run(tmp_path / "run", Layer())[0] as ledger:
        tasks, replies = list(ledger.tasks()), list(ledger.replies())
    assert len(tasks) == TARGET
    assert all(stored.reply.finish_reason for stored in replies)
    assert all(stored.reply.usage.input_tokens for stored in replies)
    assert all("any" in str(stored.reply.served.model) for stored in replies)


def test_ollama_is_sent_the_parameters_as_options_and_room_for_the_prompt(tmp_path: Path) -> None:
    with speaking_ollama(OfflineModel()) as server:
        run_with("ollama:any", server, tmp_path / "run", profile="paper", **{"instructions.parameters.options.top_k": 3})
        sent = [body["options"] for _, body in server.asked]
    stops = ["\n\n", "\n16", "16.", "16 ."]
    own = {"num_ctx": 8192, "top_k": 3}
    assert sent[0] == {**own, "temperature": 0.7, "top_p": 0.5, "num_predict": 1024, "presence_penalty": 2, "stop": stops}
    assert all(options["num_ctx"] == 8192 for options in sent)


def test_what_ollamas_constructor_was_given_holds_where_no_parameter_says_otherwise() -> None:
    with speaking_ollama(OfflineModel()) as server:
        options = {"num_ctx": 2048, "temperature": 0.3, "top_k": 7}
        model = load_model("ollama:any", base_url=server.base_url, options=options)
        answering(model, {"temperature": 1.0}).invoke("Is it classification?")
        [(_, body)] = server.asked
    assert body["options"] == {"num_ctx": 2048, "temperature": 1.0, "top_k": 7}


def test_anthropic_is_sent_its_own_names_and_no_penalty_that_it_does_not_know(tmp_path: Path) -> None:
    with speaking_anthropic(OfflineModel()) as server:
        run_with("anthropic:claude-any", server, tmp_path / "run", profile="paper")
        bodies = [body for _, body in server.asked]
    assert all(body["max_tokens"] in (1024, 3, 350, 300) for body in bodies)
    assert any("Task:" in body.get("stop_sequences", ()) for body in bodies)
    assert not [body for body in bodies if "presence_penalty" in body]


def test_a_second_event_loop_is_answered_as_the_first(client: tuple[str, Speaking]) -> None:
    model, speaking = client
    with speaking(OfflineModel()) as server:
        replies = [asyncio.run(asked(model, server)) for _ in range(2)]
    assert replies[0].text == replies[1].text != ""


def test_the_key_is_in_no_file_of_the_run(tmp_path: Path) -> None:
    with speaking_anthropic(OfflineModel()) as server:
        run_with("anthropic:claude-any", server, tmp_path / "run")
    assert all(KEY.encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


# errors, in each protocol's own form


def of_anthropic(status: int, kind: str, words: str) -> tuple[int, Any]:
    return status, {"type": "error", "error": {"type": kind, "message": words}}


def of_ollama(status: int, words: str) -> tuple[int, Any]:
    return status, {"error": words}


CURABLE = [
    ("anthropic", of_anthropic(429, "rate_limit_error", "This request would exceed your rate limit.")),
    ("anthropic", of_anthropic(529, "overloaded_error", "Overloaded")),
    ("anthropic", of_anthropic(500, "api_error", "Internal server error")),
    ("ollama", of_ollama(503, "server busy, please try again. maximum pending requests exceeded")),
    ("ollama", of_ollama(500, "llama runner process has terminated: exit status 2")),
    ("ollama", (200, {"error": "an error was encountered while running the model: unexpected EOF"})),
    ("ollama", (200, {"model": "any", "message": {"role": "assistant", "content": "Ye"}, "done": False})),
    ("ollama completion", of_ollama(503, "server busy")),
]
DENIED = [
    ("anthropic", of_anthropic(401, "authentication_error", "invalid x-api-key")),
    ("anthropic", of_anthropic(403, "permission_error", "Your API key does not have permission.")),
    ("anthropic", of_anthropic(404, "not_found_error", "model: claude-any")),
    ("anthropic", of_anthropic(400, "invalid_request_error", "messages: at least one message is required")),
    ("ollama", of_ollama(404, "model 'any' not found")),
    ("ollama", of_ollama(400, "invalid options")),
    ("ollama completion", of_ollama(404, "model 'any' not found")),
]
REFUSED = [
    ("anthropic", of_anthropic(400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum")),
    ("anthropic", of_anthropic(413, "request_too_large", "Request exceeds the maximum size")),
    ("ollama", of_ollama(400, "the input length exceeds the context length")),
]


async def failing_with(name: str, failure: tuple[int, Any]) -> Any:
    model, speaking = CLIENTS[name]
    with speaking(OfflineModel(), lambda number: failure) as server:
        return await asked(model, server)


@pytest.mark.parametrize(("name", "failure"), CURABLE)
async def test_what_time_cures_may_be_asked_again(name: str, failure: tuple[int, Any]) -> None:
    with pytest.raises(ModelUnavailableError) as error:
        await failing_with(name, failure)
    assert error.value.retry_after_s is None


@pytest.mark.parametrize(("name", "failure"), DENIED)
async def test_what_time_does_not_cure_denies_the_model_in_the_servers_words(name: str, failure: tuple[int, Any]) -> None:
    said = failure[1]["error"]
    with pytest.raises(ModelDeniedError) as error:
        await failing_with(name, failure)
    assert (said if isinstance(said, str) else said["message"]) in str(error.value)


@pytest.mark.parametrize(("name", "failure"), REFUSED)
async def test_what_is_about_this_request_alone_refuses_it(name: str, failure: tuple[int, Any]) -> None:
    assert isinstance(await failing_with(name, failure), Refusal)


async def test_an_account_of_anthropics_without_credit_is_waited_for_by_nobody() -> None:
    words = "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing."
    with pytest.raises(ModelUnavailableError, match="credit balance") as error:
        await failing_with("anthropic", of_anthropic(400, "invalid_request_error", words))
    assert error.value.retry_after_s == math.inf


async def test_a_server_that_is_not_there_is_no_connection() -> None:
    with speaking_ollama(OfflineModel()) as server:
        gone = server.base_url
    for name in ("ollama:any", "anthropic:claude-any"):
        model = load_model(name, base_url=gone, client_retries=False)
        with pytest.raises(ModelUnavailableError) as error:
            await ModelAsker({"classification": model})(question(model=name))
        assert error.value.kind == "no connection"


async def test_what_anthropic_says_in_refusing_is_the_text_of_a_reply_that_ended_so() -> None:
    refusal = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-any", "stop_reason": "refusal",
        "stop_sequence": None, "content": [{"type": "text", "text": "I cannot."}],
        "usage": {"input_tokens": 3, "output_tokens": 2},
    }  # fmt: skip
    model, speaking = CLIENTS["anthropic"]
    with speaking(OfflineModel(), lambda number: (200, refusal)) as server:
        reply = message_to_reply(await answering(load_model(model, base_url=server.base_url)).ainvoke("Is it?"))
    assert (reply.text, reply.finish_reason) == ("I cannot.", "refusal")
