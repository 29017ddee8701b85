"""Instruction replies become candidates, in the published form and in the form that tolerates what chat models write."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import Generation

from self_instruct.prompts.reading.instruction_parser import InstructionParser
from self_instruct.records.replies import Reply
from self_instruct.records.tasks import Candidate, Reason, Rejection, StageName

PUBLISHED = InstructionParser(form="published", casing="capitalize")
TOLERANT = InstructionParser()
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
PIECES = st.sampled_from([
    "\n", "\n\n", "9. ", "\n10. ", "\n11) ", "\n**12.** ", "```\n", "\n```python\n", "\n- ", "Task 3: ", "<think>", "</think>",
    "a cat", "Sure! Here are more:", "\r\n", "Let me know.", "2016. ", "---\n", "   1. ",
    "{{ 7*7 }}", "'; DROP TABLE x; --", "\x00",
])  # fmt: skip
REPLIES = st.one_of(ANY_TEXT, st.lists(PIECES).map("".join))
SENTENCES = st.text("abcdefgh ", min_size=1, max_size=30).map(str.strip).filter(bool)


def texts(reply: str, parser: InstructionParser = TOLERANT) -> list[str]:
    return [record.text for record in parser.parse(reply) if isinstance(record, Candidate)]


def reasons(records: list[Candidate | Rejection]) -> list[Reason | None]:
    return [record.reason if isinstance(record, Rejection) else None for record in records]


# The published form


def test_the_published_form_splits_at_a_new_line_digits_a_full_stop_and_a_space():
    assert PUBLISHED.parse(" name a river.\n10. List  three\nBIRDS.\n11 . Draw.\n12.No split.") == [
        Candidate(0, "Name a river."),
        Candidate(15, "List three birds."),
        Candidate(38, "Draw. 12.no split."),
    ]


def test_the_published_form_lets_empty_items_vanish():
    assert PUBLISHED.parse("\n9. \n10. Name a river.") == [Candidate(5, "Name a river.")]


def test_the_published_form_drops_a_cut_off_reply_as_a_whole():
    reply = Reply(" One.\n10. Tw", "length")
    assert PUBLISHED.read(reply) == [
        Rejection(StageName.INSTRUCTIONS, Reason.CUT_OFF, reply.text, evidence={"finish_reason": "length"})
    ]


def test_the_published_form_splits_inside_a_thought_and_keeps_the_greeting():
    assert texts("<think>\n1. hm</think>\n9. Sing.", PUBLISHED) == ["<think>", "Hm</think>", "Sing."]


def test_a_reply_with_nothing_but_empty_items_is_a_rejection_in_the_published_form():
    assert reasons(PUBLISHED.parse("\n9. \n10. ")) == [Reason.EMPTY]


# The tolerant form


@pytest.mark.parametrize(
    "reply",
    [
        " Name a river.\n10. List three birds.",
        "9. Name a river.\n10. List three birds.",
        " 9. Name a river.\n 10. List three birds.",
        "9) Name a river.\n10) List three birds.",
        "**9.** Name a river.\n**10.** List three birds.",
        "**9**. Name a river.\n**10**. List three birds.",
        "**9. Name a river.**\n**10. List three birds.**",
        "9. **Name a river.**\n10. **List three birds.**",
        "Task 9: Name a river.\nTask 10: List three birds.",
        "**Task 9:** Name a river.\n\n**Task 10:** List three birds.",
        "### Task 9\nName a river.\n\n### Task 10\nList three birds.",
        "Instruction 9: Name a river.\nInstruction 10: List three birds.",
        "9.Name a river.\n10.List three birds.",
        "9.\nName a river.\n10.\nList three birds.",
        "```\n9. Name a river.\n10. List three birds.\n```",
        "Here you go:\n```text\n9. Name a river.\n10. List three birds.\n```\nEnjoy!",
        "```\n9. Name a river.\n10. List three birds.",
        "Sure! Here are more tasks:\n\n9. Name a river.\n10. List three birds.",
        "Certainly.\n9. Name a river.\n10. List three birds.",
        "Voici la suite :\n\n9. Name a river.\n10. List three birds.",
        "**Tasks**\n\n1. Name a river.\n2. List three birds.",
        "9. Name a river.\n10. List three birds.\n\nThese tasks cover two topics.",
        "9. Name a river.\n10. List three birds.\nLet me know if you would like more!",
        "9. Name a river.\n\n---\n\n10. List three birds.\n\n---",
        " Name a river.\n1. List three birds.",
        "- Name a river.\n- List three birds.",
        "Here are more tasks:\n* **Name a river.**\n* List three birds.",
        "<think>\n1. rivers\n2. birds\n</think>\n\n9. Name a river.\n10. List three birds.",
        "1. rivers\n</think>\n9. Name a river.\n10. List three birds.",
        "9. Name a river.\r\n10. List three birds.\r\n",
        "9. Name\na\n  river.\n10. List three\r\nbirds.",
    ],
)
def test_the_tolerant_form_reads_a_list_however_it_is_written(reply: str):
    assert texts(reply) == ["Name a river.", "List three birds."]


@pytest.mark.parametrize(
    "item",
    [
        "Say who won in 2016. Explain it.",
        "Say who won in\n2016. Explain it.",
        "Multiply 3.5 by\n4.5 and round.",
        "Follow the plan.\nStep 1. Boil water.",
        "Choose the answer:\n   1. a cat\n   2. a dog",
        "Choose the answer:\n1) a cat\n2) a dog",
        "Sort the list:\n- a cat\n- a dog",
        "Fix the code.\n```\n1. print\n2. exit\n```",
        "Use ** in the formula 2**3**2.",
        "**kwargs: say what it means.",
    ],
)
def test_what_only_looks_like_a_number_does_not_split_an_item(item: str):
    assert texts(f"9. {item}\n10. Name a river.") == [" ".join(item.split()), "Name a river."]


def test_a_bold_title_keeps_its_words():
    assert texts("**9. Rivers:** Name one.") == ["Rivers: Name one."]


def test_task_labels_make_plain_numbers_part_of_a_task():
    assert texts("Task 9: Do this:\n1. one\n2. two\nTask 10: Stop.") == ["Do this: 1. one 2. two", "Stop."]


def test_a_last_item_may_go_on_after_a_colon():
    assert texts("9. Name a river.\n10. Translate this:\n\nGood morning.")[-1] == "Translate this: Good morning."


def test_only_the_first_letter_is_raised_in_the_tolerant_form():
    assert texts("9. name NASA's first Python script") == ["Name NASA's first Python script"]


def test_only_the_cut_off_last_item_is_a_rejection():
    first, last = TOLERANT.read(Reply(" One.\n10. Two.\n11. Thr", "length"))[1:]
    assert first == Candidate(6, "Two.")
    assert isinstance(last, Rejection)
    assert (last.reason, last.text, last.item) == (Reason.CUT_OFF, "11. Thr", 15)


def test_a_number_alone_is_the_cut_off_item():
    records = TOLERANT.read(Reply(" One.\n10. Two.\n11.", "max_tokens"))
    assert reasons(records) == [None, None, Reason.CUT_OFF]


def test_an_empty_item_is_a_rejection_in_the_tolerant_form():
    assert reasons(TOLERANT.parse("9. \n10. Two.")) == [Reason.EMPTY, None]


@pytest.mark.parametrize("parser", [PUBLISHED, TOLERANT])
@pytest.mark.parametrize("reply", ["", "  \n\t"])
def test_an_empty_reply_is_one_rejection(parser: InstructionParser, reply: str):
    [record] = parser.read(Reply(reply, "length"))
    assert isinstance(record, Rejection)
    assert (record.reason, record.text) == (Reason.EMPTY, reply)


def test_a_reply_without_any_task_is_unreadable():
    assert reasons(TOLERANT.parse("I'm sorry, but I can't help with that.")) == [Reason.UNREADABLE]


def test_a_reply_that_only_thinks_is_empty_or_cut_off():
    thought = "<think>\n1. Name a river."
    assert reasons(TOLERANT.parse(thought)) == [Reason.EMPTY]
    assert reasons(TOLERANT.read(Reply(thought, "length"))) == [Reason.CUT_OFF]


def test_a_task_about_think_tags_is_a_task():
    assert texts("9. Say what <think> means.\n10. Name a river.") == ["Say what <think> means.", "Name a river."]


# Positions


@given(
    st.lists(SENTENCES, min_size=1, max_size=8),
    st.sampled_from([" ", "9. ", " 9. ", "\n9. "]),
    st.sampled_from(["\n", "\n\n", "\r\n"]),
)
def test_an_item_has_the_same_position_in_both_forms(sentences: list[str], start: str, gap: str):
    reply = start + gap.join(sentence if at == 0 else f"{at + 9}. {sentence}" for at, sentence in enumerate(sentences))
    published, tolerant = PUBLISHED.parse(reply), TOLERANT.parse(reply)
    assert [record.item for record in published] == [record.item for record in tolerant]
    assert all(reply[record.item :].startswith(str(at + 9)) for at, record in enumerate(published) if at)


@pytest.mark.parametrize("around", ["<think>\nhm\n</think>\n{}", "```\n{}\n```", "Sure!\r\n\r\n{}"])
def test_what_surrounds_a_list_does_not_shift_positions(around: str):
    reply = around.format("9. Name a river.\n10. List birds.")
    positions = {record.item for record in TOLERANT.parse(reply)}
    assert positions == {reply.index("9. "), reply.index("10. ")}
    assert positions <= {record.item for record in PUBLISHED.parse(reply)}


@given(REPLIES)
def test_positions_are_unique_and_ascending(reply: str):
    for parser in (PUBLISHED, TOLERANT):
        positions = [record.item for record in parser.parse(reply)]
        assert positions == sorted(set(positions))


# Whatever a model writes


@given(REPLIES, st.sampled_from([None, "stop", "length"]))
def test_any_reply_gives_records_or_rejections(reply: str, finish_reason: str | None):
    for parser in (PUBLISHED, TOLERANT):
        records = parser.read(Reply(reply, finish_reason))
        assert records
        assert all(record.text == " ".join(record.text.split()) != "" for record in records if isinstance(record, Candidate))


@pytest.mark.parametrize("unit", ["\n1. ", "\n", "```\n", "**", "\n**9.** ", " ", "-\n", "0", "Sure!\n", "\n---\n\n", "\n1"])
def test_a_large_reply_is_read_in_linear_time(unit: str):
    started = time.process_time()
    for parser in (PUBLISHED, TOLERANT):
        parser.parse(unit * (100_000 // len(unit)) + "x")
    assert time.process_time() - started < 2  # quadratic time would be minutes


# As part of a pipe


@pytest.mark.parametrize(
    "metadata",
    [
        {"finish_reason": "length"},
        {"stop_reason": "max_tokens"},
        {"finish_reason": "MAX_TOKENS"},
        {"finish_reason": "FinishReason.MAX_TOKENS"},
        {"finish_reason": None, "done_reason": "length"},
    ],
)
def test_the_finish_reason_is_found_in_a_message(metadata: dict[str, str | None]):
    message = AIMessage(" One.\n10. Two", response_metadata=metadata)
    assert reasons(TOLERANT.invoke(message)) == [None, Reason.CUT_OFF]


def test_the_finish_reason_is_found_in_a_generation():
    generation = Generation(text=" One.\n10. Two", generation_info={"finish_reason": "length"})
    assert reasons(TOLERANT.parse_result([generation])) == [None, Reason.CUT_OFF]


def test_the_text_blocks_of_a_message_are_read():
    message = AIMessage([{"type": "thinking", "thinking": "1. hm"}, {"type": "text", "text": "9. One.\n"}, "10. Two."])
    assert [record.text for record in TOLERANT.invoke(message)] == ["One.", "Two."]


def test_a_stream_gives_each_item_as_it_is_finished():
    chunks = ["9. On", "e.\n", "10. Two", ".\n", "11. Three.\n", "12. Four."]
    streamed = [[record.text for record in part] for part in TOLERANT.transform(iter(chunks))]
    assert streamed == [["One."], ["Two."], ["Three.", "Four."]]


@pytest.mark.parametrize("before", ["", " ", "\ufeff", "\n \u200b"])
def test_a_list_that_goes_on_is_no_thought_whatever_stands_before_it(before: str):
    reply = f"{before}9. One.\n10. Two <think>so</think>\n11. Three."
    texts = ["One.", "Two <think>so</think>", "Three."]
    assert [record.text for record in TOLERANT.parse(reply)] == texts
    assert [record.text for part in TOLERANT.transform(iter(reply)) for record in part] == texts


def test_a_streaming_chat_model_can_be_piped_into_the_parser():
    chain = GenericFakeChatModel(messages=iter([AIMessage("9. One.\n10. Two.\n11. Three.")])) | TOLERANT
    assert [record for part in chain.stream("go on") for record in part] == TOLERANT.parse("9. One.\n10. Two.\n11. Three.")


async def test_an_asynchronous_stream_gives_the_same():
    async def chunks():
        for text in ("9. One.\n10. Two.\n", "11. Thr"):
            yield AIMessageChunk(text)
        yield AIMessageChunk("", response_metadata={"finish_reason": "length"})

    records = [record async for part in TOLERANT.atransform(chunks()) for record in part]
    assert reasons(records) == [None, None, Reason.CUT_OFF]


@given(REPLIES, st.integers(1, 7))
def test_the_parts_of_a_stream_add_up_to_the_whole(reply: str, size: int):
    chunks = [reply[at : at + size] for at in range(0, len(reply), size)] or [""]
    for parser in (PUBLISHED, TOLERANT):
        assert [record for part in parser.transform(iter(chunks)) for record in part] == parser.parse(reply)


def test_the_published_form_streams_nothing_before_the_end():
    chunks: Iterator[str] = iter([" One.\n", "10. Two.\n", "11. Three."])
    assert len(list(PUBLISHED.transform(chunks))) == 1


# The recorded run


def test_both_forms_read_the_recorded_run_alike_but_for_an_instance_glued_to_its_instruction(reference: Path):
    replies = [json.loads(line) for line in (reference / "davinci-run" / "instruction_replies.jsonl").open(encoding="utf-8")]
    tolerant = InstructionParser(casing="capitalize")
    glued: list[Candidate | Rejection] = []
    for reply in (Reply(row["text"], row["finish_reason"]) for row in replies):
        read, published = tolerant.read(reply), PUBLISHED.read(reply)
        assert [record.item for record in read] == [record.item for record in published]
        glued += [each for each, other in zip(read, published, strict=True) if each != other]
    assert [record.text for record in glued] == [
        "Print out the given strings using * for every occurrence of the pattern and # for every non-occurrence of the pattern."
    ]
