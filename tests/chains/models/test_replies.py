"""One shape for what chat and completion models answer, however they are wrapped, and the reply made of it."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import BaseLLM, FakeListChatModel, FakeListLLM
from langchain_core.messages import AIMessage, ChatMessage, HumanMessage, SystemMessage
from langchain_core.messages.ai import InputTokenDetails, OutputTokenDetails, UsageMetadata
from langchain_core.outputs import Generation, LLMResult
from langchain_core.prompt_values import StringPromptValue
from langchain_core.runnables import Runnable, RunnableLambda
from pydantic import Field
from support.questions import Answering, OfflineCompleter, chat_model, completed, completion_model

from self_instruct.chains.models.answering import answering
from self_instruct.chains.models.replies import MOST_TOKENS, CompletionMessages, message_to_reply
from self_instruct.records.errors import ModelUnavailableError
from self_instruct.records.replies import Ended, Reply, Usage


class Completer(BaseLLM):
    """A completion model that remembers what it was asked, and gives an answer with all that a provider tells."""

    result: LLMResult = LLMResult(
        generations=[[Generation(text=" An answer.\n", generation_info={"finish_reason": "length"})]],
        llm_output={"token_usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}},
    )
    asked: list[tuple[list[str], dict[str, Any]]] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "completer"

    def _generate(self, prompts: list[str], stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any) -> LLMResult:
        self.asked.append((prompts, {"stop": stop, **kwargs}))
        return self.result


class Events(BaseCallbackHandler):
    """Remembers which runs began and ended, with their tags and names."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, list[str] | None, str | None]] = []

    def on_llm_start(self, serialized: Any, prompts: Any, *, tags: list[str] | None = None, **kwargs: Any) -> None:
        self.seen.append(("start", tags, kwargs.get("name")))

    def on_llm_end(self, response: Any, **kwargs: Any) -> None:
        self.seen.append(("end", kwargs.get("tags"), None))


# one shape


def test_a_completion_models_answer_keeps_its_text_finish_reason_and_usage() -> None:
    message = answering(Completer()).invoke("A prompt")
    assert isinstance(message, AIMessage)
    assert message.text == " An answer.\n"
    assert message.response_metadata["finish_reason"] == "length"
    assert message.usage_metadata == {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10}


async def test_a_completion_model_answers_alike_however_it_is_called() -> None:
    model = answering(Completer())
    once = model.invoke("A prompt")
    assert isinstance(once, AIMessage)
    answers = [
        await model.ainvoke("A prompt"),
        *model.batch(["A", "B"]),
        *model.stream("A"),
        *[one async for one in model.astream("A")],
    ]
    assert [(answer.content, answer.usage_metadata) for answer in answers if isinstance(answer, AIMessage)] == [
        (once.content, once.usage_metadata)
    ] * 5


@pytest.mark.parametrize("output", [None, {}, {"token_usage": None}, {"token_usage": {}}])
def test_a_completion_model_that_counts_no_tokens_has_no_usage(output: dict[str, Any] | None) -> None:
    result = LLMResult(generations=[[Generation(text="x")]], llm_output=output)
    message = CompletionMessages(Completer(result=result)).invoke("A prompt")
    assert message.usage_metadata is None
    assert message.response_metadata["finish_reason"] is None


def test_a_count_that_a_server_leaves_open_is_zero() -> None:
    result = LLMResult(
        generations=[[Generation(text="x")]], llm_output={"token_usage": {"prompt_tokens": 4, "completion_tokens": None}}
    )
    message = CompletionMessages(Completer(result=result)).invoke("A prompt")
    assert message.usage_metadata == {"input_tokens": 4, "output_tokens": 0, "total_tokens": 4}


@pytest.mark.parametrize("count", ["many", -1, 10**30, 1.5, True])
def test_a_count_of_a_completion_that_is_none_counts_nothing(count: object) -> None:
    result = LLMResult(
        generations=[[Generation(text="x")]], llm_output={"token_usage": {"prompt_tokens": 4, "completion_tokens": count}}
    )
    assert CompletionMessages(Completer(result=result)).invoke("A prompt").usage_metadata is None


