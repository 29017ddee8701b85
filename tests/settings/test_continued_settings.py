"""What a run that goes on keeps, and what may change."""

import re
from decimal import Decimal

import pytest
from support.said import STARTED, dotted, said

from self_instruct.records.errors import SettingsError
from self_instruct.records.tasks import StageName
from self_instruct.settings.dotted_keys import flatten
from self_instruct.settings.layers import Layer
from self_instruct.settings.profiles import PROFILES
from self_instruct.settings.sections import ModelChoice
from self_instruct.settings.settings import Settings, is_pacing
from self_instruct.settings.settling import Settled, settle, settle_again


def test_a_run_that_goes_on_keeps_its_settings_and_their_origins() -> None:
    assert settle_again(Layer(), STARTED) == STARTED


def test_deciding_settings_may_be_repeated() -> None:
    again = said(seed=1, profile="modern").over(dotted({"novelty.threshold": "0.6", "instructions.parameters.absent": None}))
    assert settle_again(again, STARTED).settings == STARTED.settings


def test_a_different_deciding_setting_is_refused_with_both_values() -> None:
    with pytest.raises(SettingsError, match=r"this run was started with seed = 1, not 2; .*start another run"):
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


def test_a_run_of_an_earlier_version_takes_the_defaults_of_settings_it_did_not_know() -> None:
    older = Settled(STARTED.settings, {key: origin for key, origin in STARTED.origins.items() if key != "timeout_s"})
    assert settle_again(Layer(), older) == STARTED


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("num_instructions", 7),
        ("concurrency", 1),
        ("max_requests", 9),
        ("max_tokens", 9),
        ("max_cost", 2),
        ("base_url", "http://host/v1"),
        ("retries", 0),
        ("timeout_s", 1.5),
    ],
)
def test_pacing_settings_may_change_and_say_where_they_were_said_last(key: str, value: object) -> None:
    assert is_pacing(key)
    settled = settle_again(said(**{key: value}), STARTED)
    assert getattr(settled.settings, key) == value
    assert settled.origins[key] == "--flag"
    assert settle_again(Layer(), settled) == settled


def test_prices_may_change_and_are_one_setting_whatever_dots_their_models_have() -> None:
    price = {"gpt-4.1-mini": {"input": 0.4, "output": 1.6}}
    given = Layer(flatten({"prices": price}), {"prices": "c.yaml:2"})
    settled = settle_again(given, STARTED)
    assert settled.settings.prices["gpt-4.1-mini"].input == Decimal("0.4")
    assert settled.origins["prices"] == "c.yaml:2"
    assert settle_again(Layer(), settled) == settled


def test_a_model_may_be_named_once_for_a_run_that_has_none() -> None:
    imported = settle(Layer())
    named = settle_again(said(model="openai:a"), imported)
    assert named.settings.model == "openai:a"
    with pytest.raises(SettingsError, match="model = 'openai:a', not 'openai:b'"):
        settle_again(said(model="openai:b"), named)


def test_each_stage_of_a_run_that_has_no_model_may_be_given_one_once() -> None:
    partly = settle_again(dotted({"instructions.model": "a:b", "instructions.model_options.n_ctx": 5}), settle(Layer()))
    with pytest.raises(SettingsError, match=r"instructions\.model = 'a:b', not 'c:d'"):
        settle_again(dotted({"instructions.model": "c:d"}), partly)
    with pytest.raises(SettingsError, match=r"instructions\.model_options\.n_ctx = 5, not 6"):
        settle_again(dotted({"instructions.model_options.n_ctx": 6}), partly)
    wholly = settle_again(dotted({"model": "e:f", "model_options.x": 1}), partly)
    assert [wholly.settings.choice(stage).model for stage in StageName] == ["a:b", "e:f", "e:f"]
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
    assert moved.settings.choice(StageName.INSTANCES) == ModelChoice(
        "a:b", "http://new/v1", {"n_ctx": 5, "api_key_env": "MY_KEY"}
    )
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
