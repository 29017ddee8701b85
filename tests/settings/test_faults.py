"""What is said of settings that are wrong: all of it, in its own words, with the place where each was said."""

import re
import time
from pathlib import Path

import pytest
from support.said import STARTED, config, dotted, said

from self_instruct.records.errors import SettingsError
from self_instruct.settings.config_file import MOST_BYTES, MOST_VALUES, from_assignments, from_config
from self_instruct.settings.settling import MOST_FAULTS, settle, settle_again


def test_all_faults_are_named_each_with_its_origin_in_one_line(tmp_path: Path) -> None:
    file = config(tmp_path, "seed: x\nnovelti:\n  refuse: y\nmodel_options:\n  api_key: z\ninstances.base_url: http://h/v1\n")
    for attempt in (settle, lambda layer: settle_again(layer, STARTED)):
        with pytest.raises(SettingsError) as error:
            attempt(from_assignments(["window=0"]).over(file))
        words = str(error.value)
        assert "\n" not in words
        for each in (
            "--set: window is 0; input should be greater than 0",
            f"{tmp_path}/config.yaml:1: seed is 'x'; input should be a valid integer",
            f"{tmp_path}/config.yaml:3: there is no setting 'novelti.refuse'; did you mean 'novelty.refuse'?",
            f"{tmp_path}/config.yaml:5: model_options.api_key would be stored with the run",
        ):
            assert each in words


def test_every_stage_whose_own_model_is_missing_is_named() -> None:
    with pytest.raises(SettingsError) as error:
        settle(dotted({"instances.base_url": "http://h/v1", "classification.model_options.n": 1}))
    assert "instances.base_url is given" in str(error.value)
    assert "classification.model_options.n is given" in str(error.value)


def test_so_many_faults_that_nobody_would_read_them_are_counted_and_take_no_time() -> None:
    begun = time.process_time()
    with pytest.raises(SettingsError, match=rf"; and {5_000 - MOST_FAULTS} more\.$") as error:
        settle(dotted({f"unknown_{number}": number for number in range(5_000)}))
    assert len(str(error.value)) < 2_000
    assert time.process_time() - begun < 5  # 40 s where the nearest key is looked for for each


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"model_options.api_key_env": "HOME"}, "the name of an environment variable that ends in KEY or TOKEN"),
        ({"base_url": "HTTP//Host"}, "must be an address such as http://127.0.0.1:8000/v1"),
        ({"profile": "Paper"}, "profile is 'Paper'; input should be 'modern' or 'paper'"),
        ({"instructions.banned_words": "Image"}, "instructions.banned_words is 'Image'; input should be a valid tuple"),
    ],
)
def test_a_message_keeps_its_capitals(values: dict[str, object], words: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(words)):
        settle(dotted(values))


def test_a_fault_of_what_is_inside_a_setting_has_the_origin_of_that() -> None:
    below = dotted({"model_options.n_ctx": 5}, "c.yaml:2").over(dotted({"model_options.timeout": 7}, "c.yaml:9"))
    for key, value, origin in (("api_key_env", "HOME", "c.yaml:3"), ("model", "x", "--set")):
        with pytest.raises(SettingsError) as error:
            settle(dotted({f"model_options.{key}": value}, origin).over(below))
        assert str(error.value).startswith(f"{origin}: model_options must")


def test_no_message_tells_what_to_type_on_a_command_line() -> None:
    with pytest.raises(SettingsError) as error:
        settle_again(said("a form of my own", seed=2), STARTED)
    assert "--" not in str(error.value)


# texts that are no config


def bomb(levels: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines)


MERGED = "\n".join(
    ["a0: &a0 {k: 1}", *(f"a{n}: &a{n}\n  <<: [{', '.join([f'*a{n - 1}'] * 9)}]\n  k{n}: 1" for n in range(1, 12))]
)


@pytest.mark.parametrize("text", [bomb(9), bomb(30), MERGED, "a: &a\n  b: *a\n", "a: &a [*a]\n"])
def test_a_text_whose_aliases_grow_without_end_is_refused_at_once(tmp_path: Path, text: str) -> None:
    begun = time.process_time()
    with pytest.raises(
        SettingsError, match=rf"config\.yaml: is not YAML \(it holds more than {MOST_VALUES:,} values, or itself"
    ):
        config(tmp_path, text)
    with pytest.raises(SettingsError, match="the value is not YAML"):
        from_assignments([f"prices={text}"])
    assert time.process_time() - begun < 2


def test_an_alias_that_repeats_little_is_taken(tmp_path: Path) -> None:
    file = config(
        tmp_path, "instances:\n  parameters: &cold {temperature: 0}\n  classification_parameters:\n    <<: *cold\n    n: 1\n"
    )
    instances = settle(file).settings.instances
    assert instances.parameters == {"temperature": 0, "max_tokens": 1024}
    assert instances.classification_parameters == {"temperature": 0, "max_tokens": 1024, "n": 1}


def test_a_file_without_an_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is larger than 1 MiB"):
        from_config(Path("/dev/zero"))
    (tmp_path / "large.yaml").write_bytes(b"# " + b"x" * MOST_BYTES)
    with pytest.raises(SettingsError, match=r"large\.yaml: is larger than"):
        from_config(tmp_path / "large.yaml")
