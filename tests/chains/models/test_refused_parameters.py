"""Parameters that a model refuses: left out with one warning, remembered, and asked again at once."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.language_models import FakeListChatModel
from langchain_core.runnables import RunnableLambda
from pydantic import BaseModel, ConfigDict, ValidationError
from support.choosy_server import ChoosyServer, choosing
from support.runs import open_run, spent_in

from self_instruct.chains.models.loading import load_model
from self_instruct.chains.models.refused_parameters import LeftOut, TakenParameters, known_left_out, refused_parameter
from self_instruct.chains.runs.generating import generate
from self_instruct.chains.runs.listener import Listener
from self_instruct.chains.runs.outcome import Ending
from self_instruct.ledger import Ledger
from self_instruct.records.errors import ModelDeniedError
from self_instruct.settings.layers import Layer

OURS = ["temperature", "top_p", "max_tokens", "presence_penalty", "stop", "top_k", "model", "messages"]
MODEL = "openai:reasoning"


def refusal(body: dict[str, Any] | None, words: str = "", status: int = 400) -> Exception:
    """The error that the OpenAI client raises for such a body; it takes the object under "error" for the body."""
    told = (body or {}).get("error", body)
    sent = httpx.Request("POST", "http://127.0.0.1/v1")
    return openai.BadRequestError(
        words or f"Error code: {status} - {body}", response=httpx.Response(status, request=sent), body=told
    )


def coded(parameter: str, code: str) -> Exception:
    return refusal({"error": {"message": "x", "param": parameter, "code": code}})


def in_words(words: str, status: int = 400) -> Exception:
    return refusal(None, words, status)


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


def pydantic_error(**sent: Any) -> ValidationError:
    with pytest.raises(ValidationError) as raised:
        Strict(**sent)
    return raised.value


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-3141592653")


# which parameter an error refuses


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (coded("temperature", "unsupported_value"), "temperature"),
        (coded("presence_penalty", "unsupported_parameter"), "presence_penalty"),
        (coded("max_completion_tokens", "unknown_parameter"), "max_tokens"),
        (refusal({"detail": [{"type": "extra_forbidden", "loc": ["body", "top_k"]}]}, status=422), "top_k"),
        (in_words("Unsupported parameter: 'temperature' is not supported with this model."), "temperature"),
        (in_words("Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens'."), "max_tokens"),
        (in_words("Unrecognized request argument supplied: top_k"), "top_k"),
        (in_words("Error code: 400 - {'error': {'message': '`temperature` is deprecated for this model.'}}"), "temperature"),
        (in_words("temperature: Extra inputs are not permitted"), "temperature"),
        (in_words("`temperature` and `top_p` cannot both be specified for this model. Please use only one."), "top_p"),
        (in_words("`temperature` may only be set to 1 when thinking is enabled."), "temperature"),
        (in_words("Model grok-4 does not support parameter presencePenalty."), "presence_penalty"),
        (in_words("Argument not supported on this model: presencePenalty"), "presence_penalty"),
        (in_words("property 'presence_penalty' is unsupported"), "presence_penalty"),
        (in_words("Malformed input request: #: extraneous key [presence_penalty] is not permitted"), "presence_penalty"),
        (in_words("Invalid JSON payload received. Unknown name \"topK\" at 'generation_config': Cannot find field."), "top_k"),
        (in_words("Unsupported parameter: 'stop' is not supported with this model."), "stop"),
        (TypeError("AsyncMessages.create() got an unexpected keyword argument 'presence_penalty'"), "presence_penalty"),
        (pydantic_error(top_k=5), "top_k"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_parameter(error: Exception, name: str) -> None:
    assert refused_parameter(error, OURS) == name


@pytest.mark.parametrize(
    "error",
    [
        coded("model", "unsupported_value"),
        coded("messages", "unsupported_parameter"),
        coded("logprobs", "unsupported_parameter"),
        refusal({"error": {"message": "temperature must be at most 2", "param": "temperature", "code": "invalid_value"}}),
        in_words("max_tokens is too large: 1024. This model supports at most 512 completion tokens."),
        in_words("temperature: range: 0..1"),
        in_words("Please stop sending unsupported requests."),
        in_words("The model 'temperature-9' does not support this."),
        in_words("Unsupported model. The temperature in Rome is 30 degrees."),
        in_words("Unsupported parameter: 'temperature' is not supported.", 401),
        in_words("Unsupported parameter: 'temperature' is not supported.", 500),
        RuntimeError("Unsupported parameter: 'temperature' is not supported."),
        ValueError("Expecting value: line 1 column 1 (char 0)"),
        TypeError("Received response with null value for 'choices'."),
        TypeError("'NoneType' object is not subscriptable"),
    ],
)
def test_an_error_about_anything_else_refuses_no_parameter(error: Exception) -> None:
    assert refused_parameter(error, OURS) is None


@given(st.text())
def test_no_words_of_a_provider_make_more_of_a_refusal_than_one_of_ours(words: str) -> None:
    assert refused_parameter(in_words(words), OURS) in {None, *OURS}


# asking without it


async def test_a_request_is_asked_again_without_what_was_refused_and_later_ones_never_hold_it() -> None:
    warned: list[str] = []
    remembered: list[dict[str, Any]] = []
    with choosing("temperature", "presence_penalty") as server:
        left_out = LeftOut(remember=lambda refused: remembered.append({**refused}), warn=warned.append)
        model = load_model(MODEL, base_url=server.base_url)
        asking = TakenParameters(model, MODEL, left_out).bind(temperature=0.7, presence_penalty=2, max_tokens=9, stop=["#"])
        await asyncio.gather(*(asking.ainvoke("Is it classification?") for _ in range(20)))
    assert len(warned) == 2
    assert "temperature" in warned[0]
    assert "presence_penalty" in warned[1]
    assert remembered[-1] == {MODEL: {"temperature": None, "presence_penalty": None}}
    assert len(server.taken) == 20
    for body in server.taken:
        assert set(body) >= {"max_completion_tokens", "stop", "messages", "model"}
        assert not {"temperature", "presence_penalty"} & set(body)


def test_what_is_refused_is_left_out_where_there_is_no_event_loop_too() -> None:
    warned: list[str] = []
    with choosing("temperature") as server:
        asking = TakenParameters(load_model(MODEL, base_url=server.base_url), MODEL, LeftOut(warn=warned.append))
        asking.invoke("One", temperature=0.7)
        asking.invoke("Two", temperature=0.7)
    assert (len(server.taken), len(server.denied), len(warned)) == (2, 1, 1)


def test_a_parameter_is_sent_by_the_name_that_the_provider_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "azure_openai:o3"
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "sk-canary-3141592653")
    warned: list[str] = []
    with choosing("max_tokens") as server:
        options = {"azure_endpoint": server.base_url.removesuffix("/v1"), "azure_deployment": "d", "api_version": "2024-10-21"}
        left_out = LeftOut(warn=warned.append)
        asking = TakenParameters(load_model(name, options=options), name, left_out)
        asking.invoke("One", max_tokens=9)
        asking.invoke("Two", max_tokens=9)
    assert [body["max_completion_tokens"] for body in server.taken] == [9, 9]
    assert [body["max_tokens"] for body in server.denied] == [9]
    assert warned == [
        "the model azure_openai:o3 refuses the parameter 'max_tokens'; it is sent as 'max_completion_tokens' from now on"
    ]


def test_a_new_name_that_is_refused_as_well_is_left_out_and_late_refusals_of_either_change_nothing() -> None:
    warned: list[str] = []
    left_out = LeftOut(warn=warned.append)
    for name, instead in [("max_tokens", "max_completion_tokens"), ("max_completion_tokens", None)] * 2:
        left_out.add(MODEL, name, instead)
    assert left_out.sent(MODEL, {"max_tokens": 5, "stop": ["x"]}) == {"stop": ["x"]}
    assert len(warned) == 2


def test_a_server_that_knows_only_the_old_name_is_sent_none_since_the_client_sends_the_new_one() -> None:
    warned: list[str] = []
    with choosing("max_completion_tokens") as server:
        asking = TakenParameters(load_model(MODEL, base_url=server.base_url), MODEL, LeftOut(warn=warned.append))
        asking.invoke("One", max_tokens=9)
    assert (len(server.taken), len(server.denied)) == (1, 1)
    assert warned == [f"the model {MODEL} refuses the parameter 'max_tokens'; it is left out from now on"]


def test_what_one_model_refuses_another_is_still_sent() -> None:
    left_out = LeftOut(warn=lambda _: None)
    left_out.add(MODEL, "temperature", None)
    assert left_out.sent(MODEL, {"temperature": 1}) == {}
    assert left_out.sent("openai:other", {"temperature": 1}) == {"temperature": 1}


async def test_an_error_that_refuses_no_parameter_is_raised_as_it_is() -> None:
    error = in_words("Unsupported model.")

    def fail(given: object) -> None:
        raise error

    asking: Any = TakenParameters(RunnableLambda(fail), MODEL, LeftOut())
    with pytest.raises(openai.BadRequestError) as raised:
        await asking.ainvoke("One")
    assert raised.value is error
    with pytest.raises(openai.BadRequestError):
        asking.invoke("One")


def test_by_itself_a_refusal_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    LeftOut().add(MODEL, "temperature", None)
    assert "refuses the parameter 'temperature'" in caplog.text


# through a run


def run_with(server: ChoosyServer, run: Path, warned: list[str], **settings: Any) -> Ending:
    values = {"model": MODEL, "base_url": server.base_url, **settings}
    ledger, plan = open_run(run, Layer.said(values, "test"))
    with ledger:
        return generate(ledger, plan, listener=Listener(on_warning=warned.append)).ending


def test_a_run_warns_once_and_a_run_that_goes_on_neither_meets_the_refusal_nor_warns_again(tmp_path: Path) -> None:
    warned: list[str] = []
    with choosing("temperature", "presence_penalty") as server:
        assert run_with(server, tmp_path / "run", warned, num_instructions=10, profile="paper", window=16) is Ending.DONE
        assert len(warned) == 2
        denied, taken = len(server.denied), len(server.taken)
        assert denied <= 2 * 16
        assert run_with(server, tmp_path / "run", warned, num_instructions=20) is Ending.DONE
        assert (len(warned), len(server.denied)) == (2, denied)
        assert len(server.taken) > taken
    with Ledger.open(tmp_path / "run", read_only=True) as ledger:
        assert known_left_out(ledger) == {MODEL: {"temperature": None, "presence_penalty": None}}
        assert spent_in(ledger).requests == len(server.taken)


def test_the_dataset_is_that_of_a_run_without_the_parameter(tmp_path: Path) -> None:
    with choosing("temperature") as server:
        run_with(server, tmp_path / "refused", [], num_instructions=10)
    with choosing() as server:
        run_with(server, tmp_path / "taken", [], num_instructions=10)
    with Ledger.open(tmp_path / "refused") as refused, Ledger.open(tmp_path / "taken") as taken:
        assert list(refused.tasks()) == list(taken.tasks())


def test_a_refusal_that_names_no_parameter_of_ours_denies_the_model(tmp_path: Path) -> None:
    with choosing("temperature") as server:
        server.refused = {"messages": ("Unsupported parameter: 'messages' is not supported.", "unsupported_parameter")}
        with pytest.raises(ModelDeniedError, match="takes no such requests"):
            run_with(server, tmp_path / "run", [])


def test_a_model_whose_client_does_not_know_a_parameter_goes_on_without_it() -> None:
    class Narrow(FakeListChatModel):
        def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **sent: Any) -> Any:
            if "presence_penalty" in sent:
                raise TypeError("create() got an unexpected keyword argument 'presence_penalty'")
            return super()._generate(messages, stop, run_manager)

    warned: list[str] = []
    asking = TakenParameters(Narrow(responses=["x"]), "own", LeftOut(warn=warned.append))
    assert asking.invoke("One", presence_penalty=2).text == "x"  # type: ignore[union-attr]
    assert len(warned) == 1
