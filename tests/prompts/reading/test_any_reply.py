"""Whatever a model writes gives records or rejections, never an exception.

The corpus of `replies/` is mutated: pieces of its replies are cut, repeated, swapped and joined. In the test runs this takes a
second; for a longer hunt set the time:

    SELF_INSTRUCT_FUZZ_SECONDS=180 .venv/bin/pytest -n 0 tests/prompts/reading/test_any_reply.py -k mutated
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from self_instruct.prompts.reading.classification_parser import ClassificationParser
from self_instruct.prompts.reading.instance_parser import InstanceParser
from self_instruct.prompts.reading.instruction_parser import InstructionParser
from self_instruct.prompts.reading.reply_parser import MOST_RECORDS, ReplyParser
from self_instruct.records.replies import Reply
from self_instruct.records.tasks import Candidate, Classification, Instance, Reason, Rejection

PARSERS: dict[str, ReplyParser[Any]] = {
    f"{form} {name}": make(form)
    for form in ("tolerant", "published")
    for name, make in {
        "instructions": lambda form: InstructionParser(form=form),
        "classification": lambda form: ClassificationParser(form=form),
        "instances": lambda form: InstanceParser(form=form),
        "labels": lambda form: InstanceParser(form=form, is_classification=True),
    }.items()
}
FILES = sorted((Path(__file__).parent / "replies").glob("*.yaml"))
CORPUS = [str(case["reply"]) for file in FILES for case in yaml.safe_load(file.read_text(encoding="utf-8"))]
FINISH = (None, "stop", "length", "max_tokens", "content_filter")
SECONDS = float(os.environ.get("SELF_INSTRUCT_FUZZ_SECONDS", "1"))
LONGEST = 4_000  # characters of a mutated reply
PIECES = sorted({piece for reply in CORPUS for piece in reply.replace("\n", "\n\0").split("\0")})
BETWEEN = [
    "\n",
    "\r\n",
    " ",
    "\t",
    "**",
    "```",
    '"',
    "{",
    "[",
    "|",
    "</think>",
    "\u200b",
    "\ufeff",
    "\x00",
    "９",
    "：",
    "\u2028",
]
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.lists(st.one_of(st.sampled_from(PIECES), st.sampled_from(CORPUS), st.text(max_size=3)), max_size=12).map("".join),
)


def check(parser: ReplyParser[Any], reply: Reply) -> None:
    read = parser.read(reply)
    if isinstance(parser, ClassificationParser):
        assert isinstance(read, Classification | Rejection)
        return
    assert read
    kind = Candidate if isinstance(parser, InstructionParser) else Instance
    assert all(isinstance(each, kind | Rejection) for each in read)
    if kind is Candidate:
        items = [each.item for each in read]
        assert items == sorted(set(items)), "an item's offset is its identity"
        assert all(0 <= item <= len(reply.text) for item in items)


# eight parsers read each text
@given(TEXTS, st.sampled_from(FINISH))
def test_any_text_gives_records_or_rejections(text: str, finish: str | None) -> None:
    for parser in PARSERS.values():
        check(parser, Reply(text, finish))


def mutated(random: Random) -> str:
    text = random.choice(CORPUS)
    for _ in range(random.randint(1, 8)):
        begin, end = sorted(random.randint(0, len(text)) for _ in range(2))
        middle = random.choice(["", text[begin:end] * random.randint(2, 5), random.choice(CORPUS), random.choice(BETWEEN)])
        end = begin if middle and random.random() < 0.5 else end
        text = (text[:begin] + (middle or random.choice(PIECES)) + text[end:])[:LONGEST]
    return text


def test_mutated_replies_give_records_or_rejections_and_stream_to_the_same() -> None:
    ends = time.monotonic() + SECONDS
    seed = 0
    while time.monotonic() < ends or seed < 50:
        random = Random(seed)
        text = mutated(random)
        for name, parser in PARSERS.items():
            try:
                check(parser, Reply(text, random.choice(FINISH)))
                if isinstance(parser, InstructionParser) and seed % 10 == 0:
                    size = random.randint(1, 40)
                    parts = parser.transform(text[at : at + size] for at in range(0, max(len(text), 1), size))
                    assert [each for part in parts for each in part] == parser.parse(text)
            except Exception as error:
                error.add_note(f"seed {seed}, {name}: {text!r}")
                raise
        seed += 1


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_json_of_any_depth_is_read_or_rejected(opening: str, closing: str) -> None:
    for depth in (*range(900, 1000), 5_000, 100_000):  # about Python's limit: what can just be decoded cannot be encoded
        nested = opening * depth + "1" + closing * depth
        for text in (f'{{"input": "a", "output": {nested}}}', f'["a", {nested}]', nested, f'9. {{"instruction": {nested}}}'):
            for parser in PARSERS.values():
                check(parser, Reply(text))


def flood(make: Callable[[int], str]) -> str:
    return "".join(make(number) for number in range(MOST_RECORDS * 3))


@pytest.mark.parametrize("finish", [None, "length"])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tolerant instructions", flood(lambda number: f"\n{number % 1000}. Do it")),
        ("tolerant instances", flood(lambda number: f"Input: {number}\nOutput: x\n")),
        ("tolerant labels", flood(lambda number: f"Class label: {number}\nx\n")),
    ],
)
def test_of_a_flood_the_first_records_are_read_and_the_rest_counted(name: str, text: str, finish: str | None) -> None:
    *first, last = PARSERS[name].read(Reply(text, finish))
    assert len(first) == MOST_RECORDS
    assert isinstance(last, Rejection)
    assert last.reason is Reason.TOO_MANY
    assert last.evidence["count"] == MOST_RECORDS * 2
    assert len(last.text) < 1000
