"""Signals of a bad instance: each is seen where it is, and not where it is not."""

import pytest

from self_instruct.ledger import TaskId
from self_instruct.records.tasks import Instance
from self_instruct.reports.analysis.kept_tasks import KeptTask
from self_instruct.reports.analysis.signals import Signal, SignalCount, signals, worst_tasks

PLAIN = "Describe the sea to a child."
LONG = "The harbour was quiet and the boats lay still. " * 1 + "word " * 45


def seen(output: str, given: str = "", instruction: str = PLAIN, *, is_classification: bool = False) -> tuple[Signal, ...]:
    return signals(KeptTask(TaskId(0, 0), instruction, is_classification), Instance(given, output))


@pytest.mark.parametrize(
    ("signal", "output", "given", "instruction"),
    [
        (Signal.NOT_TEXT, "a \ufffd b", "", PLAIN),
        (Signal.NOT_TEXT, "x" * 40, "", PLAIN),
        (Signal.NOT_TEXT, "fine", "bell \x07", PLAIN),
        (Signal.MARKER, "It is blue.\nOutput: It is green.", "", PLAIN),
        (Signal.REPEATS_INPUT, "The tide comes in twice a day. Indeed.", "The tide comes in twice a day.", PLAIN),
        (Signal.REPEATS_INSTRUCTION, "describe the sea to a child. It is wet.", "", PLAIN),
        (Signal.REPEATS_ITSELF, "I do not know the answer. " * 4, "", PLAIN),
        (Signal.PLACEHOLDER, "It is wet.", "N/A", PLAIN),
        (Signal.PLACEHOLDER, "It is wet.", "[insert text here]", PLAIN),
        (Signal.MISSING_INPUT, "It is wet.", "", "Summarise the following article."),
        (Signal.MISSING_INPUT, "It is wet.", "", "Count the words in the text below."),
        (Signal.DECLINES, "As an AI language model, I have never seen it.", "", PLAIN),
        (Signal.DECLINES, "I'm sorry, but that is not possible.", "", PLAIN),
        (Signal.CUT_OFF, LONG + "and then the", "", PLAIN),
        (Signal.VERY_SHORT, "a", "", PLAIN),
    ],
)
def test_a_signal_is_seen(signal: Signal, output: str, given: str, instruction: str) -> None:
    assert signal in seen(output, given, instruction)


@pytest.mark.parametrize(
    ("output", "given", "instruction"),
    [
        ("It is wide, blue and never still.", "", PLAIN),
        ("42", "6 * 7", "Work out the product."),
        ("=" * 60, "", "Draw a line."),
        ("Soup\n" + "- a long item of the list without a full stop\n" * 1 + "- " + "word " * 40 + "end", "", PLAIN),
        ("It is wet.", "The sea is wet.", "Summarise the following sentence."),
        ("THE TIDE COMES IN TWICE A DAY.", "The tide comes in twice a day.", "Write it in capital letters."),
        ("The output: three lines, as wished.", "", PLAIN),
        ("Sorrow is the subject of this poem.", "", PLAIN),
        (LONG + "and then the end.", "", PLAIN),
        ("海は広い。", "", "海を描写してください。"),
    ],
)
def test_an_ordinary_instance_shows_none(output: str, given: str, instruction: str) -> None:
    assert seen(output, given, instruction) == ()


def test_a_class_label_may_be_short() -> None:
    assert seen("A", "the sun", "Is it A or B?", is_classification=True) == ()


def test_the_worst_come_first_with_their_worst_instance() -> None:
    good, short, bad = Instance("", "It is wet."), Instance("", "a"), Instance("", "x\nOutput: \ufffd")
    tasks = [KeptTask(TaskId(0, n), PLAIN, False, own) for n, own in enumerate([(good,), (short,), (good, short, bad)])]
    worst, counts = worst_tasks(tasks, limit=5)
    assert [(each.instance, each.signals) for each in worst] == [
        (bad, (Signal.NOT_TEXT, Signal.MARKER)),
        (short, (Signal.VERY_SHORT,)),
    ]
    assert SignalCount(Signal.VERY_SHORT, 2, 2) in counts
    assert worst_tasks(tasks, limit=1)[0] == worst[:1]
