"""How a reply ended decides how it is read: whole, without its unfinished end, or not at all."""

import re
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk

from self_instruct.prompts.reading.classification_parser import ClassificationParser
from self_instruct.prompts.reading.instance_parser import InstanceParser
from self_instruct.prompts.reading.instruction_parser import InstructionParser
from self_instruct.prompts.reading.reply_parser import ReplyParser
from self_instruct.records.replies import Reply
from self_instruct.records.tasks import Candidate, Classification, Instance, Reason, Rejection

LIST = "9. Name a river.\n10. List three bir"
PAIRS = "Input: a\nOutput: b\n\nInput: c\nOutput: d"
LABELS = "Class label: x\na\n\nClass label: y\nb"
FORMS: tuple[Any, ...] = ("tolerant", "published")
READ = [
    *((InstructionParser(form=form), LIST) for form in FORMS),
    *((InstanceParser(form=form), PAIRS) for form in FORMS),
    *((InstanceParser(form=form, is_classification=True), LABELS) for form in FORMS),
]
EITHER = pytest.mark.parametrize(("parser", "text"), READ)


def last(read: list[Any]) -> Any:
    return read[-1]


@EITHER
@pytest.mark.parametrize(
    "word",
    ["length", "max_tokens", "model_context_window_exceeded", "FinishReason.MAX_TOKENS", "content_filter", "SAFETY",
     "FinishReason.RECITATION", "PROHIBITED_CONTENT", "guardrail_intervened"],
)  # fmt: skip
def test_the_unfinished_end_of_a_reply_is_cut_off_whatever_stopped_it(parser: ReplyParser[Any], text: str, word: str) -> None:
    rejected = last(parser.read(Reply(text, word)))
    assert isinstance(rejected, Rejection)
    assert (rejected.reason, rejected.evidence) == (Reason.CUT_OFF, {"finish_reason": word})
    assert text.endswith(rejected.text.strip())


@EITHER
@pytest.mark.parametrize("word", [None, "stop", "STOP", "end_turn", "stop_sequence", "eos", "tool_calls", "a new word"])
def test_a_reply_that_ended_by_itself_or_in_a_word_not_known_is_whole(
    parser: ReplyParser[Any], text: str, word: str | None
) -> None:
    assert isinstance(last(parser.read(Reply(text, word))), Candidate | Instance)


@EITHER
@pytest.mark.parametrize("word", ["refusal", "refused"])
@pytest.mark.parametrize("prefix", ["", "I'm sorry. "])
def test_nothing_of_a_refusal_becomes_a_task_or_instance(parser: ReplyParser[Any], text: str, word: str, prefix: str) -> None:
    refusal = Rejection(parser.stage, Reason.REFUSED_BY_PROVIDER, prefix + text, evidence={"finish_reason": word})
    assert parser.read(Reply(prefix + text, word)) == [refusal]


@pytest.mark.parametrize("form", FORMS)
def test_a_refusal_is_no_answer_to_the_classification_question(form: Any) -> None:
    parser = ClassificationParser(form=form)
    read = parser.read(Reply("Yes", "refusal"))
    assert isinstance(read, Rejection)
    assert (read.reason, read.text) == (Reason.REFUSED_BY_PROVIDER, "Yes")
    assert parser.read(Reply("Yes", "content_filter")) == Classification(is_classification=True)


@pytest.mark.parametrize(
    "message",
    [
        AIMessage("", additional_kwargs={"refusal": "I can't."}, response_metadata={"finish_reason": "stop"}),
        AIMessage([{"type": "refusal", "refusal": "I can't."}], response_metadata={"status": "completed"}),
        AIMessage("I can't.", response_metadata={"stop_reason": "refusal"}),
    ],
)
def test_a_models_refusal_keeps_its_words_wherever_a_provider_puts_them(message: AIMessage) -> None:
    [read] = InstructionParser().invoke(message)
    assert isinstance(read, Rejection)
    assert (read.reason, read.text) == (Reason.REFUSED_BY_PROVIDER, "I can't.")
    assert read.evidence == {"finish_reason": "refusal"}


@pytest.mark.parametrize(
    "metadata",
    [
        {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
        {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
        {"stopReason": "max_tokens"},
        {"stopReason": "guardrail_intervened"},
    ],
)
def test_why_a_reply_ended_is_found_where_other_protocols_say_it(metadata: dict[str, Any]) -> None:
    read = InstructionParser().invoke(AIMessage(LIST, response_metadata=metadata))
    assert [getattr(each, "reason", None) for each in read] == [None, Reason.CUT_OFF]


@pytest.mark.parametrize("kind", ["words", "field", "blocks"])
def test_a_refusal_in_the_midst_of_a_stream_is_told_after_what_was_already_given(kind: str) -> None:
    chunks = [AIMessageChunk("9. One.\n10. Two.\n11. ")]
    match kind:
        case "words":
            chunks.append(AIMessageChunk("No.", response_metadata={"stop_reason": "refusal"}))
        case "field":
            chunks.append(AIMessageChunk("", additional_kwargs={"refusal": "No."}))
        case _:
            chunks.append(AIMessageChunk([{"type": "refusal", "refusal": "No."}]))
    chunks.append(AIMessageChunk("", response_metadata={"finish_reason": "stop"}))
    *given, refused = [each for part in InstructionParser().transform(iter(chunks)) for each in part]
    assert given == [Candidate(0, "One.")]
    assert isinstance(refused, Rejection)
    assert refused.reason is Reason.REFUSED_BY_PROVIDER
    assert re.fullmatch(r"9\. One\.\n10\. Two\.\n11\. No\.", refused.text)
