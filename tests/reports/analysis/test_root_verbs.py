"""Root verbs and objects: the accuracy that the page states, and the rules one by one."""

import csv
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from self_instruct.reports.analysis.root_verbs import RootVerb, root_verb
from self_instruct.reports.analysis.verb_nouns import ACCURACY

LABELLED = Path(__file__).parent.parent / "data" / "root_verbs.tsv"


def labelled() -> list[dict[str, str]]:
    with LABELLED.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def test_two_hundred_different_instructions_are_labelled_half_of_them_for_the_report() -> None:
    rows = labelled()
    assert len({row["instruction"] for row in rows}) == 200
    assert Counter(row["part"] for row in rows) == {"tuning": 100, "reported": 100}


def test_the_accuracy_on_the_page_is_that_on_the_half_not_tuned_on() -> None:
    rows = [row for row in labelled() if row["part"] == "reported"]
    found = [root_verb(row["instruction"]) for row in rows]
    wanted = [(row["verb"], row["object"]) for row in rows]
    read = [("-", "-") if each is None else (each.verb, each.noun or "-") for each in found]
    assert len(rows) == ACCURACY.sample
    assert sum(one[0] == other[0] for one, other in zip(read, wanted, strict=True)) == ACCURACY.verb
    assert sum(one == other for one, other in zip(read, wanted, strict=True)) == ACCURACY.verb_and_noun


@pytest.mark.parametrize(
    ("instruction", "verb", "noun"),
    [
        ("Write a short poem about the sea.", "write", "poem"),
        ("write a short poem about the sea", "write", "poem"),
        ("Name two countries that border Nepal.", "name", "country"),
        ("Give me three reasons to learn the cello.", "give", "reason"),
        ("Send old Mr Reed a postcard from Rome.", "send", "postcard"),
        ("Could you please list five rivers?", "list", "river"),
        ("I want you to draft a complaint.", "draft", "complaint"),
        ("Given a list of integers, find the largest sum.", "find", "sum"),
        ("You will be given a text; rank its claims.", "rank", "claim"),
        ("Work out the bill.", "work", "bill"),
        ("Check and correct the spelling.", "check", "spelling"),
        ("Explain why the sky is blue.", "explain", None),
        ("Translate it into Dutch.", "translate", None),
        ("Rewrite the following sentence. Then count its words.", "rewrite", "sentence"),
    ],
)
def test_an_imperative_has_a_root_verb(instruction: str, verb: str, noun: str | None) -> None:
    assert root_verb(instruction) == RootVerb(verb, noun)


@pytest.mark.parametrize(
    "instruction",
    [
        "What is the capital of Peru?", "what's the boiling point of ethanol", "Is a whale a fish?", "", "  ", "?!",
        "The following text contains several errors.", "Three tips for public speaking.", "列出三条流经多个国家的河流。",
    ],
)  # fmt: skip
def test_questions_statements_and_fragments_have_none(instruction: str) -> None:
    assert root_verb(instruction) is None


@given(st.text(max_size=60))
def test_any_text_is_read_without_an_error(text: str) -> None:
    found = root_verb(text)
    assert found is None or found.verb