@pytest.mark.parametrize("generations", [[], [[]]])
def test_a_response_without_any_completion_is_what_time_may_cure(generations: list[list[Any]]) -> None:
    with pytest.raises(ModelUnavailableError, match="holds no completion"):
        answering(Completer(result=LLMResult(generations=generations))).invoke("A prompt")


def test_of_several_answers_to_one_prompt_the_first_is_taken() -> None:
    result = LLMResult(generations=[[Generation(text="first"), Generation(text="second")]])
    assert CompletionMessages(Completer(result=result)).invoke("A prompt").text == "first"


@pytest.mark.parametrize(
    ("given", "prompt"),
    [
        ("A prompt", "A prompt"),
        (StringPromptValue(text="A prompt"), "A prompt"),
        ([SystemMessage("Be brief."), HumanMessage("A prompt")], "System: Be brief.\nHuman: A prompt"),
        ([("human", "A prompt")], "Human: A prompt"),
    ],
)
def test_a_completion_model_takes_what_any_model_of_langchain_takes(given: Any, prompt: str) -> None:
    model = Completer()
    answering(model).invoke(given)
    assert model.asked[0][0] == [prompt]


def test_parameters_reach_the_model_with_every_request() -> None:
    model = Completer()
    answering(model, {"stop": ["\n"], "temperature": 0}).invoke("A prompt")
    assert model.asked == [(["A prompt"], {"stop": ["\n"], "temperature": 0})]


def test_a_chat_model_or_any_runnable_is_taken_as_it_is() -> None:
    chat, runnable = FakeListChatModel(responses=["x"]), RunnableLambda(lambda given: AIMessage("x"))
    assert answering(chat) is chat
    assert answering(runnable) is runnable


async def test_callbacks_tags_and_names_reach_a_completion_model() -> None:
    events = Events()
    model = answering(FakeListLLM(responses=["x"]))
    calls: list[Callable[[], Any]] = [
        lambda: model.invoke("A", {"callbacks": [events], "tags": ["mine"], "run_name": "asked"}),
        lambda: model.ainvoke("A", {"callbacks": [events], "tags": ["mine"], "run_name": "asked"}),
    ]
    calls[0]()
    await calls[1]()
    assert events.seen == [("start", ["mine"], "asked"), ("end", ["mine"], None)] * 2


# however a model is wrapped

WRAPPED: dict[str, Callable[[Runnable[Any, Any]], Runnable[Any, Any]]] = {
    "binding": lambda model: model.bind(stop=["#"]),
    "config": lambda model: model.with_config(tags=["mine"]),
    "retry": lambda model: model.with_retry(),
    "fallback": lambda model: model.with_fallbacks([FakeListChatModel(responses=["x"])]),
    "the one that is fallen back to": lambda model: RunnableLambda(unable).with_fallbacks([model]),
    "sequence": lambda model: RunnableLambda(lambda prompt: prompt) | model,
    "nested": lambda model: model.with_retry().with_fallbacks([model.bind(stop=["#"])]).with_config(tags=["x"]),
}


def unable(_: object) -> AIMessage:
    raise ConnectionError("unable")


@pytest.mark.parametrize("wrapped", WRAPPED.values(), ids=WRAPPED)
async def test_a_completion_model_inside_others_gives_messages_too(wrapped: Callable[[Any], Runnable[Any, Any]]) -> None:
    model = answering(wrapped(Completer()))
    for message in (model.invoke("A prompt"), await model.ainvoke("A prompt")):
        assert isinstance(message, AIMessage)
        assert message.response_metadata["finish_reason"] == "length"
        assert message.usage_metadata == {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10}


@pytest.mark.parametrize("wrapped", WRAPPED.values(), ids=WRAPPED)
def test_a_chat_model_inside_others_is_taken_as_it_is(wrapped: Callable[[Any], Runnable[Any, Any]]) -> None:
    model = wrapped(FakeListChatModel(responses=["x"]))
    assert answering(model) is model


