"""Where a setting comes from, and what is said of a wrong one."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.said import config, dotted, said

from self_instruct.records.errors import SettingsError
from self_instruct.records.tasks import StageName
from self_instruct.settings.config_file import from_assignments, from_config
from self_instruct.settings.dotted_keys import flatten, known_keys
from self_instruct.settings.layers import Layer
from self_instruct.settings.profiles import PROFILES
from self_instruct.settings.sections import ModelChoice
from self_instruct.settings.settings import Settings
from self_instruct.settings.settling import AS_CONCURRENCY, settle, settle_again

# precedence


def test_a_flag_goes_before_set_before_the_config_file_before_the_profile_before_the_default(tmp_path: Path) -> None:
    flags = said(seed=1)
    assignments = from_assignments(["seed=2", "window=3"])
    file = config(tmp_path, "profile: paper\nseed: 4\nwindow: 5\nconcurrency: 6\n")
    settled = settle(flags.over(assignments).over(file))
    assert (settled.settings.seed, settled.origins["seed"]) == (1, "--flag")
    assert (settled.settings.window, settled.origins["window"]) == (3, "--set")
    assert (settled.settings.concurrency, settled.origins["concurrency"]) == (6, f"{tmp_path}/config.yaml:4")
    assert (settled.settings.batched, settled.origins["batched"]) == (True, "profile paper")
    assert (settled.settings.novelty.threshold, settled.origins["novelty.threshold"]) == ("0.7", "default")


def test_every_setting_has_an_origin() -> None:
    for profile in PROFILES:
        settled = settle(said(profile=profile))
        assert set(settled.origins) == set(flatten(settled.settings.model_dump(mode="json")))


def test_without_anything_said_the_settings_are_the_profile_modern() -> None:
    assert settle(Layer()).settings == Settings()


def test_of_two_assignments_to_one_key_the_later_holds() -> None:
    assert settle(from_assignments(["seed=1", "seed=2"])).settings.seed == 2


def test_a_parameter_given_as_null_is_left_out_and_the_profiles_others_stay(tmp_path: Path) -> None:
    file = config(tmp_path, "profile: paper\ninstructions:\n  parameters:\n    presence_penalty: null\n    top_k: 5\n")
    parameters = settle(file).settings.instructions.parameters
    assert "presence_penalty" not in parameters
    assert parameters["top_k"] == 5
    assert parameters["top_p"] == 0.5


def test_an_empty_mapping_of_parameters_leaves_out_all_of_the_profiles(tmp_path: Path) -> None:
    file = config(tmp_path, "instructions:\n  parameters: {}\n")
    assert settle(file).settings.instructions.parameters == {}
    more = from_assignments(["instructions.parameters.top_k=5"]).over(file)
    assert settle(more).settings.instructions.parameters == {"top_k": 5}
    assert settle(Layer()).settings.instructions.parameters, "the profile itself is as it was"


def test_what_is_said_below_a_key_is_replaced_by_what_is_said_of_the_key_and_the_other_way_round() -> None:
    lower = dotted({"instructions.parameters.logit_bias": 1, "instructions.parameters.stop.first": "a"})
    higher = dotted({"instructions.parameters.logit_bias.x": 2, "instructions.parameters.stop": ["b"]})
    parameters = settle(higher.over(lower)).settings.instructions.parameters
    assert parameters["logit_bias"] == {"x": 2}
    assert parameters["stop"] == ["b"]


def test_a_date_is_text_as_in_the_stored_form(tmp_path: Path) -> None:
    for said_so in (
        config(tmp_path, "model_options: {api_version: 2024-10-21}\n"),
        from_assignments(["model_options.api_version=2024-10-21"]),
    ):
        assert settle(said_so).settings.model_options == {"api_version": "2024-10-21"}
    assert (
        settle(config(tmp_path, "instructions: {parameters: {until: 2020-13-45}}\n")).settings.instructions.parameters["until"]
        == "2020-13-45"
    )


# config files


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "novelty:\n", "novelty:\ninstructions:\n  # min_words: 3\n"])
def test_a_config_file_with_nothing_in_it_says_nothing(tmp_path: Path, text: str) -> None:
    assert config(tmp_path, text) == Layer()


def test_dotted_and_nested_keys_say_the_same_and_each_knows_its_line(tmp_path: Path) -> None:
    nested = config(tmp_path, "seed: 0\nnovelty:\n  threshold: 0.6\n")
    assert nested.values == config(tmp_path, "seed: 0\n\nnovelty.threshold: 0.6\n").values
    assert nested.origins["novelty.threshold"] == f"{tmp_path}/config.yaml:3"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("- a\n- b\n", 1, "holds a list; expected settings as key: value"),
        ("just words\n", 1, "holds a str"),
        ("seed: 1\nnovelty: [\n", 3, "is not YAML"),
        ("seed: 1\n\tseed: 2\n", 2, "is not YAML"),
        ("seed: 1\nnovelti:\n  refuse: x\n", 3, "there is no setting 'novelti.refuse'; did you mean 'novelty.refuse'?"),
        ("treshold: 0.5\n", 1, "did you mean 'novelty.threshold'?"),
        ("seed: 1\nconcurency: 5\n", 2, "did you mean 'concurrency'?"),
        ("\n\nseed: x\n", 3, "seed is 'x'; input should be a valid integer"),
        ("seed: 1\nseeds: [1]\n", 2, "seeds is [1]; input should be a valid string"),
        ("instructions:\n  banned_words:\n    - ok\n    - [no]\n", 2, "instructions.banned_words.1"),
        ("concurrency: 0\n", 1, "input should be greater than 0"),
        ("profile: modem\n", 1, "profile is 'modem'; input should be 'modern' or 'paper'"),
        ("profile: [paper]\n", 1, "profile is ['paper']; input should be 'modern' or 'paper'"),
        ("model: ''\n", 1, "model is ''"),
    ],
)
def test_a_fault_in_a_config_file_is_named_by_file_and_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(words)) as error:
        settle(config(tmp_path, text))
    assert str(error.value).startswith(f"{tmp_path}/config.yaml:{line}: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"seed: \xff\n", "is not UTF-8 text"),
        (b"seed: \x00\n", "is not YAML"),
        (b"novelty: &loop\n  threshold: *loop\n", "is not YAML"),
        (b"seed: " + b"[" * 5000, "is not YAML"),
        (b"seed: " + b"9" * 5000, "is not YAML"),
        (b"[]: 1\n? {a: b}\n: 2\n", "is not YAML"),
    ],
)
def test_a_config_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=words) as error:
        from_config(path)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


def test_a_config_file_that_is_missing_or_a_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.yaml: cannot be read \(No such file"):
        from_config(tmp_path / "none.yaml")
    with pytest.raises(SettingsError, match=r"cannot be read \(Is a directory"):
        from_config(tmp_path)


@given(st.text() | st.text("sedpmort:{}[]&*!|>-#'\" \n01.,?"))
def test_no_config_file_makes_anything_but_settings_or_a_settings_error(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.mktemp("config") / "config.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        settled = settle(from_config(path))
    except SettingsError as error:
        said_of_it = str(error)
        assert said_of_it.startswith(f"{path}:")
    else:
        assert isinstance(settled.settings, Settings)


# assignments


def test_assignments_are_read_as_yaml() -> None:
    read = from_assignments(["batched=true", "instructions.banned_words=[a, b]", "finetuning={end_token: x=y}", "seed= 7 "])
    assert read.values == {
        "batched": True,
        "instructions.banned_words": ["a", "b"],
        "finetuning.end_token": "x=y",
        "seed": 7,
    }


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("seed", "--set seed: expected key=value"),
        ("=1", "--set: there is no setting ''"),
        ("seed=[", "--set seed=[: the value is not YAML; quote it"),
        ("seed=", "--set: seed is None"),
        ("seed.x=1", "there is no setting 'seed.x'; did you mean 'seed"),
        ("novelty=1", "there is no setting 'novelty'; did you mean 'novelty."),
        ("novelty.threshold=high", "novelty.threshold is 'high'; must be a decimal above 0 and at most 1"),
        ("novelty.threshold=1/0", "must be a decimal above 0 and at most 1"),
        ("novelty.threshold=0", "must be a decimal above 0 and at most 1"),
        ("novelty.threshold=1.5", "must be a decimal above 0 and at most 1"),
        ("novelty.threshold=1e-999999999", "must be a decimal above 0 and at most 1"),
        ("novelty.threshold=.nan", "must be a decimal above 0 and at most 1"),
        ("instructions.parameters=5", "instructions.parameters is 5; input should be a valid dictionary"),
        ("model=" + "x" * 5000 + ": y", "...: the value is not YAML"),
        ("x" * 5000 + "=1", "--set: there is no setting 'xxx"),
        ("seed=" + "x" * 5000, "...; input should be a valid integer"),
    ],
)
def test_a_wrong_assignment_is_named_in_one_line(assignment: str, words: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(words)) as error:
        settle(from_assignments([assignment]))
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 300


def test_every_known_key_can_be_set_to_what_it_is() -> None:
    for profile in PROFILES:
        settings = settle(said(profile=profile)).settings
        values = flatten(settings.model_dump(mode="json"))
        known = tuple(f"{key.rstrip('.')}." for key in known_keys())
        assert [key for key in values if not f"{key}.".startswith(known)] == []
        assert settle(dotted(values)).settings == settings


# models


def test_a_stage_without_a_model_takes_the_runs_with_its_address_and_options() -> None:
    settings = settle(dotted({"model": "a:b", "base_url": "http://h/v1", "model_options.n_ctx": 5})).settings
    assert {settings.choice(stage).model for stage in StageName} == {"a:b"}
    assert settings.choice(StageName.INSTANCES) == ModelChoice("a:b", "http://h/v1", {"n_ctx": 5})


def test_a_stage_that_names_a_model_takes_address_and_options_from_its_own_section_alone() -> None:
    given = dotted({"model": "a:b", "base_url": "http://h/v1", "model_options.n_ctx": 5, "classification.model": "c:d"})
    assert settle(given).settings.choice(StageName.CLASSIFICATION) == ModelChoice("c:d", None, {})
    more = dotted({"classification.base_url": "http://c/v1", "classification.model_options.x": 1}).over(given)
    assert settle(more).settings.choice(StageName.CLASSIFICATION) == ModelChoice("c:d", "http://c/v1", {"x": 1})
    assert settle(more).settings.choice(StageName.INSTANCES).model == "a:b"


def test_models_are_set_by_file_and_by_assignment_and_an_option_is_taken_back_by_null(tmp_path: Path) -> None:
    file = config(tmp_path, "model: a:b\ninstances:\n  model: c:d\n  model_options: {x: 1, y: 2}\n")
    settled = settle(from_assignments(["instances.model=e:f", "instances.model_options.x=null"]).over(file))
    assert settled.settings.choice(StageName.INSTANCES) == ModelChoice("e:f", None, {"y": 2})
    assert settled.origins["instances.model"] == "--set"
    assert settled.origins["instances.model_options.y"] == f"{tmp_path}/config.yaml:4"


@pytest.mark.parametrize("key", ["base_url", "model_options.n_ctx"])
def test_how_a_stages_own_model_is_reached_is_refused_where_it_names_none(key: str) -> None:
    given = dotted({"model": "a:b", f"instances.{key}": "http://h/v1"})
    words = (
        f"config.yaml:1: instances.{key} is given, but the stage names no model of its own; set instances.model too, or {key}"
    )
    with pytest.raises(SettingsError, match=re.escape(words)):
        settle(given)


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("modle", "model"),
        ("model_option.n_ctx", "model_options"),
        ("instructions.modle", "instructions.model"),
        ("classification.base_ur", "classification.base_url"),
        ("instances.model_opts.n_ctx", "instances.model_options"),
    ],
)
def test_an_unknown_key_of_a_model_names_the_nearest(key: str, near: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(f"there is no setting {key!r}; did you mean {near!r}?")):
        settle(dotted({key: "x"}))


@pytest.mark.parametrize("name", ["model", "base_url", "model_provider", "configurable_fields"])
def test_an_option_that_another_setting_says_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=rf"model_options must not hold '{name}'; that is said by 'model' and 'base_url'"):
        settle(dotted({f"model_options.{name}": "x"}))


@pytest.mark.parametrize(
    ("said", "window", "origin"),
    [
        ({"concurrency": 64}, 64, AS_CONCURRENCY),
        ({"concurrency": 4}, 16, "default"),
        ({"concurrency": 64, "window": 8}, 8, "test"),
        ({"concurrency": 64, "profile": "paper"}, 5, "profile paper"),
    ],
)
def test_a_window_that_nobody_named_leaves_no_slot_idle(said: dict[str, Any], window: int, origin: str) -> None:
    settled = settle(Layer.said(said, "test"))
    assert (settled.settings.window, settled.origins["window"]) == (window, origin)


def test_a_window_is_fixed_when_a_run_starts_whatever_its_slots_are_later() -> None:
    begun = settle(Layer.said({"concurrency": 64}, "test"))
    for slots in (8, 128):
        assert settle_again(Layer.said({"concurrency": slots}, "test"), begun).settings.window == 64
