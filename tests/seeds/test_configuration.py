"""Where a setting comes from, what a run that goes on may change, and what is said of a wrong one."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from self_instruct.seeds.configuration import (
    Given,
    Settled,
    flatten,
    from_assignments,
    from_config,
    known_keys,
    settle,
    settle_again,
)
from self_instruct.seeds.errors import SettingsError
from self_instruct.seeds.profiles import PACING, PROFILES, ModelChoice, Settings
from self_instruct.seeds.records import Stage

PASSWORD = "canary-2718281828"


def said(origin: str = "--flag", **values: Any) -> Given:
    return Given(values, dict.fromkeys(values, origin))


def dotted(values: dict[str, Any], origin: str = "config.yaml:1") -> Given:
    return Given(values, dict.fromkeys(values, origin))


def config(folder: Path, text: str) -> Given:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return from_config(path)


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
    assert settle(Given()).settings == Settings()


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
    assert settle(Given()).settings.instructions.parameters, "the profile itself is as it was"


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
    assert config(tmp_path, text) == Given()


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
        ("profile: modem\n", 1, "profile is 'modem'; expected one of modern, paper"),
        ("profile: [paper]\n", 1, "profile is ['paper']; expected one of modern, paper"),
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


# secrets


@pytest.mark.parametrize(
    "address", [f"https://me:{PASSWORD}@host/v1", f"http://{PASSWORD}@127.0.0.1:8000", f"http://:{PASSWORD}@h"]
)
def test_an_address_with_a_password_is_refused_without_showing_it(address: str) -> None:
    with pytest.raises(SettingsError, match="--base-url: base_url must hold no user name or password") as error:
        settle(Given({"base_url": address}, {"base_url": "--base-url"}))
    assert PASSWORD not in str(error.value)
    with pytest.raises(SettingsError) as error:
        settle_again(Given({"base_url": address}, {"base_url": "--base-url"}), settle(Given()))
    assert PASSWORD not in str(error.value)


@pytest.mark.parametrize("address", ["localhost:8000", "127.0.0.1", "ftp://host/v1", "http://", "http://[::1", "", "http:host"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(SettingsError, match="base_url"):
        settle(said(base_url=address))


def test_an_address_without_secrets_is_taken() -> None:
    for address in ("http://127.0.0.1:8000/v1", "https://host.example/v1?api-version=2", "http://[::1]:8000"):
        assert settle(said(base_url=address)).settings.base_url == address


@pytest.mark.parametrize(
    "key",
    [
        "instructions.parameters.api_key",
        "classification.parameters.openai_api_key",
        "instances.classification_parameters.extra_headers.Authorization",
        "instances.parameters.extra_headers.x-api-key",
        "instructions.parameters.password",
        "instructions.parameters.access_token",
    ],
)
def test_a_secret_among_the_parameters_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(SettingsError, match="put a secret into the environment") as error:
        settle(dotted({key: PASSWORD}))
    assert PASSWORD not in str(error.value)
    assert key in str(error.value)


def test_parameters_that_only_sound_like_secrets_are_taken() -> None:
    keys = ("max_tokens", "max_completion_tokens", "eos_token_id", "prompt_cache_key", "logit_bias")
    parameters = settle(dotted({f"instructions.parameters.{key}": 1 for key in keys})).settings.instructions.parameters
    assert set(keys) <= set(parameters)


@pytest.mark.parametrize("place", ["", "instructions.", "instances."])
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("model_options.api_key", "x"),
        ("model_options.azure_ad_token", "x"),
        ("model_options.default_headers", {"x-api-key": "x"}),
        ("model_options.default_headers", [{"Authorization": "x"}]),
        ("model_options.organization", "sk-canary-3141592653"),
        ("model_options.model_kwargs.list", ["a", {"b": "sk-canary-3141592653"}]),
        ("model", "openai:sk-canary-3141592653"),
    ],
)
def test_what_looks_like_a_secret_in_any_setting_is_refused_without_showing_it(place: str, key: str, value: Any) -> None:
    given = dotted({"instructions.model": "a:b", "instances.model": "a:b", f"{place}{key}": value})
    for attempt in (lambda: settle(given), lambda: settle_again(given, STARTED)):
        with pytest.raises(SettingsError, match="would be stored with the run; put a secret into the environment") as error:
            attempt()
        assert "canary" not in str(error.value)
        assert str(error.value).startswith(f"config.yaml:1: {place}{key}")


def test_a_value_of_the_environment_that_is_a_secret_is_refused_wherever_it_is_put(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_TOKEN", PASSWORD)
    for key in ("model_options.user", "instructions.parameters.user", "seeds", "instances.model_options.model_kwargs.a.b"):
        with pytest.raises(SettingsError, match="put a secret into the environment") as error:
            settle(dotted({"instances.model": "a:b", key: PASSWORD}))
        assert PASSWORD not in str(error.value)


def test_a_wrong_value_that_is_a_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_TOKEN", PASSWORD)
    for assignment in (f"profile={PASSWORD}", f"{PASSWORD}=1", PASSWORD, f"seed={PASSWORD}", f"seed=[{PASSWORD}"):
        with pytest.raises(SettingsError) as error:
            settle(from_assignments([assignment]))
        assert PASSWORD not in str(error.value)


@pytest.mark.parametrize("address", ["https://host/v1?api-key=canary-271", "https://host/v1?key=canary-271"])
def test_an_address_with_a_key_in_its_query_is_refused_without_showing_it(address: str) -> None:
    with pytest.raises(SettingsError, match="base_url must hold no key") as error:
        settle(said(base_url=address))
    assert "canary" not in str(error.value)


@pytest.mark.parametrize("variable", ["sk-x", "HOME", 5, ["A_KEY"], "NOT A KEY"])
def test_a_variable_whose_value_would_not_be_hidden_is_refused(variable: object) -> None:
    with pytest.raises(SettingsError, match="environment variable that ends in key or token"):
        settle(dotted({"model_options": {"api_key_env": variable}}))
    assert settle(dotted({"model_options.api_key_env": "MY_KEY"})).settings.model_options == {"api_key_env": "MY_KEY"}


# models


def test_a_stage_without_a_model_takes_the_runs_with_its_address_and_options() -> None:
    settings = settle(dotted({"model": "a:b", "base_url": "http://h/v1", "model_options.n_ctx": 5})).settings
    assert {settings.choice(stage).model for stage in Stage} == {"a:b"}
    assert settings.choice(Stage.INSTANCES) == ModelChoice("a:b", "http://h/v1", {"n_ctx": 5})


def test_a_stage_that_names_a_model_takes_address_and_options_from_its_own_section_alone() -> None:
    given = dotted({"model": "a:b", "base_url": "http://h/v1", "model_options.n_ctx": 5, "classification.model": "c:d"})
    assert settle(given).settings.choice(Stage.CLASSIFICATION) == ModelChoice("c:d", None, {})
    more = dotted({"classification.base_url": "http://c/v1", "classification.model_options.x": 1}).over(given)
    assert settle(more).settings.choice(Stage.CLASSIFICATION) == ModelChoice("c:d", "http://c/v1", {"x": 1})
    assert settle(more).settings.choice(Stage.INSTANCES).model == "a:b"


def test_models_are_set_by_file_and_by_assignment_and_an_option_is_taken_back_by_null(tmp_path: Path) -> None:
    file = config(tmp_path, "model: a:b\ninstances:\n  model: c:d\n  model_options: {x: 1, y: 2}\n")
    settled = settle(from_assignments(["instances.model=e:f", "instances.model_options.x=null"]).over(file))
    assert settled.settings.choice(Stage.INSTANCES) == ModelChoice("e:f", None, {"y": 2})
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


# a run that goes on

STARTED = settle(said("--seed", seed=1, model="openai:a").over(dotted({"novelty.threshold": 0.6})))


def test_a_run_that_goes_on_keeps_its_settings_and_their_origins() -> None:
    assert settle_again(Given(), STARTED) == STARTED


def test_deciding_settings_may_be_repeated() -> None:
    again = said(seed=1, profile="modern").over(dotted({"novelty.threshold": "0.6", "instructions.parameters.absent": None}))
    assert settle_again(again, STARTED).settings == STARTED.settings


def test_a_different_deciding_setting_is_refused_with_both_values() -> None:
    with pytest.raises(SettingsError, match=r"this run was started with seed = 1, not 2; .*start another run with --run"):
        settle_again(said(seed=2), STARTED)


def test_all_different_deciding_settings_are_shown() -> None:
    with pytest.raises(SettingsError) as error:
        settle_again(dotted({"seed": 2, "novelty.threshold": 0.9, "instructions.parameters": {}, "concurrency": 3}), STARTED)
    assert "seed = 1, not 2" in str(error.value)
    assert "novelty.threshold = '0.6', not '0.9'" in str(error.value)
    assert "instructions.parameters = {'temperature': 0.7, 'max_tokens': 1024}, not {}" in str(error.value)
    assert "concurrency" not in str(error.value)


def test_another_profile_is_refused() -> None:
    with pytest.raises(SettingsError, match="profile = 'modern', not 'paper'"):
        settle_again(said(profile="paper"), STARTED)


def test_a_parameter_taken_away_later_is_refused() -> None:
    with pytest.raises(SettingsError, match=re.escape("instructions.parameters.temperature = 0.7, not None")):
        settle_again(dotted({"instructions.parameters.temperature": None}), STARTED)


@pytest.mark.parametrize(
    ("key", "value"), [("num_instructions", 7), ("concurrency", 1), ("max_requests", 9), ("base_url", "http://host/v1")]
)
def test_pacing_settings_may_change_and_say_where_they_were_said_last(key: str, value: object) -> None:
    assert key in PACING
    settled = settle_again(said(**{key: value}), STARTED)
    assert getattr(settled.settings, key) == value
    assert settled.origins[key] == "--flag"
    assert settle_again(Given(), settled) == settled


def test_a_model_may_be_named_once_for_a_run_that_has_none() -> None:
    imported = settle(Given())
    named = settle_again(said(model="openai:a"), imported)
    assert named.settings.model == "openai:a"
    with pytest.raises(SettingsError, match="model = 'openai:a', not 'openai:b'"):
        settle_again(said(model="openai:b"), named)


def test_each_stage_of_a_run_that_has_no_model_may_be_given_one_once() -> None:
    partly = settle_again(dotted({"instructions.model": "a:b", "instructions.model_options.n_ctx": 5}), settle(Given()))
    with pytest.raises(SettingsError, match=r"instructions\.model = 'a:b', not 'c:d'"):
        settle_again(dotted({"instructions.model": "c:d"}), partly)
    with pytest.raises(SettingsError, match=r"instructions\.model_options\.n_ctx = 5, not 6"):
        settle_again(dotted({"instructions.model_options.n_ctx": 6}), partly)
    wholly = settle_again(dotted({"model": "e:f", "model_options.x": 1}), partly)
    assert [wholly.settings.choice(stage).model for stage in Stage] == ["a:b", "e:f", "e:f"]
    for key, value in {"model": "x:y", "model_options.x": 2, "classification.model": "x:y", "model_options.new": 1}.items():
        with pytest.raises(SettingsError, match="this run was started with"):
            settle_again(dotted({key: value}), wholly)


def test_where_a_stages_model_is_reached_may_change_and_what_it_is_may_not() -> None:
    started = settle(
        dotted({"instances.model": "a:b", "instances.base_url": "http://h/v1", "instances.model_options.n_ctx": 5})
    )
    moved = settle_again(
        dotted({"instances.base_url": "http://new/v1", "instances.model_options.api_key_env": "MY_KEY"}), started
    )
    assert moved.settings.choice(Stage.INSTANCES) == ModelChoice("a:b", "http://new/v1", {"n_ctx": 5, "api_key_env": "MY_KEY"})
    for key, value in {"instances.model": "c:d", "instances.model_options.n_ctx": 6}.items():
        with pytest.raises(SettingsError, match="this run was started with"):
            settle_again(dotted({key: value}), started)


def test_a_run_made_before_stages_had_models_goes_on() -> None:
    stored = settle(said(model="a:b"))
    old = Settled(stored.settings, {key: origin for key, origin in stored.origins.items() if "model_options" not in key})
    assert settle_again(said(concurrency=3), old).settings.concurrency == 3


def test_unknown_and_wrong_settings_are_named_for_a_run_that_goes_on_too() -> None:
    with pytest.raises(SettingsError, match="there is no setting 'sed'; did you mean 'seed"):
        settle_again(said(sed=2), STARTED)
    with pytest.raises(SettingsError, match="--flag: concurrency is 'many'"):
        settle_again(said(concurrency="many"), STARTED)


def test_settings_come_back_from_their_stored_form() -> None:
    for profile in PROFILES:
        settled = settle(said(profile=profile))
        stored = Settled(Settings.model_validate(settled.settings.model_dump(mode="json")), settled.origins)
        assert stored == settled
