"""Conversations: who says what, and a file that OpenAI takes, line by line."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openai.types.chat import ChatCompletionAssistantMessageParam, ChatCompletionUserMessageParam
from pydantic import TypeAdapter

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.reports import ExportError, Selection, chat_faults
from self_instruct.reports.exports.conversations import write_chat_lines
from self_instruct.reports.exports.export import export

QUESTION = "Write a letter to a neighbour.\n\nabout the hedge"
ANSWER = "Dear neighbour, your hedge ..."


def rows(ledger: Ledger, form: str, out: Path) -> list[dict[str, Any]]:
    export(ledger, RunPlan.of(ledger), form, out, selection=Selection(seeds=form == "openai-chat"))
    text = out.read_text()
    return json.loads(text) if form == "sharegpt" else [json.loads(line) for line in text.splitlines()]


def chat(*messages: dict[str, Any]) -> str:
    return json.dumps({"messages": messages})


def said(role: str, content: Any) -> dict[str, Any]:
    return {"role": role, "content": content}


GOOD = chat(said("user", "Hi"), said("assistant", "Hello"))


@pytest.mark.parametrize(
    ("form", "row"),
    [
        ("messages", {"messages": [said("user", QUESTION), said("assistant", ANSWER)]}),
        ("trl-prompt-completion", {"prompt": [said("user", QUESTION)], "completion": [said("assistant", ANSWER)]}),
        (
            "sharegpt",
            {"id": "0:0:1", "conversations": [{"from": "human", "value": QUESTION}, {"from": "gpt", "value": ANSWER}]},
        ),
    ],
)
def test_the_second_row_is_this(run: Ledger, tmp_path: Path, form: str, row: dict[str, Any]) -> None:
    found = rows(run, form, tmp_path / "out")
    assert len(found) == 7
    assert found[1] == row


def test_an_instruction_without_input_is_all_that_the_user_says(run: Ledger, tmp_path: Path) -> None:
    assert rows(run, "messages", tmp_path / "out")[0]["messages"][0] == said("user", "Write a letter to a neighbour.")


def test_what_is_exported_for_openai_has_no_fault_and_the_types_of_their_client(run: Ledger, tmp_path: Path) -> None:
    found = rows(run, "openai-chat", tmp_path / "out")
    assert len(found) == 19
    assert list(chat_faults((tmp_path / "out").read_text().splitlines())) == []
    turns = TypeAdapter(tuple[ChatCompletionUserMessageParam, ChatCompletionAssistantMessageParam])
    for row in found:
        assert list(row) == ["messages"]
        turns.validate_python(tuple(row["messages"]), strict=False, extra="forbid")


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("{", "not a JSON object"),
        ('{"messages": []}', "no list of messages"),
        ('{"prompt": "Hi"}', "no list of messages"),
        ("[1]", "no list of messages"),
        (chat({"content": "Hi"}), "a message without a role"),
        (chat(said("human", "Hi"), said("assistant", "Hello")), "a message of the unknown role 'human'"),
        (chat(said("user", "Hi"), said("assistant", " \n")), "an empty assistant message"),
        (chat(said("user", "Hi"), said("assistant", None)), "an empty assistant message"),
        (chat(said("user", "Hi")), "no assistant message"),
        (chat({**said("user", "Hi"), "mood": "good"}, said("assistant", "Hello")), "a message with the unknown field 'mood'"),
        (GOOD, None),
        (chat(said("developer", "Be brief."), said("user", "Hi"), {**said("assistant", "Hello"), "weight": 0}), None),
    ],
)
def test_a_line_has_this_fault(line: str, fault: str | None) -> None:
    expected = [] if fault is None else [f"line 2: {fault}"]
    assert list(chat_faults([GOOD, line, *[GOOD] * 9])) == expected


@pytest.mark.parametrize("count", [0, 9])
def test_fewer_than_ten_examples_are_a_fault(count: int) -> None:
    assert list(chat_faults([GOOD] * count)) == [f"{count} examples; expected at least 10"]
    assert list(chat_faults([GOOD] * 10)) == []


def test_a_row_that_openai_would_refuse_is_named_when_it_is_written() -> None:
    def written() -> Iterator[dict[str, Any]]:
        yield json.loads(GOOD)
        yield {"messages": [said("user", "Hi"), said("assistant", " ")]}

    with pytest.raises(ExportError, match=r"^row 2: an empty assistant message, which OpenAI refuses: .*\"Hi\""):
        write_chat_lines(io.StringIO(), written())
