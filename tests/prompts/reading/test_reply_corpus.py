"""Replies as chat models write them (`replies/*.yaml`, written by hand), and what a careful reader takes from each."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from self_instruct.prompts.reading.classification_parser import ClassificationParser
from self_instruct.prompts.reading.instance_parser import InstanceParser
from self_instruct.prompts.reading.instruction_parser import InstructionParser
from self_instruct.records.replies import Reply
from self_instruct.records.tasks import Candidate, Classification, Instance, Rejection

FOLDER = Path(__file__).parent / "replies"
STAGES = ("instructions", "classification", "instances")


def cases(stage: str) -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = yaml.safe_load((FOLDER / f"{stage}.yaml").read_text(encoding="utf-8"))
    return read


def named(stage: str) -> Any:
    return pytest.mark.parametrize("case", cases(stage), ids=lambda case: case["name"])


def reply(case: dict[str, Any]) -> Reply:
    return Reply(case["reply"], case.get("finish", "stop"))


def shown(records: Sequence[Candidate | Instance | Rejection]) -> list[Any]:
    """Return records as the files write them."""
    return [
        {"rejected": record.reason.value}
        if isinstance(record, Rejection)
        else [record.input, record.output]
        if isinstance(record, Instance)
        else record.text
        for record in records
    ]


@named("instructions")
def test_an_instruction_reply_is_read_as_a_careful_reader_does(case: dict[str, Any]) -> None:
    assert shown(InstructionParser().read(reply(case))) == case["expected"]


@named("classification")
def test_a_classification_reply_is_read_as_a_careful_reader_does(case: dict[str, Any]) -> None:
    answer = ClassificationParser().read(reply(case))
    assert (answer.is_classification if isinstance(answer, Classification) else "neither") == case["expected"]


@named("instances")
def test_an_instance_reply_is_read_as_a_careful_reader_does(case: dict[str, Any]) -> None:
    parser = InstanceParser(is_classification=case.get("labels", False))
    assert shown(parser.read(reply(case))) == case["expected"]


def test_the_corpus_is_as_large_as_it_is_said_to_be_and_each_case_has_its_own_name() -> None:
    names = [(stage, str(case["name"])) for stage in STAGES for case in cases(stage)]
    assert len(names) >= 200
    assert len(set(names)) == len(names)
