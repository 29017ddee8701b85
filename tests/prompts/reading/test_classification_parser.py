"""The reply to the classification question is yes, no or neither."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage

from self_instruct.prompts.reading.classification_parser import ClassificationParser
from self_instruct.records.replies import Reply
from self_instruct.records.tasks import Classification, Reason, Rejection, StageName

PUBLISHED = ClassificationParser(form="published")
TOLERANT = ClassificationParser()


@pytest.mark.parametrize(("reply", "answer"), [(" Yes", True), ("yes\n", True), ("YES", True), (" No", False)])
@pytest.mark.parametrize("parser", [PUBLISHED, TOLERANT])
def test_a_plain_answer_is_read_alike_in_both_forms(parser: ClassificationParser, reply: str, answer: bool):
    assert parser.parse(reply) == Classification(answer)


@pytest.mark.parametrize("reply", ["Yes.", "yEs", "**Yes**", "Yes, it is", "", "maybe"])
def test_anything_but_three_spellings_is_no_in_the_published_form(reply: str):
    assert PUBLISHED.parse(reply) == Classification(False)


@pytest.mark.parametrize(
    "reply",
    [
        "Yes.",
        "yEs, since no other answer fits",
        "**Yes**",
        "“Yes”",
        "- _yes_",
        "Answer: Yes",
        "**Answer:** yes",
        "The final answer is: **Yes**",
        "Is it classification? Yes",
        "Task: Sort the list.\nIs it classification? Yes\n\nTask: Sing.\nIs it classification? No",
        "It has labels.\nAnswer: yes",
        "<think>No? No.</think>\nYes",
        "No, wait.\n</think>\nYes",
        "Yes\n\nTask: Sing.\nIs it classification? No",
    ],
)
def test_the_first_word_decides_in_the_tolerant_form(reply: str):
    assert TOLERANT.parse(reply) == Classification(True)


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ("label", True),
        ("Text.", False),
        ("Kind: **label**", True),
        ("Its kind is text", False),
        ("a label", True),
        ("It is easy.\ntext", False),
        ('{"kind": "label"}', True),
        ("label or text", None),
        ("label/text", None),
        ("labelled", None),
    ],
)
def test_a_word_of_the_question_means_yes_or_no(reply: str, answer: bool | None):
    said = TOLERANT.parse(reply)
    assert said == Classification(answer) if answer is not None else isinstance(said, Rejection)


def test_the_words_may_be_others_and_count_in_the_published_form_too():
    mine = ClassificationParser(words=("Auswahl", "Text"))
    assert [mine.parse(reply) for reply in ("auswahl", "Text", "ja")] == [Classification(yes) for yes in (True, False, True)]
    assert isinstance(mine.parse("label"), Rejection)
    assert [PUBLISHED.parse(reply) for reply in ("label\n", "Label", "text")] == [
        Classification(yes) for yes in (True, False, False)
    ]


@pytest.mark.parametrize("reply", ["", "  ", "Maybe.", "Yesterday", "Not one", "<think>Yes", "Quizás", "{{ 7*7 }}"])
def test_a_reply_that_says_neither_is_a_rejection(reply: str):
    record = TOLERANT.read(Reply(reply, "stop"))
    assert record == Rejection(StageName.CLASSIFICATION, Reason.NEITHER_YES_NOR_NO, reply, evidence={"finish_reason": "stop"})


def test_a_message_of_blocks_is_read():
    assert TOLERANT.invoke(AIMessage([{"type": "text", "text": "Yes"}])) == Classification(True)


def test_a_stream_gives_one_answer():
    assert list(TOLERANT.transform(iter(["Y", "es", "\nNo"]))) == [Classification(True)]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_reply_gives_an_answer_or_a_rejection(reply: str):
    assert isinstance(PUBLISHED.parse(reply), Classification)
    assert isinstance(TOLERANT.parse(reply), Classification | Rejection)
