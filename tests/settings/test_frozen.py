"""Settings are frozen, with all that they hold."""

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from self_instruct.settings.frozen import FrozenDict, FrozenList, frozen, thawed
from self_instruct.settings.profiles import PAPER, PROFILES
from self_instruct.settings.settings import Settings

VALUES = {
    "prices": {"openai:m": {"input": 1, "output": 2}},
    "model_options": {"headers": {"a": ["b"]}},
    "instructions": {"parameters": {"stop": ["a", {"b": [1]}]}},
    "stages": {"difficulty": {"parameters": {"n": 1}, "scale": [1, 5]}},
}
MUTATIONS: list[Callable[[Any], object]] = [
    lambda one: one.instructions.parameters.update(temperature=2),
    lambda one: one.instructions.parameters.__setitem__("stop", []),
    lambda one: one.instructions.parameters["stop"].append("x"),
    lambda one: one.instructions.parameters["stop"][1]["b"].sort(),
    lambda one: one.classification.parameters.pop("temperature"),
    lambda one: one.instances.classification_parameters.clear(),
    lambda one: one.model_options["headers"].__delitem__("a"),
    lambda one: one.prices.setdefault("openai:n", None),
    lambda one: one.stages.popitem(),
    lambda one: one.stages["difficulty"].model_extra["scale"].extend([9]),
    lambda one: one.stages["difficulty"].model_extra.update(scale=9),
    lambda one: one.choice("instances").options.update(x=1),
]


def changing(one: Any) -> None:
    one.instructions.parameters |= {"x": 1}


@pytest.mark.parametrize("mutate", [*MUTATIONS, changing])
def test_nothing_that_settings_hold_can_be_changed(mutate: Callable[[Any], object]) -> None:
    settings = Settings.model_validate(VALUES)
    with pytest.raises((TypeError, ValueError), match="frozen"):
        mutate(settings)
    assert settings == Settings.model_validate(VALUES)


def test_neither_can_the_defaults_and_the_profiles() -> None:
    changes: Any = [Settings().instructions.parameters, PAPER, PAPER["instructions"]["parameters"], PROFILES]
    for one in changes:
        with pytest.raises(TypeError, match="frozen"):
            one["x"] = 1


def test_equal_settings_have_one_hash_and_others_are_others() -> None:
    one, same = Settings.model_validate(VALUES), Settings.model_validate(VALUES)
    other = Settings.model_validate({**VALUES, "model_options": {"headers": {"a": ["c"]}}})
    assert (one, hash(one)) == (same, hash(same))
    assert len({one, same, other}) == 2


def test_copies_are_equal_and_as_frozen() -> None:
    settings = Settings.model_validate(VALUES)
    changed = settings.model_copy(update={"prices": {}, "model_options": {"a": ["b"]}})
    for one in (copy.deepcopy(settings), settings.model_copy(deep=True), pickle.loads(pickle.dumps(settings)), changed):
        assert one == settings or one is changed
        with pytest.raises(TypeError, match="frozen"):
            one.model_options["x"] = 1
    assert changed.model_options == {"a": ["b"]}


def test_what_is_frozen_is_stored_and_read_back_as_json() -> None:
    settings = Settings.model_validate(VALUES)
    dumped = settings.model_dump(mode="json")
    assert json.loads(json.dumps(dumped)) == dumped
    assert Settings.model_validate(dumped) == settings
    assert json.dumps(settings.instructions.parameters) == '{"stop": ["a", {"b": [1]}]}'


nested = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(nested)
def test_any_value_equals_its_frozen_form_and_comes_back_plain(value: Any) -> None:
    stiff = frozen(value)
    assert stiff == value
    assert hash(stiff) == hash(frozen(copy.deepcopy(value)))
    assert repr(thawed(stiff)) == repr(value)
    assert not [each for each in parts(thawed(stiff)) if isinstance(each, FrozenDict | FrozenList)]


def parts(value: Any) -> list[Any]:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value, *(part for each in inside for part in parts(each))]
