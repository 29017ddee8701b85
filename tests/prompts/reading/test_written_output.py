"""An output that a model wrote again is all that it wrote, but for what it said around it; a letter and a story stay whole."""

import pytest

from self_instruct.prompts.reading.critique_parser import OutputParser
from self_instruct.records.tasks import Reason, Rejection

LETTER = "Dear Ann,\n\nThank you for the books. I have read two of them.\n\nKind regards,\nTom"


@pytest.mark.parametrize(
    "said",
    [
        "Absolutely! I would love to join you on Saturday.\n\nBest,\nAnn",
        "Of course, the weather did not cooperate. It rained.\n\nBy noon we were soaked.",
        "I will never forget that day.\n\nIt was the day we moved.",
        "Cooking instructions\n\nBoil the rice for ten minutes.",
        "Hi Tom,\n\nFeel free to call me if anything is unclear.",
        "Dear Ann,\n\nI hope this finds you well.",
        "**Subject: Our meeting**\n\nDear Ann,\n\nLet me know if Monday suits you.",
        "Mix the flour and the eggs.\n\nBake it for an hour.\n\nNote that every oven is different.",
        "Here are three tips:\n1. Sleep.\n2. Eat.\n3. Walk.",
        LETTER,
    ],
)
def test_a_text_keeps_its_own_first_and_last_paragraph(said: str) -> None:
    assert OutputParser().parse(said) == said


@pytest.mark.parametrize(
    "said",
    [
        "Unfortunately, we have to cancel the picnic because of the rain.",
        "Sorry for the late reply. I was ill.",
        "I'm sorry, but I can't accept your application.",
        "Unfortunately, we are unable to process your request before Monday.",
        "I can't sleep at night because my bed is too small.",
        "Es tut mir leid, aber ich kann heute nicht kommen.",
        "对不起，我迟到了。",
    ],
)
def test_a_story_or_a_message_that_begins_with_regret_is_no_refusal(said: str) -> None:
    assert OutputParser().parse(said) == said


@pytest.mark.parametrize(
    "said",
    [
        "I'm sorry, but I can't assist with that.",
        "I’m unable to fulfill this request.",
        "I'm sorry, but I can't do this.",
        "Unfortunately, I cannot write the requested content.",
        "Sorry for the trouble, but I am not able to help you with this.",
        "I don't feel comfortable writing about this.",
        "As an AI, I have no body.",
        "Lo siento, pero no puedo ayudar con eso.",
        "Es tut mir leid, dabei kann ich nicht helfen.",
        "抱歉，我无法协助完成这个请求。",
    ],
)
def test_who_says_that_it_cannot_write_has_refused(said: str) -> None:
    read = OutputParser().parse(said)
    assert isinstance(read, Rejection)
    assert read.reason is Reason.REFUSED_BY_PROVIDER


@pytest.mark.parametrize(
    "said",
    [
        "Sure! Here is the list:\n\napple, cherry, plum",
        "Certainly!\n\napple, cherry, plum",
        "Sure, I can help with that.\n\napple, cherry, plum",
        "Of course. Here is the revised version of the list.\n\napple, cherry, plum\n\nI hope this helps!",
        "Here's the new output: apple, cherry, plum",
        "**Output:** apple, cherry, plum\n\nLet me know if you need anything else!",
        "```\napple, cherry, plum\n```",
        "<<<old output\napple, cherry, plum\nold output>>>",
    ],
)
def test_what_is_said_around_a_text_is_no_part_of_it(said: str) -> None:
    assert OutputParser().parse(said) == "apple, cherry, plum"


def test_a_letter_ends_with_its_signature_and_a_long_text_before_the_offer_of_another() -> None:
    assert OutputParser().parse(f"{LETTER}\n\nLet me know if you want it shorter!") == LETTER
    assert OutputParser().parse("One.\n\nTwo.\n\nLet me know if you would like a longer one!") == "One.\n\nTwo."


def test_a_fence_within_a_text_stays() -> None:
    said = "Use a loop:\n\n```python\nfor x in y:\n    print(x)\n```"
    assert OutputParser().parse(said) == said
