"""What is drawn is the same under every version of Python: these values must never change."""

from collections import Counter
from collections.abc import Sequence

import pytest

from self_instruct.chains.stages.instance_rules import draw_instances
from self_instruct.records.tasks import Instance
from self_instruct.reports.dataset_tasks import DatasetTask
from self_instruct.reports.exports.prompt_completion import WITH_INPUT, template_rows
from self_instruct.retrievers.demonstrations import draw_demonstrations
from self_instruct.retrievers.draws import DRAW, HashDraws, draws
from self_instruct.settings.sections import InstanceSettings, InstructionSettings
from self_instruct.settings.settings import Settings

SEEDS = [f"seed {number}" for number in range(175)]
MACHINE = [f"machine {number}" for number in range(1000)]


def shuffled(drawing: HashDraws, text: str) -> str:
    letters = list(text)
    drawing.shuffle(letters)
    return "".join(letters)


def test_golden_draws() -> None:
    assert HashDraws("7:3").sample(range(52_000), 5) == [26694, 37634, 19924, 7376, 15833]
    assert shuffled(HashDraws("7:3"), "abcdefgh") == "egadfbhc"
    assert HashDraws("7:3").choice(range(13)) == 6
    assert HashDraws("7:3").random() == 0.5133568739350712


def test_golden_demonstrations() -> None:
    drawn = draw_demonstrations(SEEDS, MACHINE, InstructionSettings(), draws(DRAW, 7, 3))
    assert drawn == ("seed 25", "seed 144", "machine 724", "seed 54", "machine 513", "seed 67", "seed 96", "seed 90")


@pytest.mark.parametrize(
    ("is_classification", "at_most", "outputs"), [(False, None, "xyxyx"), (True, 2, "yx"), (True, 3, "yxx")]
)
def test_golden_instances(is_classification: bool, at_most: int | None, outputs: str) -> None:
    instances = [Instance(f"{number}", "xy"[number % 2]) for number in range(9)]
    drawn = draw_instances(instances, InstanceSettings(), is_classification, draws(DRAW, 7, 3), at_most)
    assert "".join(one.output for one in drawn) == outputs


def test_golden_templates() -> None:
    instances = tuple(Instance(f"in {number}", "out") for number in range(6))
    rows = template_rows(DatasetTask("0:0", "Do it.", False, instances), Settings(seed=7))
    possible = [template.prompt.format(instruction="Do it.", input="in {0}") for template in WITH_INPUT]
    numbers = [possible.index(row["prompt"].replace(f"in {at}", "in {0}")) for at, row in enumerate(rows)]
    assert numbers == [1, 3, 2, 2, 1, 1]


def test_older_runs_draw_as_they_did() -> None:
    drawn = draw_demonstrations(SEEDS, MACHINE, InstructionSettings(), draws(2, 7, 3))
    assert drawn == ("seed 16", "seed 168", "seed 172", "seed 10", "seed 34", "seed 47", "machine 364", "machine 792")


def spread(drawn: Sequence[object]) -> tuple[int, float]:
    """Return how many different things were drawn, and how far the most frequent is above the mean."""
    counts = Counter(drawn)
    return len(counts), max(counts.values()) * len(counts) / len(drawn)


def test_every_order_is_as_likely_as_every_other() -> None:
    orders, most = spread([shuffled(HashDraws(str(number)), "abcd") for number in range(24_000)])
    assert orders == 24
    assert most < 1.12  # four standard deviations
    pairs, most = spread([tuple(HashDraws(str(number)).sample("abcde", 2)) for number in range(20_000)])
    assert pairs == 20
    assert most < 1.13


def test_no_place_is_drawn_twice_and_all_are_drawn_in_the_end() -> None:
    for count in range(10):
        drawn = HashDraws("x").sample(range(9), min(count, 9))
        assert len(set(drawn)) == len(drawn) == min(count, 9)
    assert sorted(HashDraws("x").sample(range(9), 9)) == list(range(9))
