"""Asking a model: what is sent, what comes back, and what somebody who looks on sees of it."""

from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableLambda
from support.choosy_server import choosing
from support.questions import ASKED, Answering, OfflineCompleter, chat_model, completed, question

from self_instruct.chains import load_model
from self_instruct.chains.models.asking import ModelAsker
from self_instruct.chains.models.replies import Model
from self_instruct.chains.offline import OfflineModel
from self_instruct.ledger import RequestId
from self_instruct.records.errors import LedgerError, ModelDeniedError, ModelUnavailableError
from self_instruct.records.replies import Ended, Refusal, Reply, Served, Usage
from self_instruct.records.tasks import StageName
from self_instruct.settings.settings import Settings

REQUESTS = [RequestId(stage, number, 7, attempt) for stage in StageName for number in range(3) for attempt in (1, 2)]


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
def model(request: pytest.FixtureRequest) -> Model:
    made: Model = request.param()
    return made


async def answers(model: Model, **config: Any) -> list[tuple[RequestId, str | None]]:
    """Return the text of the reply to each request, in order."""
    asker = ModelAsker(dict.fromkeys(StageName, model), config=config or None)
    replies = [await asker(question(request, f"Task {request.request}: sort it.")) for request in REQUESTS]
    return [
        (request, reply.text if isinstance(reply, Reply) else None) for request, reply in zip(REQUESTS, replies, strict=True)
    ]


# what is sent, and what comes back


async def test_each_question_goes_to_the_model_of_its_stage_with_its_own_parameters() -> None:
    small, large = Answering(completed({"content": "small"})), Answering(completed({"content": "large"}))
    asker = ModelAsker({"instructions": chat_model(small), "classification": chat_model(large)})
    await asker(question(RequestId("instructions", 0), "One", temperature=0.5))
    await asker(question(RequestId("classification", 0), "Two", stop=["#"], max_tokens=3))
    assert [(body["messages"][0]["content"], body["temperature"]) for body in small.asked] == [("One", 0.5)]
    assert [(body["messages"][0]["content"], body["stop"]) for body in large.asked] == [("Two", ["#"])]


async def test_a_model_is_given_settings_as_plain_mappings_and_lists_that_it_may_change() -> None:
    given: dict[str, Any] = {}

    def answer(_: object, **parameters: Any) -> AIMessage:
        given.update(parameters)
        return AIMessage("x")

    settings = Settings(instructions={"parameters": {"stop": ["a"], "extra_body": {"list": [1]}}})
    asked = question(RequestId("instructions", 0), **settings.instructions.parameters)
    await ModelAsker({"instructions": RunnableLambda(answer)})(asked)
    assert [type(each) for each in (given["stop"], given["extra_body"], given["extra_body"]["list"])] == [list, dict, list]


async def test_a_reply_says_which_model_answered_it_when_and_how_long_it_took() -> None:
    body = completed(system_fingerprint="fp_9")
    asker = ModelAsker({"classification": chat_model(Answering(body))}, clock=lambda: 1_700_000_000.25)
    reply = await asker(question())
    assert isinstance(reply, Reply)
    assert (reply.text, reply.ended, reply.usage, reply.model) == ("No", Ended.STOP, Usage(5, 2), "openai:x")
    assert (reply.served.model, reply.served.request_id) == ("served-2025 (fp_9)", "chatcmpl-1")
    assert reply.served.asked_at == 1_700_000_000.25
    assert reply.served.seconds is not None
    assert 0 <= reply.served.seconds < 5


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, {"message": "This model's maximum context length is 4097 tokens.", "code": "context_length_exceeded"}),
        (400, {"message": "flagged", "code": "content_policy_violation"}),
        (413, {"message": "too large"}),
        (403, {"message": "Your chosen model requires moderation and your input was flagged"}),
    ],
)
async def test_a_request_that_the_provider_refuses_for_what_it_says_is_a_refusal(status: int, error: dict[str, str]) -> None:
    transport = Answering({"error": error}, status, {"x-request-id": "req-7"})
    refusal = await ModelAsker({"classification": chat_model(transport)}, clock=lambda: 5.0)(question())
    assert isinstance(refusal, Refusal)
    assert error["message"] in refusal.words
    assert (refusal.model, refusal.served.request_id, refusal.served.asked_at) == ("openai:x", "req-7", 5.0)


