"""The sections of stages that a user registered."""

import re
from pathlib import Path

import pytest
from support.said import config, dotted

from self_instruct.records.errors import SettingsError
from self_instruct.records.tasks import StageName
from self_instruct.settings.config_file import from_assignments
from self_instruct.settings.dotted_keys import flatten
from self_instruct.settings.sections import ModelChoice, StageSettings
from self_instruct.settings.settings import Settings, is_pacing, section_key
from self_instruct.settings.settling import settle, settle_again

FILE = """
model: openai:small
stages:
  difficulty:
    defined_in: my_package.difficulty
    model: openai:large
    model_options: {organization: mine}
    parameters: {temperature: 0.5, max_tokens: 9}
    scale: [1, 5]
"""


def test_a_stage_of_ones_own_has_a_section_by_file_and_by_assignment(tmp_path: Path) -> None:
    settled = settle(from_assignments(["stages.difficulty.parameters.temperature=0"]).over(config(tmp_path, FILE)))
    section = settled.settings.section("difficulty")
    assert isinstance(section, StageSettings)
    assert (section.parameters, section.defined_in) == ({"temperature": 0, "max_tokens": 9}, "my_package.difficulty")
    assert section.model_extra == {"scale": [1, 5]}
    assert settled.origins["stages.difficulty.parameters.temperature"] == "--set"
    assert settled.origins["stages.difficulty.scale"] == f"{tmp_path}/config.yaml:9"


def test_the_stages_of_a_run_are_the_three_and_those_of_its_own() -> None:
    assert Settings().stage_names == tuple(StageName)
    assert Settings(stages={"difficulty": {}}).stage_names == ("instructions", "classification", "instances", "difficulty")


def test_a_stage_of_ones_own_has_a_model_and_parameters_as_ours_have() -> None:
    settings = Settings(model="a:b", base_url="http://h/v1", stages={"one": {"parameters": {"n": 1}}, "two": {"model": "c:d"}})
    assert settings.choice("one") == ModelChoice("a:b", "http://h/v1", {})
    assert settings.choice("two") == ModelChoice("c:d", None, {})
    assert (settings.model_of("two"), settings.section("one").parameters, settings.section("two").parameters) == (
        "c:d",
        {"n": 1},
        {},
    )
    assert settings.section("one that nothing is said of") == StageSettings()


def test_its_settings_decide_but_for_where_it_is_reached_and_defined(tmp_path: Path) -> None:
    started = settle(config(tmp_path, FILE))
    moved = {"base_url": "http://h/v1", "model_options.api_key_env": "MY_KEY", "defined_in": "elsewhere.difficulty"}
    settled = settle_again(dotted({f"stages.difficulty.{key}": value for key, value in moved.items()}), started)
    assert settled.settings.choice("difficulty").base_url == "http://h/v1"
    for key, value in {"scale": [1, 9], "parameters.temperature": 1, "model": "x:y", "more": 1}.items():
        assert not is_pacing(f"stages.difficulty.{key}")
        with pytest.raises(SettingsError, match=rf"was started with stages\.difficulty\.{key} = "):
            settle_again(dotted({f"stages.difficulty.{key}": value}), started)


def test_its_model_may_be_named_once_where_a_run_has_none() -> None:
    started = settle(dotted({"stages.difficulty.scale": 5}))
    named = settle_again(dotted({"stages.difficulty.model": "a:b", "stages.difficulty.model_options.n": 1}), started)
    with pytest.raises(SettingsError, match=r"stages\.difficulty\.model = 'a:b', not 'c:d'"):
        settle_again(dotted({"stages.difficulty.model": "c:d"}), named)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("stages.instances.model", "a:b", "must not hold 'instances'; that stage has a section of its own, 'instances'"),
        ("stages.9x.model", "a:b", "stages.9x"),
        ("stages.difficulty", 5, "stages.difficulty is 5; input should be a valid dictionary"),
        ("stages.difficulty.parameters", 5, "stages.difficulty.parameters is 5; input should be"),
        ("stages.difficulty.defined_in", "not a module", "stages.difficulty.defined_in is 'not a module'"),
        ("stages.difficulty.base_url", "http://h/v1", "set stages.difficulty.model too, or base_url for all stages"),
        ("stages.difficulty.api_key", "abc", "stages.difficulty.api_key would be stored with the run"),
        ("stages", 5, "stages is 5; input should be a valid dictionary"),
    ],
)
def test_what_is_wrong_in_its_section_is_said(key: str, value: object, words: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(words)) as error:
        settle(dotted({key: value}))
    assert str(error.value).startswith("config.yaml:1: ")


def test_every_key_of_a_section_can_be_set_to_what_it_is() -> None:
    settings = Settings(stages={"difficulty": {"parameters": {"stop": ["#"]}, "scale": {"low": 1}}})
    assert settle(dotted(flatten(settings.model_dump(mode="json")))).settings == settings


def test_a_section_is_known_by_its_dotted_key() -> None:
    assert [section_key(name) for name in ("instances", "difficulty")] == ["instances", "stages.difficulty"]
