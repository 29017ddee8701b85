"""Instance replies become input/output pairs, in the published form and in the form that tolerates what chat models write."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage

from self_instruct.prompts.reading.instance_parser import InstanceParser
from self_instruct.records.replies import Reply
from self_instruct.records.tasks import Instance, Reason, Rejection

PUBLISHED = InstanceParser(form="published")
PUBLISHED_LABELS = InstanceParser(form="published", is_classification=True)
TOLERANT = InstanceParser()
TOLERANT_LABELS = InstanceParser(is_classification=True)
ALL = (PUBLISHED, PUBLISHED_LABELS, TOLERANT, TOLERANT_LABELS)
PIECES = st.sampled_from([
    "Example 1\n", "\nExample 2", "Example", "\nInput: ", "Input 2:", "\nOutput:", "\n**Output:** x", "\nClass label: A\n",
    "```\n", "\n```", "\n\nTask: ", "a cat", "N/A", "<think>", "</think>\n", "\n---\n", "\r\n", "   x",
    "{{ 7*7 }}", "'; DROP TABLE x; --", "\x00",
])  # fmt: skip
REPLIES = st.one_of(st.text(st.characters(exclude_categories=["Cs"])), st.lists(PIECES).map("".join))


def pairs(records: list[Instance | Rejection]) -> list[tuple[str, str]]:
    return [(record.input, record.output) for record in records if isinstance(record, Instance)]


def reasons(records: list[Instance | Rejection]) -> list[Reason | None]:
    return [record.reason if isinstance(record, Rejection) else None for record in records]


# The published form


def test_published_markers_count_wherever_they_stand():
    reply = "Example 1\nSee Example 2. Output 1 : a Input 2: b Output: c"
    assert pairs(PUBLISHED.parse(reply)) == [("", "See"), ("", "a")]


def test_a_published_part_without_output_marker_is_all_output():
    assert pairs(PUBLISHED.parse("Example 1\nParagraph: a\nExample 2\nText: b Input: c")) == [
        ("", "Paragraph: a"),
        ("", "Text: b"),
    ]


def test_of_a_published_part_the_first_two_pieces_count():
    assert pairs(PUBLISHED.parse("Input 3 : a\nOutput: b\nInput: c\nOutput: d\nOutput: e")) == [("a", "b")]


def test_a_published_class_label_is_one_line_and_the_rest_its_input():
    reply = "So: Class label: spam\nText: You won!\nCall us. Class label:\nham"
    assert pairs(PUBLISHED_LABELS.parse(reply)) == [("Text: You won!\nCall us.", "spam"), ("", "ham")]


# The tolerant form


@pytest.mark.parametrize(
    "reply",
    [
        "Example 1\nInput: a\nOutput: b\nExample 2\nInput: c\nOutput: d",
        "Example 1:\nInput: a\nOutput: b\n\nExample 2:\nInput: c\nOutput: d\n",
        "### Example 1\n**Input:** a\n**Output:** b\n\n---\n\n### Example 2\n**Input:** c\n**Output:** d",
        "**Example 1**\nInput: a\nOutput: b\n**Example 2:**\nInput: c\nOutput: d",
        "Example 1\nInput 1: a\nOutput 1: b\nExample 2\nInput 2: c\nOutput 2: d",
        "Example\nInput: a\nOutput: b\nExample:\nInput: c\nOutput: d",
        "Input: a\nOutput: b\n\nInput: c\nOutput: d",
        "Example 1\na\nOutput: b\nExample 2\nInput:\nc\nOutput:\n\nd",
        "Example 1: a\nOutput: b\nExample 2. c\nOutput: d",
        "Input: Input: a\nOutput: b\nInput: Input: Input: c\nOutput: Output: d",
        "1. Input: a\n- Output: b\n2. Input: c\n* Output: d",
        "Sure! Here are some examples:\n\nExample 1\nInput: a\nOutput: b\nExample 2\nInput: c\nOutput: d",
        "Task: Do it.\nExample 1\nInput: a\nOutput: b\nExample 2\nInput: c\nOutput: d\n\nTask: Sing.\nOutput: la",
        "```\nExample 1\nInput: a\nOutput: b\nExample 2\nInput: c\nOutput: d\n```\nEnjoy!",
        "```\nExample 1\nInput: a\nOutput: b\nExample 2\nInput: c\nOutput: d",
        "```\nExample 1\nInput: a\nOutput: b\n```\n\n```\nExample 2\nInput: c\nOutput: d\n```",
        "Here are two:\n\n```\nInput: a\nOutput: b\n```\n\n```\nInput: c\nOutput: d\n```\nEnjoy!",
        "**Example 1:**\n\n```\nInput: a\nOutput: b\n```\n\n**Example 2:** Another one\n\n```\nInput: c\nOutput: d\n```",
        "Example 1 – A short list\nInput: a\nOutput: b\n\nExample 2 – A longer list\nInput: c\nOutput: d",
        "Example 1 - A short list\nInput: a\nOutput: b\n\nExample 2 - A longer list\nInput: c\nOutput: d",
        "**Example 1 — A short list**\n\nInput: a\nOutput: b\n\n**Example 2 — A longer list**\n\nInput: c\nOutput: d",
        "**First example**\nInput: a\nOutput: b\n\n**Second example**\nInput: c\nOutput: d",
        "<think>Example 1\nInput: x\nOutput: y</think>\nExample 1\nInput: a\nOutput: b\nExample 2\nInput: c\nOutput: d",
        "Example 1\r\nInput: a\r\nOutput: b\r\nExample 2\r\nInput: c\r\nOutput: d\r\n",
        "Example 1\nInput: a\nOutput: b\nExample 2\nInput: c\nOutput: d\n\nLet me know if you need more examples!",
    ],
)
def test_the_tolerant_form_reads_pairs_however_they_are_marked(reply: str):
    assert pairs(TOLERANT.parse(reply)) == [("a", "b"), ("c", "d")]


def test_markers_within_a_line_are_text():
    reply = "Example 1\nInput: See Example 2, Input: x and\nthe Output: y.\nOutput: The word Input: is used."
    assert pairs(TOLERANT.parse(reply)) == [("See Example 2, Input: x and\nthe Output: y.", "The word Input: is used.")]


def test_markers_within_a_fence_are_text_and_the_fence_survives():
    code = "```python\nfor x in y:\n    print(x)\nOutput: 1\n```"
    assert pairs(TOLERANT.parse(f"Example 1\nInput:\n{code}\nOutput:\n{code}")) == [(code, code)]


def test_field_names_and_several_lines_survive():
    reply = "Example 1\nParagraph: a\n\nb\nQuestion: c\nOutput: d\n\n- e\nExample sentences follow."
    assert pairs(TOLERANT.parse(reply)) == [("Paragraph: a\n\nb\nQuestion: c", "d\n\n- e\nExample sentences follow.")]


def test_code_below_a_marker_keeps_its_relative_indent():
    assert pairs(TOLERANT.parse("Output:\n    if x:\n        y()\n")) == [("", "if x:\n    y()")]


@pytest.mark.parametrize("nothing", ["N/A", "None", "none.", "<noinput>", "(none)", "No input", "*Not applicable*", ""])
@pytest.mark.parametrize("parser", [TOLERANT, TOLERANT_LABELS])
def test_words_for_no_input_are_an_empty_input(parser: InstanceParser, nothing: str):
    reply = f"Input: {nothing}\nOutput: b" if parser is TOLERANT else f"Class label: b\nInput: {nothing}"
    assert pairs(parser.parse(reply)) == [("", "b")]


@pytest.mark.parametrize("something", ["0", "[None]", '"None"', "-", "No", "none of them came"])
def test_an_input_that_means_something_is_kept(something: str):
    assert pairs(TOLERANT.parse(f"Input: {something}\nOutput: b")) == [(something, "b")]


def test_two_outputs_belong_to_the_same_input():
    assert pairs(TOLERANT.parse("Input: a\nOutput: b\nOutput: c")) == [("a", "b"), ("a", "c")]


def test_the_headings_of_an_answer_are_text_of_it():
    answer = "It calls itself.\n\n**Example 1:** Factorial\nMultiply down.\n\n**Example 2:** Fibonacci\nAdd the two before."
    assert pairs(TOLERANT.parse(f"Output: {answer}")) == [("", answer)]
    assert pairs(TOLERANT.parse(f"Input: recursion\nOutput: {answer}")) == [("recursion", answer)]


def test_an_answer_may_be_a_numbered_list_with_headings():
    answer = "### Steps\n1. Boil water.\n2. Add tea.\n\n### Example\nGreen tea: two minutes."
    assert pairs(TOLERANT.parse(f"Output: {answer}")) == [("", answer)]


def test_an_example_with_a_marker_of_its_own_or_with_nothing_yet_ends_an_answer_without():
    assert pairs(TOLERANT.parse("Output: a\n\nExample 2\nInput: b\nOutput: c")) == [("", "a"), ("b", "c")]
    records = TOLERANT.read(Reply("Output: I work in a bakery.\nExample 1\nInput", "length"))
    assert pairs(records) == [("", "I work in a bakery.")]
    assert reasons(records) == [None, Reason.CUT_OFF]


def test_after_an_example_another_without_output_marker_is_one():
    assert pairs(TOLERANT.parse("Example 1\nOutput: a\nExample 2\nWalk daily.\nExample 3\nOutput: c")) == [
        ("", "a"),
        ("", "Walk daily."),
        ("", "c"),
    ]


def test_an_example_without_output_marker_is_an_output_but_an_input_alone_is_unreadable():
    records = TOLERANT.parse("Example 1\nWalk daily.\nExample 2\nInput: a\nExample 3\n")
    assert pairs(records) == [("", "Walk daily.")]
    assert reasons(records)[1:] == [Reason.UNREADABLE, Reason.EMPTY]


@pytest.mark.parametrize(
    "reply",
    [
        "Class label: A\nText: x\nClass label: B\nText: y",
        "**Class label:** A\nText: x\n\n**Class label:** **B**\nText: y",
        "Example 1\nClass Label: A\nInput: Text: x\nExample 2\nClass label: B\nInput:\nText: y",
        "Input: Text: x\nClass label: A\nInput: Text: y\nClass label: B",
        "Example 1\nInput: Text: x\nOutput: A\nExample 2\nInput: Text: y\nOutput: B",
        "```\nClass label: A\nText: x\nClass label: B\nText: y\n```",
        "```\nClass label: A\nText: x\n```\n\n```\nClass label: B\nText: y\n```",
        "**Example 1:**\n\n```\nClass label: A\nText: x\n```\n\n**Example 2:**\n\n```\nClass label: B\nText: y\n```",
        "Class label:\nA\nText: x\n\nClass label: B\nText: y\n\nTask: Sing.\nClass label: C",
    ],
)
def test_the_tolerant_form_reads_labels_and_their_inputs_in_either_order(reply: str):
    assert pairs(TOLERANT_LABELS.parse(reply)) == [("Text: x", "A"), ("Text: y", "B")]


def test_output_is_a_word_of_the_input_where_labels_are_marked():
    assert pairs(TOLERANT_LABELS.parse("Class label: A\nCode: x\nOutput: 3")) == [("Code: x\nOutput: 3", "A")]


# Rejections


@pytest.mark.parametrize("parser", ALL)
def test_only_the_last_instance_of_a_cut_off_reply_is_rejected(parser: InstanceParser):
    if parser.is_classification:
        reply, last = "Class label: A\nx\nClass label: B\ny", "B\ny"
    else:
        reply, last = "Example 1\nInput: x\nOutput: A\nExample 2\nInput: y\nOutput: B", "Input: y\nOutput: B"
    records = parser.read(Reply(reply, "length"))
    assert pairs(records) == [("x", "A")]
    assert isinstance(records[1], Rejection)
    assert records[1].reason is Reason.CUT_OFF
    assert records[1].text.endswith(last)
    assert records[1].evidence == {"finish_reason": "length"}


def test_a_reply_that_went_on_to_another_task_lost_nothing_by_its_cut():
    assert pairs(TOLERANT.read(Reply("Output: a\n\nTask: Sing.\nOutput: l", "length"))) == [("", "a")]


@pytest.mark.parametrize("parser", ALL)
def test_a_reply_without_marker_is_unreadable(parser: InstanceParser):
    [record] = parser.parse("The answer is 42.")
    assert isinstance(record, Rejection)
    assert (record.reason, record.text) == (Reason.UNREADABLE, "The answer is 42.")


@pytest.mark.parametrize("parser", ALL)
def test_an_empty_reply_is_empty(parser: InstanceParser):
    assert reasons(parser.parse(" \n")) == [Reason.EMPTY]


def test_a_reply_that_only_thinks_is_empty():
    assert reasons(TOLERANT.parse("<think>Output: a")) == [Reason.EMPTY]


# Whatever a model writes


@given(REPLIES, st.sampled_from([None, "stop", "length"]))
def test_any_reply_gives_records_or_rejections(reply: str, finish_reason: str | None):
    for parser in ALL:
        records = parser.read(Reply(reply, finish_reason))
        assert records
        assert all(isinstance(record, Instance | Rejection) for record in records)


@pytest.mark.parametrize(
    "unit", ["Output", "Output ", "\nOutput:", "\nExample\n", "\n", " ", "```\n", "\n\nTask:", "-\n", "Input 1"]
)
def test_a_large_reply_is_read_in_linear_time(unit: str):
    started = time.process_time()
    for parser in ALL:
        parser.parse("Output:" + unit * (100_000 // len(unit)) + "x")
    assert time.process_time() - started < 3  # quadratic time would be minutes


def test_a_message_with_blocks_and_a_finish_reason_is_read():
    message = AIMessage([{"type": "text", "text": "Output: a"}], response_metadata={"stop_reason": "max_tokens"})
    assert reasons(TOLERANT.invoke(message)) == [Reason.CUT_OFF]


# The recorded run


def test_the_published_form_reads_the_recorded_run_as_its_code_did(reference: Path):
    folder = reference / "davinci-run"
    replies = [json.loads(line) for line in (folder / "instance_replies.jsonl").open(encoding="utf-8")]
    parsed = [json.loads(line) for line in (folder / "parsed_instances.jsonl").open(encoding="utf-8")]
    total = 0
    for reply, expected in zip(replies, parsed, strict=True):
        if reply["text"] is None:
            continue
        parser = PUBLISHED_LABELS if expected["is_classification"] else PUBLISHED
        read = pairs(parser.read(Reply(reply["text"], reply["finish_reason"])))
        assert [list(pair) for pair in read] == expected["parsed"]
        total += len(read)
    assert total == 272  # counts.json: instances_parsed


@pytest.mark.parametrize(
    "reply",
    [
        "Output:\n```python\nprint(1)\nOutput: 1\n```",
        "Example 1\nOutput:\n```\nInput: a\nOutput: b\n```",
        "Example 1\n\n```python\ndef f(): ...\n# Output: 3\n```",
        "Example 1\nWrite one for the list b, a.\n```\nOutput: a, b\n```",
    ],
)
def test_an_output_that_is_or_ends_in_a_code_block_stays_whole(reply: str):
    assert pairs(TOLERANT.parse(reply)) == [("", reply.removeprefix("Example 1\n").removeprefix("Output:\n").strip())]


def test_a_dash_behind_an_example_that_is_no_title_is_text():
    assert pairs(TOLERANT.parse("Input: a\nExample 1 - 5 minutes\nis enough.\nOutput: x")) == [
        ("a\nExample 1 - 5 minutes\nis enough.", "x")
    ]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ('[{"list": "b, a", "output": "a, b"}]', ("b, a", "a, b")),
        ('[{"city_name": "Rome", "year": 1990, "output": "a", "explanation": "e"}]', ("City name: Rome\nYear: 1990", "a")),
        ('[{"instruction": "Sort them.", "output": "a, b"}]', ("", "a, b")),
        ('[{"input": "b", "source": "x", "output": "a"}]', ("b", "a")),
        ('Output: {"list": "b, a", "output": "a, b"}', ("", '{"list": "b, a", "output": "a, b"}')),
    ],
)
def test_json_keeps_an_input_under_another_name(reply: str, expected: tuple[str, str]):
    assert pairs(TOLERANT.parse(reply)) == [expected]


@pytest.mark.parametrize(
    "reply",
    [
        '[{"review": "I loved it.", "label": "positive"}]',
        '[{"number": 1, "review": "I loved it.", "label": "positive", "reason": "loved"}]',
        "| # | Review | Class label |\n|---|---|---|\n| 1 | I loved it. | positive |",
    ],
)
def test_what_a_label_belongs_to_is_its_input_whatever_it_is_called(reply: str):
    assert pairs(TOLERANT_LABELS.parse(reply)) == [("I loved it.", "positive")]


def test_a_number_alone_is_an_input():
    assert pairs(TOLERANT_LABELS.parse('[{"number": 7, "label": "odd"}]')) == [("7", "odd")]


def test_an_answer_of_several_paragraphs_or_a_letter_keeps_its_last():
    letter = "Hi Tom,\n\nFeel free to call me if anything is unclear."
    assert pairs(TOLERANT.parse(f"Input: a\nOutput: {letter}")) == [("a", letter)]
    assert pairs(TOLERANT.parse("Input: a\nOutput: One.\n\nTwo.\n\nI hope this helps!")) == [("a", "One.\n\nTwo.")]


def test_a_fence_may_open_on_the_line_of_its_marker() -> None:
    text = "\n".join(
        f"Example {number}\nInput: books {number}\nOutput: ```sql\nSELECT {number};\n\nInput: not a marker\n```"
        for number in (1, 2)
    )
    outputs = [f"```sql\nSELECT {number};\n\nInput: not a marker\n```" for number in (1, 2)]
    assert InstanceParser().invoke(text) == [Instance("books 1", outputs[0]), Instance("books 2", outputs[1])]
