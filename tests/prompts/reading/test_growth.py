"""Readers take time in proportion to what they read, however it is made: for sixteen times the text, about sixteen times."""

import time
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from self_instruct.prompts.reading.class_labels import comparable, is_among, named_labels
from self_instruct.prompts.reading.classification_parser import ClassificationParser
from self_instruct.prompts.reading.critique_parser import OutputParser
from self_instruct.prompts.reading.instance_parser import InstanceParser
from self_instruct.prompts.reading.instance_values import label_of
from self_instruct.prompts.reading.instruction_parser import InstructionParser
from self_instruct.prompts.reading.proposal_parser import ProposalParser, TaskParser

Reader = Callable[[str], Any]
Maker = Callable[[int], str]

READERS: dict[str, Reader] = {
    "instructions": InstructionParser(subjects=frozenset({"a", "b c"})).parse,
    "instructions still coming": InstructionParser().read_finished,
    "classification": ClassificationParser().parse,
    "instances": InstanceParser().parse,
    "labels": InstanceParser(is_classification=True).parse,
    "published instructions": InstructionParser(form="published").parse,
    "published instances": InstanceParser(form="published").parse,
    "published labels": InstanceParser(form="published", is_classification=True).parse,
    "an output": OutputParser().parse,
    "one instruction in the place of another": TaskParser().parse,
    "one instruction": ProposalParser(proposer="evolve").parse,
    "a class label": label_of,
    "labels that an instruction names": named_labels,
    "labels compared": lambda text: (comparable(text), is_among(text, ("spam",)), is_among("spam", (text,))),
}
SHORT, TIMES = 3_000, 16  # characters; quadratic work would be 256 times as much
MOST_TIMES = 80
LEAST_S = 0.0003  # below this a reading is too short to compare

UNITS = [
    "\n1. ", "\n", "```\n", "**", " ", "\t", "-\n", "0", "Sure!\n", "\n---\n\n", "\n1", "Output:", "Output: ", "\nOutput: b",
    "\nInput:\n", "\nExample 1\n", "\n\nTask:", "Class label: ", "\nClass label: a", "<think>", "</think>", "<think></think>",
    "<br>", "{", "[", '["a",', '{"a":', '{"input": "a"}', "|", "|a|\n", "|a|b|\n|-|-|\n", "\n| 1 |", '"', "\\", "(", " (", "()",
    "9. a 10. ", ". 2. ", "一、\n", "1️⃣", "Task 1", "\nTask 1:", "\n9. a:\n1. b\n2. c", "\n1. b:", "Question: a\nAnswer: b\n",
    "Example 1: Input: a Output: b\n", "- (", "the answer is ", "Entrada: a\n", "<|im_end|>", "Explanation: a\n", ".", "!",
    "\nInput: a\nReason:", "<|channel|>final<|message|>", "\n9. **a**\nb c d e", "Note: a\n\n", "&amp;", "\u200b", "\r", "[ \n",
    "9. {", ". Input:", "x. Input: Output:", "\n9. Input:", "a/", " / ", "'a'", '"a" or ', "classify as a or ", " because ",
    " - ", "yes/no ", "a ", "a", ":", "_", "*", "#", "\n> ", "~~~\n", "a: ```", "\n#. a. 5. b\n```\nc\n```", "\n#. a. #. b",
    "\n  ", "Let me know\n\n", "```\nInput: a\nOutput: b\n```\n", "\nExample 1 - a\n", "Example 1\n```\nOutput: a\n```\n",
    '{"a": "b", "b c": "d e f."}', "a: ", "<<<a\n", "\n\na,\nb", "\n#\n",
]  # fmt: skip
HEADS = [
    "", "9. ", "9. a:", "Class label: ", "Class label: a", "Output: ", "Input: ", "Example 1\n", "```\n", '["',
    '{"instruction": "', "| a | b |\n|---|---|\n| ", "Sure! ", "Answer: ", "Classify it as ", "answer with ",
    '"a" or "b"', "as a/b", "I'm sorry ",
]  # fmt: skip
KNOWN: dict[str, tuple[str, str, str, str]] = {  # a reader, a head, what is repeated after it, and after that
    "one input with many outputs": ("instances", "Input: ", "a", "\nOutput: b"),
    "one input of brackets with many outputs": ("instances", "Input: ", "(", "\nOutput: b"),
    "many inputs with many outputs": ("instances", "Example 1\n", "Input: a\n", "Output: b\n"),
    "one input with many labels": ("labels", "Input: ", "a", "\nClass label: b"),
    "items with fences and numbers in them": ("instructions", "", "\n1. a. 5. b\n```\nc\n```", ""),
    "white space in a label": ("labels", "Class label: a", "\t", "b"),
    "full stops in an answer": ("classification", "", ".", " "),
}


def made(head: str, unit: str, then: str = "") -> Maker:
    """Return a maker of texts of about a given length; "#" in what is repeated becomes a number that grows."""

    def make(length: int) -> str:
        def repeated(piece: str, characters: int) -> str:
            if "#" not in piece.strip("#"):
                return piece * (characters // len(piece)) if piece else ""
            return "".join(piece.replace("#", str(number % 900)) for number in range(characters // len(piece)))

        share = length // 2 if then else length
        return head + repeated(unit, share) + repeated(then, length - share)

    return make


def seconds(reader: Reader, text: str, times: int) -> float:
    """Return the least CPU time of so many readings."""

    def once() -> float:
        started = time.process_time()
        reader(text)
        return time.process_time() - started

    return min(once() for _ in range(times))


def check(name: str, make: Maker, length: int = SHORT) -> None:
    reader, short, long = READERS[name], make(length), make(length * TIMES)
    took = seconds(reader, long, 1)
    if took > MOST_TIMES * LEAST_S and took > MOST_TIMES * seconds(reader, short, 2):  # look again: others use the machine too
        before, after = max(seconds(reader, short, 5), LEAST_S), seconds(reader, long, 3)
        assert after < MOST_TIMES * before, f"{name}: {TIMES} times the text took {after / before:.0f} times as long"


@pytest.mark.parametrize("unit", UNITS)
def test_a_reply_sixteen_times_as_long_takes_no_more_than_linear_work(unit: str) -> None:
    for name in READERS:
        check(name, made("", unit))


@pytest.mark.parametrize("known", KNOWN)
def test_what_once_took_quadratic_work_takes_linear_work(known: str) -> None:
    name, *pieces = KNOWN[known]
    check(name, made(*pieces), SHORT * 4)


@pytest.mark.parametrize("seed", range(20))
def test_two_pieces_repeated_after_a_beginning_take_linear_work(seed: int) -> None:
    random = Random(seed)
    for name in READERS:
        check(name, made(random.choice(HEADS), random.choice(UNITS), random.choice(UNITS)))
