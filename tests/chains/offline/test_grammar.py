"""The grammar: what it offers is fit, novel, and recognised again."""

import re
from collections import Counter
from random import Random

import pytest

from self_instruct.chains.offline import (
    families_code,
    families_dates,
    families_logic,
    families_numbers,
    families_rules,
    families_sums,
    families_tables,
    families_text,
    families_words,
)
from self_instruct.chains.offline.family import Family, Kind, Pattern
from self_instruct.chains.offline.grammar import SHARES, Known, grammar
from self_instruct.chains.stages.candidate_rules import screen
from self_instruct.chains.stages.class_labels import is_among, named_labels
from self_instruct.records.tasks import Candidate
from self_instruct.retrievers.novelty import Kept, NoveltyIndex
from self_instruct.settings.settings import InstructionSettings

FAMILIES = grammar().families
CHECKED = (
    families_numbers, families_sums, families_text, families_dates, families_tables, families_logic, families_code,
    families_rules, families_words,
)  # fmt: skip
"""The modules whose every family has a checker in test_right_*.py."""


@pytest.fixture(scope="module")
def offered() -> list[tuple[Family, str, Known]]:
    """Sixty instructions of each family, with what the grammar takes them for."""
    found = []
    for family in FAMILIES:
        for seed in range(60):
            instruction = family.instruction(Random(seed))
            known = grammar().recognised(instruction)
            assert known is not None, instruction
            found.append((family, instruction, known))
    return found


def test_an_instruction_is_recognised_in_any_casing_as_its_own_family(offered: list[tuple[Family, str, Known]]) -> None:
    for family, instruction, known in offered:
        assert known.family is family
        for changed in (instruction.capitalize(), instruction.upper(), "  " + instruction.replace(" ", "\n ") + " "):
            assert grammar().recognised(changed) == known


def test_the_slots_found_again_are_those_that_were_filled() -> None:
    for family in FAMILIES:
        for seed, pattern in enumerate(family.patterns * 20):
            rng = Random(seed)
            filled = {slot.name: rng.choice(slot.texts) for slot in pattern.slots}
            assert grammar().recognised(pattern.phrasing.format(**filled)) == Known(family, filled)


@pytest.mark.parametrize(
    "instruction", ["", " ", "Sort", "Write a poem about rain.", "Sort the parcel weights in grams", "x" * 10_000]
)
def test_what_is_not_ours_is_not_recognised(instruction: str) -> None:
    assert grammar().recognised(instruction) is None


def test_every_instruction_obeys_the_rules_of_both_profiles(offered: list[tuple[Family, str, Known]]) -> None:
    rules = InstructionSettings(any_start=False)
    for _, instruction, _ in offered:
        candidate = Candidate(0, instruction)
        assert screen(candidate, rules, "ascii") == candidate


def varying(pattern: Pattern) -> float:
    fixed = re.findall(r"\w+", re.sub(r"\{\w+\}", " ", pattern.phrasing))
    varied = sum(sum(len(re.findall(r"\w+", text)) for text in slot.texts) / len(slot.texts) for slot in pattern.slots)
    return varied / (len(fixed) + varied)


def test_a_family_varies_two_fifths_of_its_words() -> None:
    assert [pattern.phrasing for family in FAMILIES for pattern in family.patterns if varying(pattern) < 0.4] == []


def test_there_are_a_hundred_families_with_names_of_their_own() -> None:
    assert len({family.name for family in FAMILIES}) == len(FAMILIES) >= 100


def test_every_closed_family_stands_in_a_module_with_checkers() -> None:
    checked = {family.name for module in CHECKED for family in module.FAMILIES}
    assert {family.name for family in FAMILIES if family.kind is not Kind.OPEN} == checked


def test_three_thousand_novel_instructions_take_at_most_half_as_many_more_offers() -> None:
    rng, index, offers, kinds = Random(0), NoveltyIndex(), 0, Counter[Kind]()
    while len(index) < 3000:
        instruction = grammar().instruction(rng)
        offers += 1
        if isinstance(index.offer(instruction), Kept):
            known = grammar().recognised(instruction)
            assert known is not None
            kinds[known.family.kind] += 1
    assert offers <= 4500
    assert kinds[Kind.CLOSED] + kinds[Kind.CLASSIFICATION] >= len(index) / 3
    assert 0.15 <= kinds[Kind.CLASSIFICATION] / len(index) <= 0.20


def test_a_thousand_classification_tasks_are_novel() -> None:
    rng, index, offers = Random(0), NoveltyIndex(), 0
    while len(index) < 1000:
        index.offer(grammar().instruction(rng, classification_only=True))
        offers += 1
    assert offers <= 1500


def test_shares_add_up_to_one() -> None:
    assert sum(SHARES.values()) == pytest.approx(1)


def test_labels_read_from_the_instruction_are_the_labels_given(offered: list[tuple[Family, str, Known]]) -> None:
    for family, instruction, known in offered:
        if family.kind is Kind.CLASSIFICATION:
            labels, given = named_labels(instruction), [instance.output for instance in known.instances(Random(instruction))]
            assert len(set(given)) == len(given) >= 2
            assert not labels or (len(labels) == len(given) and all(is_among(label, labels) for label in given))


def test_instances_are_well_formed(offered: list[tuple[Family, str, Known]]) -> None:
    for _, instruction, known in offered:
        found = known.instances(Random(instruction))
        inputs = [instance.input for instance in found]
        assert 1 <= len(found) <= 5
        assert len(set(inputs)) == len(inputs)
        assert all(inputs) or inputs == [""]
        for instance in found:
            assert instance.output not in ("", instance.input)
            for text in (instance.input, instance.output):
                assert text == text.strip()
                assert not text.endswith(":")
                assert not re.search(r"Example|Output\s*\d*:|Input\s*\d*:|Task:|Class label:", text)
                assert len(text.split()) <= 130


def test_open_outputs_are_whole_sentences_without_leftovers(offered: list[tuple[Family, str, Known]]) -> None:
    for family, instruction, known in offered:
        if family.kind is Kind.OPEN:
            for instance in known.instances(Random(instruction)):
                assert not re.search(r"[{}]|  | ,|,,|[?!]\.|(?<!\.)\.\.(?!\.)|None", instance.output), instance
                assert not re.match(r"[a-z]", instance.output), instance


def test_a_numbered_list_is_numbered_where_one_is_asked_for(offered: list[tuple[Family, str, Known]]) -> None:
    for family, instruction, known in offered:
        if family.name == "how-to guide":
            [instance] = known.instances(Random(instruction))
            assert bool(re.search(r"^3\. ", instance.output, re.MULTILINE)) == ("number" in known.slots["shape"])
