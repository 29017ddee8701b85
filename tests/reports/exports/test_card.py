"""The dataset card: front matter that the hub's client reads, counts that are right, settings that make the run again."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import DatasetCard
from support.scripted import plan
from support.written import instructions, write_run

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.records.judgements import JUDGING, Answer, Vote
from self_instruct.records.marks import Grade, Mark, person_stage
from self_instruct.records.tasks import Instance, Verdict
from self_instruct.reports import CardFields, Choice, ExportError, Selection
from self_instruct.reports.dataset_tasks import DatasetTask
from self_instruct.reports.exports.card import Counts
from self_instruct.reports.exports.export import ROW_FORMATS, export
from self_instruct.settings.config_file import from_config
from self_instruct.settings.layers import Layer
from self_instruct.settings.settling import settle

SECRET = "hunter2"
OPENAI = "openai:gpt-4.1-mini"


def card(ledger: Ledger, out: Path, form: str = "huggingface", fields: CardFields | None = None, **selection: Any) -> str:
    export(ledger, RunPlan.of(ledger), form, out, selection=Selection(**selection), card=fields)
    return (out / "README.md").read_text(encoding="utf-8")


def front_matter(text: str) -> dict[str, Any]:
    assert text.startswith("---\n")
    return yaml.safe_load(text.split("---\n")[1])


def test_a_card_names_the_language_of_our_prompts_and_as_many_instructions_as_there_are(run: Ledger, tmp_path: Path) -> None:
    kept = sum(1 for _ in run.tasks())
    settled = RunPlan.of(run)
    fewer = replace(settled, settings=settled.settings.model_copy(update={"num_instructions": 1, "language": "de"}))
    export(run, fewer, "huggingface", tmp_path / "out", selection=Selection(), card=None)
    said = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert front_matter(said)["language"] == ["de"]
    assert f"--num-instructions {kept} " in said


def test_the_hubs_client_reads_the_front_matter(run: Ledger, tmp_path: Path) -> None:
    data = DatasetCard(card(run, tmp_path / "out", held_out=1, fields=CardFields("cc-by-4.0", ("en", "de")))).data.to_dict()
    assert data == {
        "license": "cc-by-4.0",
        "language": ["en", "de"],
        "pretty_name": "Self-Instruct dataset",
        "task_categories": ["text-generation"],
        "size_categories": ["n<1K"],
        "annotations_creators": ["machine-generated"],
        "language_creators": ["machine-generated"],
        "tags": ["self-instruct", "instruction-tuning", "synthetic"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": "train", "path": "train.parquet"}, {"split": "test", "path": "test.parquet"}],
            }
        ],
        "dataset_info": {
            "features": [
                {"name": "task", "dtype": "string"},
                {"name": "instruction", "dtype": "string"},
                {"name": "input", "dtype": "string"},
                {"name": "output", "dtype": "string"},
                {"name": "is_classification", "dtype": "bool"},
                {"name": "source", "dtype": "string"},
            ]
        },
    }


@pytest.mark.parametrize("form", sorted(set(ROW_FORMATS) - {"openai-chat"}))
def test_every_format_has_a_card_on_request(run: Ledger, tmp_path: Path, form: str) -> None:
    text = card(run, tmp_path / "out", form, CardFields())
    assert ("dataset_info" in front_matter(text)) == (ROW_FORMATS[form].columns is not None)
    assert f"A row is {ROW_FORMATS[form].shape}." in text
    assert f"self-instruct export RUN --format {form}" in text


def test_the_counts_are_those_of_each_side(tmp_path: Path) -> None:
    with write_run(tmp_path / "run", instructions(30)) as ledger:
        text = card(ledger, tmp_path / "out", seeds=True, held_out=6, max_instances=1)
    lines = re.findall(r"^\| (?:train|test) \|.*$", text, re.MULTILINE)
    rows = [[cell.strip() for cell in line.split("|")[3:-1]] for line in lines]
    (train_rows, train_tasks, _, _, _), (test_rows, test_tasks, test_kinds, *_) = rows
    assert (train_rows, train_tasks) == ("36", "36")  # 24 and the 12 seed tasks
    assert (test_rows, test_tasks) == ("6", "6")
    assert 0 < int(test_kinds) < 6
    assert "The human-written seed tasks are among the rows of `train`." in text


def test_counting_takes_each_task_once_and_as_it_goes_by() -> None:
    task = DatasetTask("0:0", "Do it.", True, (Instance(" ", "a"), Instance("b", "c")), is_seed=True)
    counts = Counts()
    assert list(counts.counting([task, task])) == [task, task]
    assert counts == Counts(instructions=2, classification=2, seeds=2, instances=4, without_input=2)


def test_models_rules_and_refusals_are_told(make_run: Callable[..., Ledger], tmp_path: Path) -> None:
    text = card(make_run(model=OPENAI, profile="paper", novelty={"threshold": "0.6", "refuse": ">"}), tmp_path / "out")
    for stage in ("instructions", "classification", "instances"):
        assert f"| {stage} | `{OPENAI}` |" in text
    assert "the profile `paper`, which decides as the paper's published code" in text
    assert "was > 0.6." in text
    assert "; instructions: too similar 1.\n" in text
    assert "never for training" not in text


def test_the_offline_models_data_is_marked(make_run: Callable[..., Ledger], tmp_path: Path) -> None:
    assert "**For trying things out, never for training.**" in card(make_run(model="offline"), tmp_path / "out")


def test_an_imported_run_has_no_model_to_name(run: Ledger, tmp_path: Path) -> None:
    assert "| instances | `not known (the run was imported)` |" in card(run, tmp_path / "out")


def test_the_settings_on_the_card_make_the_same_plan_again(tmp_path: Path) -> None:
    parameters = {"temperature": 1.0, "top_p": 0.9}
    said = {"profile": "paper", "model": OPENAI, "seed": 3, "instructions.banned_words": ["map", "```", "ü: #"]}
    said |= {f"instructions.parameters.{name}": value for name, value in parameters.items()}
    given = Layer.said(said, "a test")
    with Ledger.create(tmp_path / "run", RunPlan.new(given).facts()) as ledger:
        text = card(ledger, tmp_path / "out", seeds=True)
    config = re.search(r"````yaml\n(.*?)````", text, re.DOTALL)
    assert config
    (tmp_path / "settings.yaml").write_text(config[1], encoding="utf-8")
    assert settle(from_config(tmp_path / "settings.yaml")).settings == settle(given).settings


def test_no_place_and_no_secret_is_on_it(tmp_path: Path) -> None:
    parameters = {"api_key": SECRET, "temperature": 0.5}
    settings = {
        "model": "transformers:/home/somebody/tuned",
        "model_options": {"cache_dir": "/home/somebody/cache"},
        "base_url": "http://secret-host:8000/v1",
        "seeds": "/home/somebody/seeds.jsonl",
        "templates": "/home/somebody/templates",
        "instructions": {"parameters": parameters},
    }
    made = plan(**settings)
    said = ["model", "model_options.cache_dir", "base_url", "seeds", "templates"]
    said += [f"instructions.parameters.{name}" for name in parameters]
    with Ledger.create(tmp_path / "run", {**made.facts(), "origins": dict.fromkeys(said, "config.yaml:1")}) as ledger:
        text = card(ledger, tmp_path / "out", seeds=True)
    for word in (SECRET, "secret-host", "somebody", str(tmp_path)):
        assert word not in text
    assert "instructions.parameters.temperature: 0.5\n" in text
    assert "model: transformers:tuned\n" in text
    assert "12 tasks of the maker's own (SHA-256 of their JSON lines: `" in text
    assert "--seeds YOUR_SEEDS --templates YOUR_TEMPLATES" in text
    assert "language" not in front_matter(text)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, ""),
        ({"seeds": False, "held_out": 0.5, "seed": 4}, " --no-seeds --held-out 0.5 --seed 4"),
        ({"seeds": True, "max_instances": 2, "subset": 1}, " --seeds --max-instances 2 --subset 1"),
    ],
)
def test_the_command_is_the_one_that_made_it(run: Ledger, tmp_path: Path, options: dict[str, Any], said: str) -> None:
    assert f"\nself-instruct export RUN --format huggingface{said}\n```" in card(run, tmp_path / "out", **options)


def test_a_licence_that_is_not_chosen_says_so(run: Ledger, tmp_path: Path) -> None:
    text = card(run, tmp_path / "out")
    assert front_matter(text)["license"] == "unknown"
    assert "None has been chosen." in text


@pytest.mark.parametrize("fields", [{"license": "My own: free"}, {"license": ""}, {"languages": ("English",)}])
def test_what_the_hub_would_not_read_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ExportError, match=r"^`l.*: expected"):
        CardFields(**fields)


def test_the_card_is_the_same_in_another_place(make_run: Callable[..., Ledger], tmp_path: Path) -> None:
    assert card(make_run("here"), tmp_path / "a") == card(make_run("there"), tmp_path / "b" / "c")


def test_a_model_name_cannot_break_the_front_matter(make_run: Callable[..., Ledger], tmp_path: Path) -> None:
    text = card(make_run(model='openai:"x\n---\n{{ 7 * 7 }}'), tmp_path / "out")
    assert front_matter(text)["license"] == "unknown"
    assert "49" not in text
    assert json.dumps(front_matter(text))


def looked_at(directory: Path, people: str = "") -> Ledger:
    """Twenty tasks of an instance, of which a judge finds every second all right, and a person those with a y."""
    ledger = write_run(
        directory, instructions(20), [Instance("", "Dear neighbour")], judging={"model": OPENAI, "enabled": True}
    )
    with ledger.transaction():
        for number, task in enumerate(list(ledger.tasks())):
            right = Answer.NO if number % 2 else Answer.YES
            ledger.add_verdicts(task.id, [Verdict(JUDGING, 0, Vote(Answer.YES, Answer.YES, right, 4, "so").answers())])
            if number < len(people):
                said = Answer.YES if people[number] == "y" else Answer.NO
                mark = Mark(Answer.YES, Answer.YES, said, Grade.A)
                ledger.add_verdicts(task.id, [Verdict(person_stage("Ann"), 0, mark.answers())])
    return ledger


def statement(text: str) -> list[str]:
    [row] = re.findall(r"^\| all three \| (.*) \|$", text, re.MULTILINE)
    return [cell.strip() for cell in row.split("|")]


def test_a_judges_opinion_is_called_that_on_the_card(tmp_path: Path) -> None:
    with looked_at(tmp_path / "run") as ledger:
        text = card(ledger, tmp_path / "out", seeds=True)
        chosen = card(ledger, tmp_path / "chosen", choice=Choice(accepted=True))
    assert statement(text) == ["50 %", "30 to 70 %", "only the judge's opinion", "54 %"]
    assert f"Of 20 rows, 0 were marked by people and 20 judged by `{OPENAI}`." in text
    assert "a model's opinion, and no measure of quality" in text
    assert "how often the judge is wrong about them is not known" in text
    assert statement(chosen)[0] == "100 %"
    assert "chosen by that judge, so its own opinion of them says nothing more" in chosen


def test_what_people_found_of_the_rows_of_an_export_is_on_its_card(tmp_path: Path) -> None:
    with looked_at(tmp_path / "run", "yyyyynyyyy") as ledger:
        text = card(ledger, tmp_path / "out")
        few = card(ledger, tmp_path / "few", choice=Choice(accepted=True))
    assert statement(text)[2] == "people and judge"
    assert "10 were marked by people" in text
    assert statement(few)[:3] == ["100 %", "57 to 100 %", "people"]  # the five marked of ten accepted rows
    assert "Nobody has checked" not in text


def test_a_run_that_nobody_looked_at_has_no_statement(run: Ledger, tmp_path: Path) -> None:
    text = card(run, tmp_path / "out")
    assert "## How good it is" not in text
    assert "Nobody has checked these rows." in text
