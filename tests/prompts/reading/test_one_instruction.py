"""Replies that are one instruction: the same is read whether it joins the pool or takes the place of another."""

import pytest

from self_instruct.prompts.reading.proposal_parser import ProposalParser, TaskParser
from self_instruct.records.tasks import Candidate, Reason, Rejection

SAID = (
    "name a river of Asia.",
    "New task: Name a river of Asia.",
    "**Instruction:** “Name a river of Asia.”",
    "Sure! Here is the task:\n\n> Rewritten prompt: „Name a river\nof Asia.“",
    "Neue Anweisung: «Name a river of Asia.»",
    "```\nName a river of Asia.\n```",
    "Here is the changed task:\nName a river of Asia.",
    "Here's the rewritten task: Name a river of Asia.",
    "Certainly. Here is a harder version of the task:\n\nName a river of Asia.",
    "Hier ist die geänderte Aufgabe: Name a river of Asia.",
    "> Name a river\n> of Asia.",
    "<<<task to change\nName a river of Asia.\ntask to change>>>",
)


@pytest.mark.parametrize("said", SAID)
def test_both_readers_take_an_instruction_out_of_what_stands_around_it(said: str) -> None:
    assert ProposalParser(proposer="evolve").parse(said) == Candidate(0, "Name a river of Asia.")
    assert TaskParser().parse(said) == "Name a river of Asia."


@pytest.mark.parametrize(
    "said",
    [
        "Here is a list of numbers: 3, 1, 2. Sort them.",
        "Here is a list of numbers: 3, 1, 2 Sort them.",
        "Write what comes here: the task list of a cook.",
        "Write a letter in which you say that you are unable to come.",
        "Tell which is larger: 3 > 2 or 2 > 3?",
    ],
)
def test_what_only_looks_like_an_announcement_or_a_refusal_stays(said: str) -> None:
    for broken in (said, said.replace(": ", ":\n", 1)):
        assert ProposalParser(proposer="evolve").parse(broken) == Candidate(0, said)
        assert TaskParser().parse(broken) == said


@pytest.mark.parametrize("said", ['Say "yes" or "no"', "'Tis the season: say why.", '"'])
def test_quotes_that_are_part_of_an_instruction_stay(said: str) -> None:
    assert ProposalParser(proposer="evolve").parse(said) == Candidate(0, said)
    assert TaskParser().parse(said) == said


def test_only_one_that_takes_the_place_of_another_ends_with_its_paragraph() -> None:
    said = "Sum up the text.\n\nIt is about rivers."
    assert ProposalParser(proposer="evolve").parse(said) == Candidate(0, "Sum up the text. It is about rivers.")
    assert TaskParser().parse(said) == "Sum up the text."


@pytest.mark.parametrize(
    "said",
    [
        "i'm sorry, but no.",
        "I'm unable to come up with a harder one.",
        "We’re not able to change this task.",
        "I don't feel comfortable with this task.",
        "I'm sorry",
        "We are sorry.",
    ],
)
def test_a_refusal_is_none(said: str) -> None:
    for read in (ProposalParser(proposer="evolve").parse(said), TaskParser().parse(said)):
        assert isinstance(read, Rejection)
        assert read.reason is Reason.REFUSED_BY_PROVIDER
