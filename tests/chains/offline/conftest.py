"""Fixtures of the offline model's tests."""

from collections.abc import Callable, Iterator
from random import Random

import pytest

from self_instruct.chains.offline.family import Family, Slots
from self_instruct.chains.offline.grammar import grammar
from self_instruct.records.tasks import Instance

Check = Callable[[Slots, str, str], bool]
"""Says whether an answer is right, given what stands in the instruction's slots and the input."""


@pytest.fixture(scope="session")
def written() -> Callable[[Family], Iterator[tuple[str, Slots, Instance]]]:
    """Instances of a family, with the instruction and the slots found again in it: those of a hundred instructions."""

    def write(family: Family) -> Iterator[tuple[str, Slots, Instance]]:
        for seed in range(100):
            rng = Random(seed)
            instruction = family.instruction(rng)
            known = grammar().recognised(instruction)
            assert known is not None
            for instance in known.instances(rng):
                yield instruction, known.slots, instance

    return write