async def test_a_refusal_in_words_that_cannot_be_stored_is_made_storable() -> None:
    def fail(_: object) -> AIMessage:
        raise BadlyPutError("too long \ud83d")

    refusal = await ModelAsker({"classification": RunnableLambda(fail)}, clock=lambda: 0)(question())
    assert refusal == Refusal("too long ?", "openai:x", Served(asked_at=0, seconds=refusal.served.seconds))


class BadlyPutError(Exception):
    status_code = 413


async def test_a_providers_error_is_raised_as_ours_with_its_cause() -> None:
    transport = Answering(b'{"error": {"message": "slow down"}}', 429)
    with pytest.raises(ModelUnavailableError, match="slow down") as raised:
        await ModelAsker({"classification": chat_model(transport)})(question())
    assert type(raised.value.__cause__).__name__ == "OpenAIRateLimitError"


async def test_a_cause_that_repeats_a_key_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-3141592653")
    transport = Answering(b'{"error": {"message": "Incorrect key: sk-canary-3141592653"}}', 401)
    with pytest.raises(ModelDeniedError) as raised:
        await ModelAsker({"classification": chat_model(transport)})(question())
    assert raised.value.__cause__ is None
    assert "canary" not in str(raised.value)


@pytest.mark.parametrize("error", [KeyError("choices"), LedgerError("full"), ZeroDivisionError(), AssertionError("ours")])
async def test_what_is_no_providers_doing_is_raised_as_it_is(error: Exception) -> None:
    def fail(_: object) -> AIMessage:
        raise error

    with pytest.raises(type(error)) as raised:
        await ModelAsker({"classification": RunnableLambda(fail)})(question())
    assert raised.value is error


async def test_a_stream_that_ends_before_the_reply_does_is_what_time_may_cure() -> None:
    cut = AIMessage("half a", response_metadata={"model_provider": "openai"})
    with pytest.raises(ModelUnavailableError, match="stream ended"):
        await ModelAsker({"classification": RunnableLambda(lambda _: cut)})(question())
    for whole in ({"finish_reason": None}, {"status": "completed"}):
        message = AIMessage("all of it", response_metadata={"model_provider": "openai", **whole})
        reply = await ModelAsker({"classification": RunnableLambda(lambda _, message=message: message)})(question())
        assert isinstance(reply, Reply)
        assert reply.text == "all of it"


# what is seen of it


async def test_a_handler_sees_every_request_once_with_its_stage_and_identity(model: Model) -> None:
    recorder = Recorder()
    await answers(model, callbacks=[recorder], tags=["mine"], metadata={"project": "p"})
    seen = [begun["metadata"] for begun in recorder.begun]
    assert Counter((each["stage"], each["request"], each["item"], each["attempt"]) for each in seen) == Counter(
        (str(each.stage), each.request, each.item, each.attempt) for each in REQUESTS
    )
    assert recorder.ended == len(REQUESTS)
    assert all("mine" in begun["tags"] for begun in recorder.begun)
    assert all(each["project"] == "p" for each in seen)


@pytest.mark.parametrize(("given", "name"), [({}, "{}"), ({"run_name": "nightly"}, "nightly {}")])
async def test_requests_are_named_by_their_stage_and_each_has_an_id_of_its_own(model: Model, given: Any, name: str) -> None:
    recorder = Recorder()
    await answers(model, callbacks=[recorder], run_id=uuid4(), **given)
    assert Counter(named for named, _ in recorder.names) == Counter(name.format(each.stage) for each in REQUESTS)
    assert len({identity for _, identity in recorder.names}) == len(REQUESTS)


async def test_looking_on_changes_nothing(model: Model) -> None:
    metadata = {"project": "p"}
    assert await answers(model, callbacks=[Recorder()], metadata=metadata) == await answers(model)
    assert metadata == {"project": "p"}


async def test_a_request_that_is_asked_again_without_a_parameter_is_seen_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    recorder = Recorder()
    with choosing("temperature") as server:
        model = load_model("openai:x", base_url=server.base_url)
        asker = ModelAsker({"classification": model}, config={"callbacks": [recorder]})
        await asker(question(ASKED, temperature=0.7))
    assert (len(recorder.begun), recorder.failed, recorder.ended) == (2, 1, 1)
    assert {begun["metadata"]["request"] for begun in recorder.begun} == {3}


class Failing(BaseCallbackHandler):
    """A handler that cannot do its work."""

    def on_llm_end(self, *_: Any, **__: Any) -> None:
        raise RuntimeError("no disk")


async def test_a_handler_that_fails_costs_no_reply(model: Model) -> None:
    assert await answers(model, callbacks=[Failing()]) == await answers(model)
