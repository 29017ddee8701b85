"""The grammar: what it offers is fit, novel, and recognised again; what it writes is well formed; draws stay the same."""

import re
from collections import Counter
from pathlib import Path

import pytest
from support.offline_tasks import tasks_of

from self_instruct.chains.offline.draws import Draws
from self_instruct.chains.offline.family import Family, Kind
from self_instruct.chains.offline.grammar import Known, grammar
from self_instruct.chains.stages.candidate_rules import screen
from self_instruct.prompts.reading.class_labels import is_among, named_labels
from self_instruct.records.tasks import Candidate, Instance
from self_instruct.retrievers.novelty import Kept, NoveltyIndex
from self_instruct.seeds.loading import shipped_seeds
from self_instruct.settings.sections import InstructionSettings

Offered = list[tuple[Family, str, Known, list[Instance]]]


@pytest.fixture(scope="module")
def offered() -> Offered:
    """Twenty instructions of each phrasing, with what the grammar takes them for and the instances it writes."""
    return [(family, *task) for family in grammar().families for task in tasks_of(family)]


def test_draws_are_the_same_under_every_python() -> None:
    draws = Draws.keyed(7, "content", "a prompt")
    assert [draws.whole(1, 6) for _ in range(8)] == [2, 3, 6, 2, 1, 2, 5, 5]
    assert [draws.one("abc"), *draws.several("abcdef", 3), *draws.shuffled("xyz")] == list("aecdzyx")
    golden = (Path(__file__).parent / "data" / "golden.txt").read_text()
    assert [grammar().instruction(draws) for _ in range(5)] == golden.splitlines()


def test_an_instruction_is_recognised_in_any_casing_with_the_same_slots(offered: Offered) -> None:
    for family, instruction, known, _ in offered:
        assert known.family is family
        assert all(text.lower() in instruction.lower() for text in known.slots.texts.values())
        for changed in (instruction.capitalize(), instruction.upper(), "  " + instruction.replace(" ", "\n ") + " "):
            assert grammar().recognised(changed) == known


@pytest.mark.parametrize(
    "instruction", ["", " ", "Sort", "Write a poem about rain.", "Sort these parcel weights in", "x" * 9999]
)
def test_what_is_not_ours_is_not_recognised(instruction: str) -> None:
    assert grammar().recognised(instruction) is None


def test_every_instruction_obeys_the_rules_and_reads_well(offered: Offered) -> None:
    for _, instruction, _, _ in offered:
        assert screen(Candidate(0, instruction), InstructionSettings(any_start=False), "ascii") == Candidate(0, instruction)
        assert not re.search(r"[{}]|  | ,|,,|\.\.|[?!][.?]|[.?!] [a-z]|\b(\w+) \1\b", instruction), instruction


def test_a_thousand_novel_instructions_take_at_most_1600_offers_and_a_third_are_closed() -> None:
    index, draws, offers, kinds = NoveltyIndex(), Draws.keyed(0), 0, Counter[Kind]()
    for seed in shipped_seeds():
        index.offer(seed.instruction)
    while kinds.total() < 1000:
        instruction = grammar().instruction(draws)
        offers += 1
        if isinstance(index.offer(instruction), Kept) and (known := grammar().recognised(instruction)):
            kinds[known.family.kind] += 1
    assert offers <= 1600
    assert kinds[Kind.CLOSED] >= 1000 / 3
    assert 150 <= kinds[Kind.CLASSIFICATION] <= 220


def test_classification_tasks_have_each_of_their_labels_once(offered: Offered) -> None:
    for family, instruction, _, instances in offered:
        if family.kind is Kind.CLASSIFICATION:
            named, labels = named_labels(instruction), [instance.output for instance in instances]
            assert len(set(labels)) == len(labels) >= 2
            assert not named or (len(named) == len(labels) and all(is_among(label, named) for label in labels))


def test_instances_are_well_formed(offered: Offered) -> None:
    for family, _, _, instances in offered:
        inputs = [instance.input for instance in instances]
        assert 1 <= len(set(inputs)) == len(inputs) <= 5
        assert all(inputs) or inputs == [""]
        assert all(instance.output for instance in instances)
        for text in (text for each in instances for text in (each.input, each.output)):
            assert text == text.strip()
            assert not re.search(r":$|Example|Output\s*\d*:|Input\s*\d*:|Task:|Class label:", text)
            assert family.kind is not Kind.OPEN or not re.search(r"[{}]| ,|,,|[?!]\.|[^.]\.\.[^.]|^[a-z]", text), text
