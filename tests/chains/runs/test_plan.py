"""What a run fixes when it starts, and what a run that goes on accepts."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.runs import open_run, spent_in
from support.scripted import seed

from self_instruct.chains.models.names import OFFLINE
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import LEDGER_FILE, Ledger, RequestId
from self_instruct.prompts.template_files import Templates
from self_instruct.records.errors import InputError, LedgerError, SeedFileError, SettingsError, TemplateError
from self_instruct.records.replies import Reply
from self_instruct.records.tasks import StageName
from self_instruct.seeds.loading import seed_to_fields, shipped_seeds
from self_instruct.settings.layers import Layer


def said(**values: Any) -> Layer:
    return Layer.said(values, "--flag")


@pytest.fixture
def seeds_file(tmp_path: Path) -> Path:
    path = tmp_path / "my_seeds.jsonl"
    lines = [json.dumps(seed_to_fields(seed(number, is_classification=number % 3 == 0))) for number in range(12)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")


def begin(run: Path, given: Layer) -> RunPlan:
    """Begin or go on with a run that has a reply."""
    ledger, plan = open_run(run, given)
    with ledger:
        if not spent_in(ledger).requests:
            ledger.store_reply(RequestId(StageName.INSTRUCTIONS, 0), Reply("one"))
    return plan


# beginning


def test_a_new_run_stores_all_that_decides_it(tmp_path: Path, seeds_file: Path) -> None:
    plan = begin(tmp_path / "run", said(seeds=str(seeds_file), seed=5, profile="paper"))
    with Ledger.open(tmp_path / "run", read_only=True) as ledger:
        stored = RunPlan.of(ledger)
    assert (stored.settings, stored.origins, stored.seeds, stored.shown) == (
        plan.settings,
        plan.origins,
        plan.seeds,
        plan.shown,
    )
    assert stored.templates.sources == plan.templates.sources
    assert [one.id for one in stored.seeds] == [f"seed_{number}" for number in range(12)]


def test_a_run_is_asked_of_the_offline_model_unless_another_is_named(tmp_path: Path) -> None:
    assert begin(tmp_path / "default", said()).settings.model == OFFLINE
    assert begin(tmp_path / "named", said(model="openai:a")).settings.model == "openai:a"


def test_a_run_needs_its_files_no_more_once_it_has_begun(tmp_path: Path, seeds_file: Path) -> None:
    templates = tmp_path / "templates"
    templates.mkdir()
    (templates / "system.jinja").write_text("Be brief.", encoding="utf-8")
    begin(tmp_path / "run", said(seeds=str(seeds_file), templates=str(templates)))
    seeds_file.unlink()
    (templates / "system.jinja").unlink()
    plan = begin(tmp_path / "run", said())
    assert len(plan.seeds) == 12
    assert plan.templates.sources["system.jinja"] == "Be brief."


def seeds_that(damage: Callable[[list[str]], list[str]]) -> Callable[[Path], None]:
    return lambda path: path.write_text("\n".join(damage(path.read_text().splitlines())), encoding="utf-8") and None


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (Path.unlink, "cannot be read (No such file or directory); expected a JSONL file of seed tasks"),
        (seeds_that(lambda lines: []), "is empty; expected one seed task as a JSON object a line"),
        (seeds_that(lambda lines: [*lines[:4], "{not json", *lines[5:]]), ":5: is not JSON"),
        (seeds_that(lambda lines: [*lines[:2], '{"id": "x"}']), ":3: field"),
        (seeds_that(lambda lines: [lines[0].replace("false", "1").replace("true", "1")]), ":1: field 'is_classification' is 1"),
        (
            seeds_that(lambda lines: lines[:5]),
            "a prompt shows 8 demonstrations, but there are only 5 seed tasks; add seeds, or",
        ),
    ],
)
def test_a_seed_file_that_cannot_be_used_leaves_no_run(
    tmp_path: Path, seeds_file: Path, damage: Callable[[Path], None], words: str
) -> None:
    damage(seeds_file)
    with pytest.raises(InputError) as error:
        open_run(tmp_path / "run", said(seeds=str(seeds_file)))
    assert str(error.value).startswith(str(seeds_file))
    assert words in str(error.value)
    assert not (tmp_path / "run").exists()


def test_every_fault_of_a_seed_file_has_a_line_of_its_own(tmp_path: Path, seeds_file: Path) -> None:
    seeds_file.write_text("[]\n" * 3 + "{\n" * 20, encoding="utf-8")
    with pytest.raises(SeedFileError) as error:
        open_run(tmp_path / "run", said(seeds=str(seeds_file)))
    lines = str(error.value).splitlines()
    assert [line.startswith(f"{seeds_file}:{number}: ") for number, line in enumerate(lines[:10], 1)] == [True] * 10
    assert lines[10:] == ["... and 13 more."]


def test_fewer_classification_seeds_than_demonstrations_are_named_where_only_those_are_shown(
    tmp_path: Path, seeds_file: Path
) -> None:
    given = Layer(
        {"seeds": str(seeds_file), "instructions.classification_only": True},
        {"seeds": "x", "instructions.classification_only": "y"},
    )
    with pytest.raises(SettingsError, match=r"only 4 classification seed tasks; .* set instructions\.demonstrations to 4"):
        open_run(tmp_path / "run", given)


def test_a_template_folder_that_cannot_be_used_leaves_no_run(tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "instructions.jinja").write_text("{% for %}", encoding="utf-8")
    for folder in ("missing", "broken"):
        with pytest.raises(TemplateError, match=folder):
            open_run(tmp_path / "run", said(templates=str(tmp_path / folder)))
    assert not (tmp_path / "run").exists()


def test_an_empty_name_of_a_seed_file_is_no_wish_for_ours(tmp_path: Path) -> None:
    with pytest.raises(SeedFileError, match="cannot be read"):
        open_run(tmp_path / "run", said(seeds=""))


# models


def dotted(values: dict[str, Any]) -> Layer:
    return Layer.said(values, "config.yaml:1")


def test_stages_with_equal_choices_share_one_model_and_others_have_their_own() -> None:
    given = {"model": "openai:a", "classification.model": "openai:a", "instances.model": "openai:b"}
    models = RunPlan.new(dotted(given)).models()
    assert models[StageName.INSTRUCTIONS] is models[StageName.CLASSIFICATION]
    assert models[StageName.INSTANCES] is not models[StageName.INSTRUCTIONS]


@pytest.mark.parametrize("setting", ["base_url", "model_options.organization"])
def test_another_address_or_other_options_make_another_client(setting: str) -> None:
    given = {"model": "openai:a", "classification.model": "openai:a", f"classification.{setting}": "http://127.0.0.1:9/v1"}
    models = RunPlan.new(dotted(given)).models()
    assert models[StageName.INSTRUCTIONS] is models[StageName.INSTANCES]
    assert models[StageName.CLASSIFICATION] is not models[StageName.INSTRUCTIONS]


def test_the_offline_model_never_fills_in_for_a_stage_beside_a_named_model(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no model is named for classification and instances; name it with `model="):
        open_run(tmp_path / "run", dotted({"instructions.model": "openai:a"}))
    assert not (tmp_path / "run").exists()


def test_a_run_whose_stages_all_name_a_model_needs_no_other(tmp_path: Path) -> None:
    plan = begin(tmp_path / "run", dotted({f"{stage}.model": "openai:a" for stage in StageName}))
    assert plan.settings.model is None
    assert begin(tmp_path / "run", said()).settings == plan.settings


def test_an_address_without_a_model_is_no_wish_for_the_offline_model(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"base_url is \S+, but no model is named; name one with `model="):
        open_run(tmp_path / "run", said(base_url="http://127.0.0.1:9/v1"))
    assert not (tmp_path / "run").exists()


def test_a_stages_model_that_cannot_be_loaded_leaves_no_run(tmp_path: Path) -> None:
    given = dotted({"model": "offline", "instances.model": "nobody:nothing"})
    with pytest.raises(SettingsError, match="nobody:nothing"):
        open_run(tmp_path / "run", given)
    assert not (tmp_path / "run").exists()


# going on


def test_a_run_goes_on_with_its_own_settings(tmp_path: Path) -> None:
    begun = begin(tmp_path, said(seed=5, window=3))
    assert begin(tmp_path, said()).settings == begun.settings


def test_pacing_settings_that_were_given_are_remembered_with_their_origin(tmp_path: Path) -> None:
    begin(tmp_path, said(num_instructions=10))
    begin(tmp_path, Layer({"num_instructions": 20, "concurrency": 2}, {"num_instructions": "a.yaml:3", "concurrency": "--set"}))
    plan = begin(tmp_path, said())
    assert (plan.settings.num_instructions, plan.settings.concurrency) == (20, 2)
    assert (plan.origins["num_instructions"], plan.origins["concurrency"]) == ("a.yaml:3", "--set")


def test_a_different_deciding_setting_is_refused_and_lets_go_of_the_run(tmp_path: Path) -> None:
    begin(tmp_path, said(seed=5))
    with pytest.raises(SettingsError, match="seed = 5, not 6"):
        open_run(tmp_path, said(seed=6))
    assert begin(tmp_path, said(seed=5)).settings.seed == 5


def test_a_run_without_a_reply_takes_other_settings_over_those_it_was_given(tmp_path: Path) -> None:
    open_run(tmp_path, said(model="openai:misspelt", seed=5, profile="paper"))[0].close()
    ledger, plan = open_run(tmp_path, said(model="openai:right"))
    with ledger:
        stored = RunPlan.of(ledger)
    assert stored.settings == plan.settings
    assert (plan.settings.model, plan.settings.seed, plan.settings.profile) == ("openai:right", 5, "paper")


def test_a_model_that_cannot_be_loaded_leaves_no_run(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nobody:nothing"):
        open_run(tmp_path / "run", said(model="nobody:nothing"))
    assert not (tmp_path / "run").exists()


def test_files_may_be_named_again_and_are_compared_by_what_they_hold(tmp_path: Path, seeds_file: Path) -> None:
    begin(tmp_path / "run", said(seeds=str(seeds_file)))
    moved = seeds_file.rename(tmp_path / "moved.jsonl")
    begin(tmp_path / "run", said(seeds=str(moved)))
    moved.write_text(moved.read_text().replace("question number 3", "question no. 3"))
    with pytest.raises(SettingsError, match=rf"started with other seeds than those in {moved}; start another run with `run`"):
        open_run(tmp_path / "run", said(seeds=str(moved)))
    with pytest.raises(SettingsError, match="started with other seeds than ours"):
        open_run(tmp_path / "run", said(seeds=None))


def test_other_templates_are_refused(tmp_path: Path) -> None:
    begin(tmp_path / "run", said())
    (tmp_path / "system.jinja").write_text("Be brief.", encoding="utf-8")
    with pytest.raises(SettingsError, match="started with other templates than those in"):
        open_run(tmp_path / "run", said(templates=str(tmp_path)))


def test_a_run_made_with_an_older_seed_pool_keeps_it(tmp_path: Path) -> None:
    begin(tmp_path, said())
    with Ledger.open(tmp_path) as ledger:
        ledger.set_fact("seeds", [seed_to_fields(one) for one in shipped_seeds()[:20]])
    assert len(begin(tmp_path, said()).seeds) == 20


@pytest.mark.parametrize("fact", ["settings", "origins", "seeds", "shown", "templates"])
def test_a_run_that_lacks_what_it_was_started_with_is_damaged(tmp_path: Path, fact: str) -> None:
    begin(tmp_path, said())
    with Ledger.open(tmp_path) as ledger:
        ledger._execute("DELETE FROM facts WHERE name = ?", (fact,))
    with pytest.raises(LedgerError, match="is damaged") as error:
        open_run(tmp_path, said())
    assert str(error.value).startswith(str(tmp_path / LEDGER_FILE))
    assert "\n" not in str(error.value)


def test_a_broken_template_that_was_stored_is_named_when_it_is_used(tmp_path: Path) -> None:
    plan = begin(tmp_path, said())
    broken = Templates({**plan.templates.sources, "instructions.jinja": "{{ nonsense }}"}, folder="mine")
    prompt = RunPlan(plan.settings, plan.origins, plan.seeds, plan.shown, broken).prompts().instructions
    with pytest.raises(TemplateError, match=r"mine/instructions\.jinja"):
        prompt.invoke({"demonstrations": ["a"]})