def test_parameters_reach_a_wrapped_model() -> None:
    completer = Completer()
    answering(completer.bind(stop=["#"]).with_fallbacks([OfflineCompleter()]), {"max_tokens": 3}).invoke("A prompt")
    assert completer.asked == [(["A prompt"], {"stop": ["#"], "max_tokens": 3})]


# from a message to a reply


def test_a_message_becomes_a_reply_with_its_finish_reason_and_usage() -> None:
    message = AIMessage(
        "text",
        response_metadata={"finish_reason": "length"},
        usage_metadata={"input_tokens": 3, "output_tokens": 5, "total_tokens": 8},
    )
    assert message_to_reply(message) == Reply("text", "length", Usage(3, 5))


@pytest.mark.parametrize(
    ("metadata", "word", "ended"),
    [
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, "max_output_tokens", Ended.LENGTH),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, "content_filter", Ended.FILTERED),
        ({"status": "completed", "incomplete_details": None}, None, None),
        ({"stopReason": "max_tokens"}, "max_tokens", Ended.LENGTH),
        ({"stopReason": "guardrail_intervened"}, "guardrail_intervened", Ended.FILTERED),
    ],
)
def test_why_a_reply_ended_is_stored_whichever_protocol_says_it(
    metadata: dict[str, Any], word: str | None, ended: Ended | None
) -> None:
    reply = message_to_reply(AIMessage("text", response_metadata=metadata))
    assert (reply.finish_reason, reply.ended) == (word, ended)


def test_what_a_message_does_not_tell_is_none() -> None:
    assert message_to_reply(AIMessage("text")) == Reply("text", None, Usage(None, None))


def test_cached_and_reasoning_tokens_are_kept_where_the_provider_counts_them() -> None:
    counted = UsageMetadata(
        input_tokens=30,
        output_tokens=9,
        total_tokens=39,
        input_token_details=InputTokenDetails(cache_read=20),
        output_token_details=OutputTokenDetails(reasoning=7),
    )
    assert message_to_reply(AIMessage("text", usage_metadata=counted)).usage == Usage(30, 9, 20, 7)


def test_a_provider_that_counts_no_token_of_the_prompt_has_counted_nothing() -> None:
    nothing = UsageMetadata(input_tokens=0, output_tokens=0, total_tokens=0)
    assert message_to_reply(AIMessage("text", usage_metadata=nothing)).usage == Usage()
    assert message_to_reply("text") == Reply("text")


def test_a_message_in_parts_becomes_the_text_of_its_parts() -> None:
    message = AIMessage(
        [{"type": "reasoning", "reasoning": "hm"}, {"type": "text", "text": "one, "}, {"type": "text", "text": "two"}]
    )
    assert message_to_reply(message).text == "one, two"


@given(st.text(st.characters(), max_size=50))
def test_every_text_can_be_stored_and_only_lone_surrogates_change(text: str) -> None:
    for reply in (message_to_reply(text), message_to_reply(AIMessage(text))):
        assert reply.text.encode("utf-8") == text.encode("utf-8", "replace")


def test_half_of_a_surrogate_pair_becomes_a_question_mark() -> None:
    assert message_to_reply("a\ud83db").text == "a?b"


WRONG_COUNTS = ["many", "7", "", -1, -(2**40), 2**31, 10**30, 1.5, float("nan"), float("inf"), True, None, [], {}]


def counted(**usage: Any) -> AIMessage:
    """Return a message whose usage nobody has checked, as some integrations set it."""
    message = AIMessage("text")
    message.usage_metadata = {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10, **usage}  # type: ignore[typeddict-item]
    return message


@pytest.mark.parametrize("wrong", WRONG_COUNTS)
def test_a_count_that_is_no_number_of_tokens_is_not_believed(wrong: Any) -> None:
    assert message_to_reply(counted(input_tokens=wrong)).usage == Usage()
    assert message_to_reply(counted(output_tokens=wrong)).usage == Usage(7, None)
    details = {"input_token_details": {"cache_read": wrong}, "output_token_details": {"reasoning": wrong}}
    assert message_to_reply(counted(**details)).usage == Usage(7, 3)


