"""The faults that real models have, put into right answers on purpose, so that every rule of the chain has something to do.

After `answering` has composed a reply, before the model gives it out. Each fault is drawn from a generator of its own, so a
model without faults says the same but for them.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from self_instruct.chains.offline.draws import Draws
from self_instruct.chains.offline.family import raised
from self_instruct.chains.offline.phrases import NEAR_WORDS, PHRASES
from self_instruct.records.tasks import Instance

Change: TypeAlias = Callable[[Instance], Instance]
Worsening: TypeAlias = Callable[[Sequence[Instance], Draws], list[Instance]]

NEAR_DUPLICATE = 0.12  # of the items of a list
UNFIT = 0.02  # of the items of a list: a word the rules forbid, or too short
CUT_OFF_LIST = 0.02  # of the lists
MISNUMBERED_LIST = 0.03  # of the lists: one number over and over
NO_LIST = 0.01  # of the lists: a question back
UNDECIDED = 0.01  # of the answers whether a task is a classification task
CUT_OFF_INSTANCES = 0.008  # of the replies with instances
FAULTY_INSTANCES = 0.022  # of the replies with instances: one that the rules refuse
NO_INSTANCES = 0.006  # of the replies with instances: talk without any form
UNREAD = 0.03  # of the verdicts: talk without any form
UNREAD_AGAIN = 0.2  # of those that are asked for again


def near_duplicate(task: str, draws: Draws) -> str:
    """Return a task that differs from this one in a single word."""
    words = task.split()
    places = [place for place, word in enumerate(words) if word.lower() in NEAR_WORDS]
    if not places:
        return " ".join(("Please", task[:1].lower() + task[1:]))
    place = draws.one(places)
    other = NEAR_WORDS[words[place].lower()]
    words[place] = raised(other) if words[place][0].isupper() else other
    return " ".join(words)


def worsened_list(tasks: Sequence[str], demonstrations: Sequence[str], draws: Draws) -> list[str]:
    """Return the tasks of a list with some replaced by near-duplicates of what came before, or by unfit ones."""
    listed: list[str] = []
    for task in tasks:
        fate = draws.fraction()
        earlier = [*demonstrations, *listed]
        if fate < NEAR_DUPLICATE and earlier:
            listed.append(near_duplicate(draws.one(earlier), draws))
        elif NEAR_DUPLICATE <= fate < NEAR_DUPLICATE + UNFIT:
            listed.append(draws.one(PHRASES["unfit tasks"]))
        else:
            listed.append(task)
    return listed


def cut_off(text: str, draws: Draws) -> str:
    """Return the text broken off within its last third, in the middle of a word where it has long ones."""
    return text[: draws.whole(len(text) * 2 // 3, max(len(text) * 2 // 3, len(text) - 4))].rstrip()


def worsened_instances(instances: Sequence[Instance], is_classification: bool, draws: Draws) -> list[Instance]:
    """Return the instances with one fault in them, of a kind that fits the task."""
    kinds = _LABEL_FAULTS if is_classification else _INPUT_FAULTS if instances[0].input else _OUTPUT_FAULTS
    return draws.one(kinds)(instances, draws)


def _echoed(instances: Sequence[Instance], draws: Draws) -> list[Instance]:
    return _replaced(instances, draws, lambda instance: Instance(instance.input, instance.input))


def _emptied(instances: Sequence[Instance], draws: Draws) -> list[Instance]:
    return _replaced(instances, draws, lambda instance: Instance(instance.input, ""))


def _left_open(instances: Sequence[Instance], draws: Draws) -> list[Instance]:
    return _replaced(instances, draws, lambda instance: Instance(instance.input, instance.output.rstrip(".") + ":"))


def _mislabelled(instances: Sequence[Instance], draws: Draws) -> list[Instance]:
    return _replaced(instances, draws, lambda instance: Instance(instance.input, "It is not clear which label would fit here."))


def _contradicted(instances: Sequence[Instance], draws: Draws) -> list[Instance]:
    """Add an input that is there already, with another output."""
    first = draws.one(instances)
    others = [instance.output for instance in instances if instance.output != first.output]
    return [*instances, Instance(first.input, others[0] if others else f"not {first.output}")]


def _replaced(instances: Sequence[Instance], draws: Draws, change: Change) -> list[Instance]:
    place = draws.whole(0, len(instances) - 1)
    return [change(instance) if place == at else instance for at, instance in enumerate(instances)]


_LABEL_FAULTS: tuple[Worsening, ...] = (_mislabelled, _contradicted, _left_open)
_INPUT_FAULTS: tuple[Worsening, ...] = (_echoed, _emptied, _left_open, _contradicted)
_OUTPUT_FAULTS: tuple[Worsening, ...] = (_emptied, _left_open)
