"""The 175 seed tasks that ship: how many of which kind, how varied, and that they pass our own rules."""

import json
import re
from collections import Counter
from itertools import combinations, product
from pathlib import Path
from statistics import median

import pytest

from self_instruct.chains.stages.candidate_rules import screen
from self_instruct.chains.stages.instance_rules import screen_instances
from self_instruct.records.tasks import Candidate, SeedTask
from self_instruct.retrievers.rouge import rouge_l
from self_instruct.seeds import loading
from self_instruct.seeds.loading import seed_to_fields, shipped_seeds
from self_instruct.settings.layers import Layer
from self_instruct.settings.profiles import PROFILES
from self_instruct.settings.settings import Settings
from self_instruct.settings.settling import settle

PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def seeds() -> tuple[SeedTask, ...]:
    return shipped_seeds()


@pytest.fixture(scope="module", params=sorted(PROFILES))
def settings(request: pytest.FixtureRequest) -> Settings:
    return settle(Layer({"profile": request.param}, {"profile": "here"})).settings


def test_there_are_150_tasks_and_25_classification_tasks(seeds: tuple[SeedTask, ...]) -> None:
    assert Counter(seed.is_classification for seed in seeds) == {False: 150, True: 25}


def test_ids_count_up_and_names_differ(seeds: tuple[SeedTask, ...]) -> None:
    assert [seed.id for seed in seeds] == [f"seed_task_{number}" for number in range(175)]
    assert len({seed.name for seed in seeds}) == 175


def test_each_task_has_one_instance(seeds: tuple[SeedTask, ...]) -> None:
    assert {len(seed.instances) for seed in seeds} == {1}  # section 2.1


def test_between_a_third_and_a_half_of_the_tasks_need_no_input(seeds: tuple[SeedTask, ...]) -> None:
    assert 175 / 3 <= sum(not seed.instances[0].input for seed in seeds) <= 175 / 2


def test_every_classification_task_works_on_an_input(seeds: tuple[SeedTask, ...]) -> None:
    assert all(seed.instances[0].input for seed in seeds if seed.is_classification)


def test_at_least_25_domains_have_a_dozen_tasks_at_most(seeds: tuple[SeedTask, ...]) -> None:
    domains = Counter(seed.domain for seed in seeds)
    assert "" not in domains
    assert len(domains) >= 25
    assert max(domains.values()) <= 12


def test_instructions_open_with_many_different_words(seeds: tuple[SeedTask, ...]) -> None:
    first_words = Counter(seed.instruction.split()[0].casefold().strip(",.:;!?") for seed in seeds)
    assert len(first_words) >= 90
    assert max(first_words.values()) <= 8


def test_instructions_are_as_long_as_what_people_write(seeds: tuple[SeedTask, ...]) -> None:
    lengths = [len(seed.instruction.split()) for seed in seeds]
    assert 10 <= median(lengths) <= 16
    assert sum(length < 10 for length in lengths) >= 175 / 3
    assert sum(40 <= length <= 80 for length in lengths) >= 8
    assert max(lengths) <= 80


def test_no_text_begins_or_ends_with_white_space(seeds: tuple[SeedTask, ...]) -> None:
    for seed in seeds:
        for text in (seed.instruction, seed.instances[0].input, seed.instances[0].output):
            assert text == text.strip(), seed.id


def test_an_instruction_is_one_line(seeds: tuple[SeedTask, ...]) -> None:
    assert not [seed.id for seed in seeds if len(seed.instruction.splitlines()) != 1]


def test_every_instruction_obeys_the_rules_for_a_candidate(seeds: tuple[SeedTask, ...], settings: Settings) -> None:
    for seed in seeds:
        candidate = Candidate(0, seed.instruction)
        assert screen(candidate, settings.instructions, settings.novelty.tokens) == candidate


def test_every_instance_obeys_the_rules_for_an_instance(seeds: tuple[SeedTask, ...], settings: Settings) -> None:
    for seed in seeds:
        kept = screen_instances(
            seed.instances,
            instruction=seed.instruction,
            is_classification=seed.is_classification,
            rules=settings.instances,
        )
        assert kept == list(seed.instances)


def test_no_two_instructions_are_similar(seeds: tuple[SeedTask, ...]) -> None:
    closest = max(combinations(seeds, 2), key=lambda pair: rouge_l(pair[0].instruction, pair[1].instruction))
    assert rouge_l(closest[0].instruction, closest[1].instruction) < 0.6, closest


@pytest.mark.parametrize("name", ["user-oriented/user_oriented_instructions.jsonl", "seed_tasks.jsonl"])
def test_no_instruction_resembles_one_of_the_papers_own(seeds: tuple[SeedTask, ...], reference: Path, name: str) -> None:
    theirs = [json.loads(line)["instruction"] for line in (reference / name).read_text(encoding="utf-8").splitlines()]
    ours = [seed.instruction for seed in seeds]
    closest = max(product(ours, theirs), key=lambda pair: rouge_l(*pair))
    assert rouge_l(*closest) < 0.5, closest


def test_python_in_an_output_compiles(seeds: tuple[SeedTask, ...]) -> None:
    blocks = [block for seed in seeds for block in PYTHON.findall(seed.instances[0].output)]
    assert len(blocks) >= 4
    for block in blocks:
        compile(block, "a seed's output", "exec")


def test_an_output_that_looks_like_json_is_json(seeds: tuple[SeedTask, ...]) -> None:
    outputs = [seed.instances[0].output for seed in seeds if seed.instances[0].output.startswith(("{\n", "[\n"))]
    assert len(outputs) >= 2
    for output in outputs:
        json.loads(output)


def test_the_file_holds_each_task_as_one_line_of_plain_unicode(seeds: tuple[SeedTask, ...]) -> None:
    path = Path(loading.__file__).parent / "data" / "seed_tasks.jsonl"
    lines = [json.dumps(seed_to_fields(seed), ensure_ascii=False) + "\n" for seed in seeds]
    assert path.read_text(encoding="utf-8") == "".join(lines)
