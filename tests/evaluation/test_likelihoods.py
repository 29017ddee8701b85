"""How likely a server finds the references, from an echo of the prompt with log-probabilities."""

import asyncio
import json
import re
import traceback
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import BaseLLM
from langchain_core.outputs import Generation, LLMResult
from support.command import Command
from support.held_server import refusing
from support.loopback import JsonHandler, served

from self_instruct.chains.models.loading import load_stages
from self_instruct.chains.models.question import Question
from self_instruct.evaluation.evaluating import evaluate
from self_instruct.evaluation.likelihoods import LikelihoodAsker, echoed, likelihood_questions
from self_instruct.evaluation.plan import ANSWERS, EvaluationPlan, said
from self_instruct.evaluation.results import as_json, compare
from self_instruct.evaluation.task_sets import load_task_set
from self_instruct.records.errors import SelfInstructError, SettingsError
from self_instruct.settings.layers import Layer


class Echoing(BaseLLM):
    """Answers "Rome", and where it is to echo, gives each token of the text, and one of its own, a log-likelihood."""

    each: float = -0.5
    echoes: bool = True

    @property
    def _llm_type(self) -> str:
        return "echoing"

    def _generate(self, prompts: list[str], *_: Any, **parameters: Any) -> LLMResult:
        about: dict[str, Any] = {"finish_reason": "stop"}
        if parameters.get("echo") and self.echoes:
            tokens = ["<bos>", *re.findall(r"\s*\S+|\s+$", prompts[0]), " Rome"]
            about["logprobs"] = {"tokens": tokens, "token_logprobs": [None, *[self.each] * (len(tokens) - 1)]}
        return LLMResult(generations=[[Generation(text=" Rome", generation_info=about)]])


def test_only_the_tokens_of_the_completion_count() -> None:
    tokens, found = ["<bos>", "A", " b:", " c", " d", " more"], [None, -1.0, -2.0, -3.0, -4.0, -5.0]
    assert echoed({"logprobs": {"tokens": tokens, "token_logprobs": found}}, "A b:", " c d") == [-3.0, -4.0]


@pytest.mark.parametrize("about", [{}, {"logprobs": None}, {"logprobs": {"tokens": [" more"], "token_logprobs": [-1.0]}}])
def test_a_server_that_does_not_echo_is_said_to_give_none(about: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="gives no log-likelihood"):
        echoed(about, "A b:", " c d")


def test_two_models_are_compared_by_it_first(tmp_path: Path, tasks: Path) -> None:
    asked = load_task_set(str(tasks))
    results = []
    for name, each in (("a", -0.5), ("b", -0.25)):
        model = Echoing(each=each)
        done = evaluate(tmp_path / name, said(model=name), asked, "tasks", model=model, with_likelihood=True)
        assert done.result
        results.append(done.result)
    found = as_json(results[1], compare(*results))
    words = [1, 1, 2, 1]  # of the first references
    assert found["log_likelihood"]["nll"]["mean"] == 0.25 * sum(words) / 4
    assert found["log_likelihood"]["nll_after_first_token"]["mean"] == 0.25 / 4
    assert found["log_likelihood"]["nll_per_token"] == 0.25
    assert next(iter(found["comparison"]["differences"])) == "nll"
    assert found["comparison"]["differences"]["nll"]["difference"] == -0.25 * sum(words) / 4


def test_a_model_that_does_not_echo_stops_it_with_its_answers_stored(tmp_path: Path, tasks: Path) -> None:
    asked = load_task_set(str(tasks))
    model = Echoing(echoes=False)
    with pytest.raises(SettingsError, match="gives no log-likelihood"):
        evaluate(tmp_path / "run", said(model="m"), asked, "tasks", model=model, with_likelihood=True)
    assert evaluate(tmp_path / "run", said(), model=model).result


class Server(JsonHandler):
    """A completions endpoint that echoes with log-probabilities, as vLLM's does."""

    protocol_version = "HTTP/1.0"  # no connection is kept for the client to break off

    def do_POST(self) -> None:  # noqa: N802  by http.server
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        [prompt] = asked["prompt"] if isinstance(asked["prompt"], list) else [asked["prompt"]]
        tokens = [*re.findall(r"\s*\S+|\s+$", prompt), " x"] if asked.get("echo") else [" x"]
        told = {
            "tokens": tokens,
            "token_logprobs": [None, *[-2.0] * (len(tokens) - 1)],
            "text_offset": [],
            "top_logprobs": None,
        }
        choice = {
            "index": 0,
            "text": "".join(tokens),
            "finish_reason": "length",
            "logprobs": told if asked.get("echo") else None,
        }
        usage = {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}
        self.send_json(
            {"id": "1", "object": "text_completion", "created": 0, "model": "m", "choices": [choice], "usage": usage}
        )


def test_a_completions_server_is_asked_through_its_client(command: Command, tmp_path: Path, tasks: Path) -> None:
    with served(ThreadingHTTPServer(("127.0.0.1", 0), Server)) as server:
        address = f"http://127.0.0.1:{server.server_address[1]}/v1"
        asked = ["evaluate", "openai-completion:m", "--base-url", address, "--tasks", tasks, "--run", tmp_path / "run"]
        done = command(*asked, "--likelihood", "--json")
    found = json.loads(done.out)["log_likelihood"]
    assert (found["instances"], found["nll_per_token"], found["nll"]["mean"]) == (4, 2.0, 2.5)


@pytest.mark.parametrize("status", [401, 400])
def test_a_provider_that_repeats_the_key_is_shown_without_it(
    tmp_path: Path, tasks: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    canary = "canary-of-openai-31415926"
    monkeypatch.setenv("OPENAI_API_KEY", canary)
    words = "maximum context length" if status == 400 else "no"  # of a refusal of this one request
    with refusing(status, words) as address:
        given = Layer.said({"model": "openai-completion:m", "base_url": address, "retries": 0}, "test")
        plan = EvaluationPlan.new(given, load_task_set(str(tasks)), "tasks")
        asker = LikelihoodAsker(load_stages({ANSWERS: plan.settings.choice(ANSWERS)}, 0)[ANSWERS], plan)
        shown = asyncio.run(told(asker, next(likelihood_questions(plan))))
    assert "(hidden)" in shown
    assert canary not in shown


async def told(asker: LikelihoodAsker, question: Question) -> str:
    """Return what an asker answers or raises, as a log would show it."""
    try:
        return repr(await asker(question))
    except SelfInstructError as error:
        return "".join(traceback.format_exception(error))
