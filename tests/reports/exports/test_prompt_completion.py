"""Fine-tuning rows: thirteen templates, drawn from the run alone, and the recorded file explained by them."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.records.tasks import Instance
from self_instruct.reports.exports.export import export
from self_instruct.reports.exports.prompt_completion import WITH_INPUT, WITHOUT_INPUT, without_field_name
from self_instruct.seeds.loading import load_seeds
from self_instruct.settings.sections import FinetuningSettings

AS_PUBLISHED = FinetuningSettings(strip_field_names=True, end_token="<|endoftext|>")


class Row(NamedTuple):
    prompt: str
    completion: str


def possible_rows(instruction: str, instance: Instance, rules: FinetuningSettings) -> Iterator[Row]:
    shapes = [instance, without_field_name(instance)] if rules.strip_field_names else [instance]
    for shape in shapes:
        for template in WITH_INPUT if shape.input.strip() else WITHOUT_INPUT:
            yield Row(**template.row(instruction, shape, rules.end_token))


def exported(ledger: Ledger, out: Path) -> list[Row]:
    export(ledger, RunPlan.of(ledger), "prompt-completion", out)
    return [Row(**json.loads(line)) for line in out.read_text().splitlines()]


def dataset(ledger: Ledger) -> Iterator[tuple[str, Instance]]:
    for seed in RunPlan.of(ledger).seeds:
        yield seed.instruction, seed.instances[0]
    instructions = {task.id: task.instruction for task in ledger.tasks()}
    for task, instance in ledger.instances():
        yield instructions[task], instance


def test_the_templates_with_an_input_are_these() -> None:
    assert [*possible_rows(" Do it. ", Instance(" in\n", " out "), FinetuningSettings())] == [
        ("Do it.\nInput: in\nOutput:", " out"),
        ("Do it.\n\nInput: in\n\nOutput:", " out"),
        ("Task: Do it.\nInput: in\nOutput:", " out"),
        ("Do it.\n\nin\n\nOutput:", " out"),
        ("Do it.\n\nin\n\n", "out"),
        ("Do it.\nin\n\n", "out"),
        ("Task: Do it.\n\nin\n\n", "out"),
    ]


def test_the_templates_without_an_input_are_these() -> None:
    assert [*possible_rows("Do it.", Instance(" \n", "out"), FinetuningSettings())] == [
        ("Do it. Output:", " out"),
        ("Do it.\nOutput:", " out"),
        ("Do it.\n\nOutput:", " out"),
        ("Do it.\n", "out"),
        ("Do it.\n\n", "out"),
        ("Task: Do it.\n\n", "out"),
    ]


def test_texts_of_a_model_are_never_templates() -> None:
    instance = Instance("{output} {0} {{x}}", "{instruction}")
    row = {"prompt": "{input}\n{output} {0} {{x}}\n\n", "completion": "{instruction}"}
    assert WITH_INPUT[5].row("{input}", instance) == row


@given(st.text(), st.text(), st.text())
def test_any_text_makes_a_row_of_every_template(instruction: str, given_input: str, output: str) -> None:
    rows = list(possible_rows(instruction, Instance(given_input, output), AS_PUBLISHED))
    assert len(rows) in {len(WITH_INPUT) * 2, len(WITHOUT_INPUT) * 2, len(WITH_INPUT) + len(WITHOUT_INPUT)}
    assert all(row.completion.endswith(output.strip() + "<|endoftext|>") for row in rows)
    assert all(instruction.strip() in row.prompt for row in rows)


@pytest.mark.parametrize(
    ("text", "stripped"),
    [
        ("Text: one\n\ntwo", "one\ntwo"),
        ("It leaves at 5:30 pm.", "30 pm."),
        ("Name: Ada\nAge: 36", "Name: Ada\nAge: 36"),
        ("Name: Ada\nName: Bob", "Ada\nName: Bob"),
        ("Text:", ""),
        ("no field here", "no field here"),
    ],
)
def test_a_field_name_goes_where_it_is_the_only_one(text: str, stripped: str) -> None:
    assert without_field_name(Instance(text, "x")).input == stripped


def test_seeds_come_first_then_the_dataset_in_the_order_of_the_pool(run: Ledger, tmp_path: Path) -> None:
    rows = exported(run, tmp_path / "rows.jsonl")
    seeds = [seed.instruction for seed in RunPlan.of(run).seeds]
    expected = [*seeds, *["Write a letter to a neighbour."] * 2, *["Say whether the word is warm or cold."] * 5]
    assert len(rows) == len(expected)
    assert all(instruction in row.prompt for instruction, row in zip(expected, rows, strict=True))


def test_rows_end_in_the_token_only_on_request(make_run: Callable[..., Ledger], tmp_path: Path) -> None:
    plain = exported(make_run("plain"), tmp_path / "plain.jsonl")
    marked = exported(make_run("marked", finetuning={"end_token": "<end>"}), tmp_path / "marked.jsonl")
    assert marked == [Row(row.prompt, row.completion + "<end>") for row in plain]


def test_half_the_rows_lose_their_field_name_on_request_and_no_template_changes(
    make_run: Callable[..., Ledger], tmp_path: Path
) -> None:
    plain, stripped = make_run("plain"), make_run("stripped", finetuning={"strip_field_names": True})
    for ledger in (plain, stripped):
        seeds = ledger.fact("seeds")
        fields = [
            {**seeds[0], "id": f"s{place}", "instances": [{"input": f"Word: {place}", "output": "x"}]} for place in range(40)
        ]
        ledger.set_fact("seeds", fields)
    before, after = exported(plain, tmp_path / "plain.jsonl")[:40], exported(stripped, tmp_path / "stripped.jsonl")[:40]
    changed = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
    assert 10 < len(changed) < 30
    assert all(old.prompt.replace("Word: ", "") == new.prompt for old, new in changed)


def test_every_exported_row_is_one_that_its_instance_can_become(make_run: Callable[..., Ledger], tmp_path: Path) -> None:
    ledger = make_run(finetuning=AS_PUBLISHED.model_dump())
    possible = {row for instruction, instance in dataset(ledger) for row in possible_rows(instruction, instance, AS_PUBLISHED)}
    assert set(exported(ledger, tmp_path / "rows.jsonl")) <= possible


def test_templates_vary_with_the_seed_and_with_nothing_else(make_run: Callable[..., Ledger], tmp_path: Path) -> None:
    runs = [make_run("a", seed=1), make_run("b", seed=1), make_run("c", seed=2)]
    first, again, other = (exported(ledger, tmp_path / f"{place}.jsonl") for place, ledger in enumerate(runs))
    assert first == again
    assert first != other


def test_a_row_that_is_there_already_is_left_out(make_run: Callable[..., Ledger], tmp_path: Path) -> None:
    ledger = make_run()
    plan = RunPlan.of(ledger)
    once = export(ledger, plan, "prompt-completion", tmp_path / "once.jsonl").count
    seeds = [*ledger.fact("seeds"), *ledger.fact("seeds")]  # the same ids, so the same draw
    ledger.set_fact("seeds", seeds)
    assert export(ledger, RunPlan.of(ledger), "prompt-completion", tmp_path / "twice.jsonl").count == once
    assert (tmp_path / "once.jsonl").read_bytes() == (tmp_path / "twice.jsonl").read_bytes()


def test_every_recorded_row_is_explained_by_a_template(reference: Path) -> None:
    final = (reference / "davinci-run" / "final_instances.jsonl").read_text().splitlines()
    instances = [(row["instruction"], Instance(row["input"], row["output"])) for row in map(json.loads, final)]
    seeds = load_seeds(reference / "seed_tasks.jsonl")
    instances += [(seed.instruction, instance) for seed in seeds for instance in seed.instances]
    explained = {row for instruction, instance in instances for row in possible_rows(instruction, instance, AS_PUBLISHED)}
    recorded = (reference / "davinci-run" / "finetuning.jsonl").read_text().splitlines()
    assert len(recorded) == 401
    assert [line for line in recorded if Row(**json.loads(line)) not in explained] == []