def test_counts_up_to_the_most_are_believed_and_parts_no_larger_than_the_whole() -> None:
    assert message_to_reply(counted(input_tokens=MOST_TOKENS, output_tokens=0)).usage == Usage(MOST_TOKENS, 0)
    parts = {"input_token_details": {"cache_read": 7}, "output_token_details": {"reasoning": 3}}
    assert message_to_reply(counted(**parts)).usage == Usage(7, 3, 7, 3)
    larger = {"input_token_details": {"cache_read": 8}, "output_token_details": {"reasoning": 4}}
    assert message_to_reply(counted(**larger)).usage == Usage(7, 3)


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@pytest.mark.parametrize(
    "wrong", [one for one in WRONG_COUNTS if one not in (None, True, "7")]
)  # which clients take for a number
async def test_a_reply_whose_server_cannot_count_is_kept(wrong: Any) -> None:
    usage = {"prompt_tokens": wrong, "completion_tokens": wrong, "total_tokens": 3}
    text = {"id": "1", "object": "text_completion", "created": 0, "model": "m"}
    completion = {**text, "choices": [{"index": 0, "text": "No", "finish_reason": "stop", "logprobs": None}], "usage": usage}
    models = chat_model(Answering(completed(usage=usage))), completion_model(Answering(completion))
    for reply in [message_to_reply(await answering(model).ainvoke("One")) for model in models]:
        assert (reply.text, reply.usage.is_reported) == ("No", False)


# what a model says in refusing


async def test_the_words_of_a_refusal_are_a_reply_that_ended_so() -> None:
    model = chat_model(Answering(completed({"content": None, "refusal": "I cannot help with that."})))
    reply = message_to_reply(await model.ainvoke("One"))
    assert (reply.text, reply.finish_reason, reply.ended) == ("I cannot help with that.", "refusal", Ended.REFUSED)
    assert reply.usage == Usage(5, 2), "it was paid for"


def test_a_refusal_that_is_a_part_of_a_message_is_one_too() -> None:
    parts: list[str | dict[str, Any]] = [{"type": "refusal", "refusal": "No,"}, {"type": "refusal", "refusal": "never."}]
    reply = message_to_reply(AIMessage(parts, response_metadata={"status": "completed"}))
    assert (reply.text, reply.ended) == ("No, never.", Ended.REFUSED)


async def test_an_empty_refusal_is_none() -> None:
    reply = message_to_reply(await chat_model(Answering(completed({"refusal": None}))).ainvoke("One"))
    assert (reply.text, reply.ended) == ("No", Ended.STOP)


# who served it


@pytest.mark.parametrize(
    ("about", "message_id", "model", "request_id"),
    [
        ({"model_name": "m-1", "system_fingerprint": "fp_1", "id": "chatcmpl-1"}, None, "m-1 (fp_1)", "chatcmpl-1"),
        ({"model": "claude-9", "id": "msg_1"}, "run-1", "claude-9", "msg_1"),
        ({"model_name": "m-1", "headers": {"x-request-id": "req_2"}, "id": "chatcmpl-1"}, None, "m-1", "req_2"),
        ({}, "msg_3", None, "msg_3"),
        ({}, "run-7", None, None),
        ({}, "lc_run--7", None, None),
        ({"model_name": 5, "id": ["x"], "headers": "x"}, None, None, None),
        ({"model_name": "x" * 5000, "id": "y\ud83d" * 5000}, None, "x" * 200, "y?" * 100),
    ],
)
def test_who_served_a_reply_is_kept_as_far_as_it_is_said(
    about: dict[str, Any], message_id: str | None, model: str | None, request_id: str | None
) -> None:
    served = message_to_reply(AIMessage("text", response_metadata=about, id=message_id)).served
    assert (served.model, served.request_id) == (model, request_id)


def test_a_message_that_is_nobodys_is_read_too() -> None:
    assert message_to_reply(ChatMessage("text", role="odd")) == Reply("text")  # type: ignore[arg-type]
