"""The few-shot tasks that ship: which they are, that their further instances hold up, and how long their prompts get."""

import json
import re
from collections.abc import Sequence
from itertools import groupby

import pytest

from self_instruct.chains.stages.instance_rules import screen_instances
from self_instruct.prompts.prompt_set import PromptSet, prompt_set
from self_instruct.records.tasks import SeedTask
from self_instruct.seeds.few_shot_tasks import FewShotTasks, shipped_few_shot_tasks
from self_instruct.seeds.loading import shipped_seeds
from self_instruct.settings.layers import Layer
from self_instruct.settings.profiles import PROFILES
from self_instruct.settings.settling import settle

BYTES_A_TOKEN = 4  # of English text
LONGEST_INSTRUCTION = 150  # words; `instructions.max_words`
FIELD = re.compile(r"^(Example \d|Input:|Output:|Class label:|Task:)", re.MULTILINE)


@pytest.fixture(scope="module")
def shown() -> FewShotTasks:
    return shipped_few_shot_tasks()


@pytest.fixture(scope="module")
def prompts() -> PromptSet:
    return prompt_set()


def ids(tasks: Sequence[SeedTask]) -> list[str]:
    return [task.id for task in tasks]


def test_no_list_shows_a_task_twice(shown: FewShotTasks) -> None:
    for tasks in (shown.classification, shown.input_first, shown.output_first):
        assert len(set(ids(tasks))) == len(tasks)


def test_every_task_shown_is_a_seed_with_its_own_instance_first(shown: FewShotTasks) -> None:
    seeds = {seed.id: seed for seed in shipped_seeds()}
    for task in (*shown.classification, *shown.input_first, *shown.output_first):
        seed = seeds[task.id]
        assert (task.instruction, task.is_classification) == (seed.instruction, seed.is_classification)
        assert task.instances[: len(seed.instances)] == seed.instances


def test_twelve_classification_tasks_and_nineteen_others_are_shown_with_their_kind(shown: FewShotTasks) -> None:
    kinds = [task.is_classification for task in shown.classification]
    assert (kinds.count(True), kinds.count(False)) == (12, 19)  # appendix A.1


def test_the_two_kinds_are_mixed_without_a_pattern(shown: FewShotTasks) -> None:
    kinds = [task.is_classification for task in shown.classification]
    runs = [len(list(same)) for _, same in groupby(kinds)]
    assert max(runs[:-1]) <= 2
    assert len(set(runs[:-1])) > 1, "strictly alternating"


def test_the_last_four_tasks_shown_are_no_classification_tasks(shown: FewShotTasks) -> None:
    kinds = [task.is_classification for task in shown.classification]
    assert kinds[-5:] == [True, False, False, False, False]


def test_the_tasks_shown_with_their_kind_cover_many_domains(shown: FewShotTasks) -> None:
    assert len({task.domain for task in shown.classification if task.is_classification}) == 12
    assert len({task.domain for task in shown.classification}) >= 18


def test_each_instance_prompt_shows_one_kind_of_task(shown: FewShotTasks) -> None:
    assert not any(task.is_classification for task in shown.input_first)
    assert all(task.is_classification for task in shown.output_first)


def test_input_first_shows_several_instances_exactly_where_there_is_an_input(shown: FewShotTasks) -> None:
    without_input = [task for task in shown.input_first if not task.instances[0].input]
    assert len(without_input) == 7
    for task in shown.input_first:
        if task in without_input:
            assert len(task.instances) == 1
        else:
            assert 2 <= len(task.instances) <= 3
            assert all(instance.input for instance in task.instances)


def test_output_first_shows_one_instance_for_each_of_at_least_two_labels(shown: FewShotTasks) -> None:
    for task in shown.output_first:
        labels = [instance.output for instance in task.instances]
        assert len(set(labels)) == len(labels) >= 2, task.id


def test_every_label_shown_is_one_that_the_instruction_names(shown: FewShotTasks) -> None:
    for task in shown.output_first:
        for instance in task.instances:
            assert re.search(rf"(?<!\w){re.escape(instance.output)}(?!\w)", task.instruction), (task.id, instance.output)


def test_no_input_is_shown_twice_or_equals_its_output(shown: FewShotTasks) -> None:
    for task in (*shown.input_first, *shown.output_first):
        inputs = [instance.input for instance in task.instances]
        assert len(set(inputs)) == len(inputs), task.id
        assert not any(instance.input == instance.output for instance in task.instances), task.id


def test_no_line_of_an_instance_reads_like_a_field_of_the_prompt(shown: FewShotTasks) -> None:
    for task in (*shown.input_first, *shown.output_first):
        for instance in task.instances:
            assert not FIELD.search(instance.input), task.id
            assert not FIELD.search(instance.output), task.id


def test_no_text_shown_begins_or_ends_with_white_space(shown: FewShotTasks) -> None:
    for task in (*shown.input_first, *shown.output_first):
        for instance in task.instances:
            assert (instance.input, instance.output) == (instance.input.strip(), instance.output.strip()), task.id


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_every_instance_shown_would_be_kept(shown: FewShotTasks, profile: str) -> None:
    rules = settle(Layer({"profile": profile}, {"profile": "here"})).settings.instances
    for task in (*shown.input_first, *shown.output_first):
        kept = screen_instances(
            task.instances, instruction=task.instruction, is_classification=task.is_classification, rules=rules
        )
        assert kept == list(task.instances)


@pytest.mark.parametrize("name", ["classification", "input_first", "output_first"])
@pytest.mark.parametrize("again", [{}, {"wrong": "cut off"}], ids=["first attempt", "second attempt"])
def test_a_prompt_leaves_room_for_an_answer_of_300_tokens_in_2048(prompts: PromptSet, name: str, again: dict[str, str]) -> None:
    prompt = getattr(prompts, f"{name}_again" if again else name)
    text = prompt.format(instruction="word " * LONGEST_INSTRUCTION, **again)
    assert len(text.encode()) / BYTES_A_TOKEN < 2048 - 300


def test_the_tasks_shown_survive_a_round_trip_through_json(shown: FewShotTasks) -> None:
    assert FewShotTasks.from_fields(json.loads(json.dumps(shown.to_fields()))) == shown
