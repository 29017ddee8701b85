"""Which instructions a prompt shows, and how they are written there."""

from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random

import pytest

from self_instruct.records.errors import InputError
from self_instruct.retrievers.demonstrations import draw_demonstrations
from self_instruct.settings.sections import InstructionSettings

SEEDS = [f"seed {number}" for number in range(175)]
MACHINE = [f"machine {number}" for number in range(1000)]


def origins(drawn: Sequence[str]) -> Counter[str]:
    return Counter(text.split()[0] for text in drawn)


@pytest.mark.parametrize(("pool", "expected"), [(0, 0), (1, 1), (2, 2), (1000, 2)])
def test_at_most_two_of_eight_are_machine_written(pool: int, expected: int) -> None:
    drawn = draw_demonstrations(SEEDS, MACHINE[:pool], InstructionSettings(), Random(1))
    assert origins(drawn) == Counter(seed=8 - expected, machine=expected)


def test_no_demonstration_is_drawn_twice() -> None:
    for number in range(200):
        assert len(set(draw_demonstrations(SEEDS[:8], MACHINE[:3], InstructionSettings(), Random(number)))) == 8


def test_the_settings_say_how_many() -> None:
    settings = InstructionSettings(demonstrations=5, machine_demonstrations=3)
    assert origins(draw_demonstrations(SEEDS, MACHINE, settings, Random(1))) == Counter(seed=2, machine=3)


def test_no_more_are_drawn_than_asked_for_when_all_may_be_machine_written() -> None:
    settings = InstructionSettings(demonstrations=3, machine_demonstrations=9)
    assert origins(draw_demonstrations(SEEDS, MACHINE, settings, Random(1))) == Counter(machine=3)


def test_machine_written_ones_stand_anywhere() -> None:
    places = Counter(
        place
        for number in range(400)
        for place, text in enumerate(draw_demonstrations(SEEDS, MACHINE, InstructionSettings(), Random(number)))
        if text.startswith("machine")
    )
    assert set(places) == set(range(8))
    assert min(places.values()) > 50  # 100 expected at each of the eight places


def test_the_same_random_state_draws_the_same() -> None:
    first, again, other = (draw_demonstrations(SEEDS, MACHINE, InstructionSettings(), Random(seed)) for seed in (7, 7, 8))
    assert first == again != other


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Write a poem:", "Write a poem"),
        ("  Write\n\n a\tpoem about this :\n", "Write a poem about this"),
        ("Answer: yes or no?", "Answer: yes or no?"),
        ("写诗\u3000:", "写诗"),
    ],
)
def test_a_demonstration_stands_on_one_line_without_a_trailing_colon(text: str, shown: str) -> None:
    assert draw_demonstrations([text], [], InstructionSettings(demonstrations=1), Random(0)) == (shown,)


@pytest.mark.parametrize(("seeds", "pool"), [(7, 0), (5, 1000), (0, 0)])
def test_too_few_seeds_are_an_input_error_that_says_how_many_are_needed(seeds: int, pool: int) -> None:
    needed = 8 - min(pool, 2)
    with pytest.raises(InputError, match=rf"shows 8 instructions, {needed} of them seeds now, and there are {seeds};"):
        draw_demonstrations(SEEDS[:seeds], MACHINE[:pool], InstructionSettings(), Random(0))


class Counted(Sequence[str]):
    """A pool of 52,000 that counts what is read of it, and cannot be walked through."""

    reads = 0

    def __len__(self) -> int:
        return 52_000

    def __getitem__(self, row):
        self.reads += 1
        return f"machine {row}"

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("the pool was copied")


def test_a_large_pool_is_not_copied() -> None:
    pool = Counted()
    draw_demonstrations(SEEDS, pool, InstructionSettings(), Random(0))
    assert pool.reads == 2
