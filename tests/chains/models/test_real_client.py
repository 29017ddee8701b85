"""The whole chain through the real `langchain-openai`, against a loopback server with the offline model behind it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.faults import Broken
from support.openai_server import OpenAIServer, serving
from support.runs import open_run

from self_instruct.chains import load_model, task_chain
from self_instruct.chains.models.answering import answering
from self_instruct.chains.models.replies import message_to_reply
from self_instruct.chains.offline import OfflineModel
from self_instruct.chains.runs.generating import generate
from self_instruct.chains.runs.outcome import Ending
from self_instruct.records.errors import ModelDeniedError
from self_instruct.records.replies import Ended
from self_instruct.settings.layers import Layer

TARGET = 20
KEY = "sk-canary-3141592653"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIServer]:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with serving(OfflineModel()) as server:
        yield server


def run_with(model: str, server: OpenAIServer, run: Path, **settings: Any) -> Ending:
    values = {"model": model, "base_url": server.base_url, "num_instructions": TARGET, **settings}
    ledger, plan = open_run(run, Layer.said(values, "test"))
    with ledger:
        return generate(ledger, plan).ending


@pytest.mark.parametrize(
    ("model", "path", "profile"),
    [
        ("openai:any-name", "/v1/chat/completions", "modern"),
        ("openai-completion:any-name", "/v1/completions", "modern"),
        ("openai-completion:any-name", "/v1/completions", "paper"),
    ],
)
def test_the_whole_chain_runs_through_the_real_client(
    server: OpenAIServer, tmp_path: Path, model: str, path: str, profile: str
) -> None:
    assert run_with(model, server, tmp_path / "run", profile=profile) is Ending.DONE
    assert set(server.paths) == {path}
    with open_run(tmp_path / "run", Layer())[0] as ledger:
        tasks, instances = list(ledger.tasks()), list(ledger.instances())
        replies = list(ledger.replies())
    assert len(tasks) == TARGET
    assert len(instances) >= TARGET / 2
    assert all(stored.reply.finish_reason in ("stop", "length") for stored in replies)
    assert all(stored.reply.usage.output_tokens for stored in replies if stored.reply.text)
    assert sum(server.paths.values()) == len(replies)


def test_chat_and_completion_protocols_are_sent_the_parameters_of_their_stage(server: OpenAIServer, tmp_path: Path) -> None:
    run_with("openai-completion:any-name", server, tmp_path / "run", profile="paper", num_instructions=5)
    bodies = "\n".join(server.bodies)
    assert '"presence_penalty":2' in bodies.replace(" ", "")
    assert '"stop":["\\n\\n","\\n16","16.","16."]' in bodies.replace(" ", "")
    assert '"max_tokens":3' in bodies.replace(" ", "")


FORMAT = {"type": "json_schema", "json_schema": {"name": "instances", "schema": {"type": "array"}}}


def test_a_form_of_answers_given_as_a_parameter_is_sent_as_it_is(server: OpenAIServer, tmp_path: Path) -> None:
    run_with(
        "openai:any-name", server, tmp_path / "run", num_instructions=5, **{"instances.parameters.response_format": FORMAT}
    )
    told = [json.loads(body).get("response_format") for body in server.bodies]
    assert FORMAT in told
    assert None in told


async def test_a_reply_in_a_form_that_was_cut_off_is_one_like_any_other(server: OpenAIServer) -> None:
    server.forecast = lambda _: Broken.CUT_OFF  # the client itself throws it away and raises
    asking = answering(load_model("openai:any-name", base_url=server.base_url), {"response_format": FORMAT})
    reply = message_to_reply(await asking.ainvoke("Is it classification?"))
    assert (reply.ended, server.bodies.total()) == (Ended.LENGTH, 1)


def test_a_chat_model_told_a_form_still_streams(server: OpenAIServer) -> None:
    asking = answering(load_model("openai:any-name", base_url=server.base_url), {"response_format": FORMAT})
    assert len(list(asking.stream("Come up with a series of tasks:\n1. Name a river.\n2."))) > 2
    assert json.loads(next(iter(server.bodies)))["response_format"] == FORMAT


def test_each_stage_asks_its_own_model_at_its_own_server(server: OpenAIServer, tmp_path: Path) -> None:
    with serving(OfflineModel()) as other:
        stages = {
            "instructions.model": "openai-completion:base",
            "instructions.base_url": other.base_url,
            "instances.model": "openai:large",
            "instances.base_url": other.base_url,
            "instances.model_options.organization": "mine",
        }
        assert run_with("openai:small", server, tmp_path / "run", **stages) is Ending.DONE
        assert set(server.paths) == {"/v1/chat/completions"}
        assert set(other.paths) == {"/v1/completions", "/v1/chat/completions"}
        asked = [json.loads(body) for body in [*server.bodies, *other.bodies]]
    assert {body["model"] for body in asked} == {"small", "base", "large"}
    assert all("say its kind" in str(body) for body in asked if body["model"] == "small")


def test_the_key_is_in_no_file_of_the_run(server: OpenAIServer, tmp_path: Path) -> None:
    run_with("openai:any-name", server, tmp_path / "run", num_instructions=5)
    assert all(KEY.encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_a_server_that_does_not_know_the_path_denies_the_model(server: OpenAIServer, tmp_path: Path) -> None:
    server_elsewhere = server.base_url + "/elsewhere"
    values = {"model": "openai:x", "base_url": server_elsewhere}
    ledger, plan = open_run(tmp_path / "run", Layer.said(values, "test"))
    with ledger, pytest.raises(ModelDeniedError, match="no such path"):
        generate(ledger, plan)


@pytest.mark.usefixtures("server")
def test_a_task_chain_works_with_a_model_from_a_server() -> None:
    with serving(OfflineModel(faults=False)) as faultless:
        chain = task_chain(load_model("openai:any-name", base_url=faultless.base_url))
        task = chain.invoke({"instruction": "Name three rivers that cross a border."})
    assert task.is_classification is False
    assert task.instances
