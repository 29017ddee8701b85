"""A request for new instructions lists subjects; one that comes back as a title is no part of its instruction."""

import pytest

from self_instruct.prompts.reading.instruction_parser import InstructionParser
from self_instruct.records.tasks import Candidate, Rejection

SUBJECTS = frozenset({"rivers", "films", "a poem"})
PARSER = InstructionParser(subjects=SUBJECTS)


def texts(reply: str, parser: InstructionParser = PARSER) -> list[str]:
    return [record.text for record in parser.parse(reply) if isinstance(record, Candidate)]


@pytest.mark.parametrize(
    "reply",
    [
        "9. rivers\nWhich river is the longest?\n10. films\nName three old films.",
        "9. rivers: Which river is the longest?\n10. films: name three old films.",
        "9. **Rivers**: Which river is the longest?\n10. **Films**: Name three old films.",
        "9. (rivers) Which river is the longest?\n10. [films] Name three old films.",
        "9. Rivers – Which river is the longest?\n10. Films - Name three old films.",
        '9. rivers: "Which river is the longest?"\n10. films: “Name three old films.”',
        '[{"number": 9, "request": "Which river is the longest?"}, {"number": 10, "request": "Name three old films."}]',
        '{"rivers": "Which river is the longest?", "films": "Name three old films."}',
        '[{"rivers": "Which river is the longest?"}, {"films": "Name three old films."}]',
        "| # | Subject | Request |\n|---|---|---|\n"
        "| 9 | rivers | Which river is the longest? |\n| 10 | films | Name three old films. |",
    ],
)
def test_a_subject_is_taken_away_however_it_is_written(reply: str) -> None:
    assert texts(reply) == ["Which river is the longest?", "Name three old films."]


@pytest.mark.parametrize(
    "said",
    [
        "Rivers of Asia: name three of them.",
        "Films often lie; say why.",
        "Films: list.",
        "Coffee: which sort grows in the shade?",
        "A poem",
        "Translate: The river is wide today.",
    ],
)
def test_a_subject_that_is_part_of_the_sentence_stays(said: str) -> None:
    assert texts(f"9. {said}") == [said]


def test_items_that_come_while_the_reply_is_streaming_have_no_subject_either() -> None:
    reply = "9. rivers\nWhich river is the longest?\n10. films\nName three old films.\n11. a poem\nWri"
    coming = [record for part in PARSER.transform(iter(reply.splitlines(keepends=True))) for record in part]
    assert coming == PARSER.parse(reply)


def test_each_value_of_an_object_by_subjects_is_an_item_of_its_own_place() -> None:
    reply = '{"rivers": "Which \\"river\\" is it?", "other": ["x"], "films": ""}'
    first, second = PARSER.parse(reply)
    assert first == Candidate(reply.index('"rivers"'), 'Which "river" is it?')
    assert isinstance(second, Rejection)
    assert second.item == reply.index('"films"')


@pytest.mark.parametrize("form", ["published", "tolerant"])
def test_the_published_form_and_a_reader_that_knows_no_subjects_keep_them(form: str) -> None:
    subjects = SUBJECTS if form == "published" else frozenset()
    parser = InstructionParser.model_validate({"form": form, "subjects": subjects})
    assert texts("9. Rivers: Which river is the longest?", parser) == ["Rivers: Which river is the longest?"]


def test_quotes_around_an_item_go_and_quotes_within_it_stay() -> None:
    assert texts('9. "Which river is the longest?"\n10. Say "yes" or "no"') == [
        "Which river is the longest?",
        'Say "yes" or "no"',
    ]
