"""Which rules are on, what they do, and rules of one's own."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from self_instruct.chains.verifiers import registry
from self_instruct.chains.verifiers.example import Example
from self_instruct.chains.verifiers.registry import VERIFIERS, Verification, register_verifier
from self_instruct.records.errors import SettingsError
from self_instruct.records.tasks import Flag
from self_instruct.settings.layers import Layer
from self_instruct.settings.profiles import PAPER
from self_instruct.settings.sections import RULES, VerifierSettings
from self_instruct.settings.settings import Settings, is_pacing
from self_instruct.settings.settling import settle

GAP = Example("Write a note to the postman.", "", "Dear [Name], thank you.")
SHOUTING = "def no_shouting(example):\n    return example.output if example.output.isupper() else None\n"


@pytest.fixture
def own_rules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a test register what it likes."""
    monkeypatch.setattr(registry, "VERIFIERS", list(VERIFIERS))
    yield
    sys.modules.pop("shouting_rules", None)


def test_every_rule_has_a_setting_and_every_setting_a_rule() -> None:
    assert [each.name for each in VERIFIERS] == list(RULES)
    assert all(VerifierSettings.model_fields[name].description for name in RULES)


def test_a_rule_is_off_or_flags_or_refuses_as_its_setting_says() -> None:
    flag = Flag("placeholder", "[Name]")
    assert Verification(VerifierSettings(placeholder="off")).flags(GAP) == ()
    flags, refuses = Verification(VerifierSettings(placeholder="flag")), Verification(VerifierSettings(placeholder="refuse"))
    assert flags.flags(GAP) == refuses.flags(GAP) == (flag,)
    assert (flags.refuses(flag), refuses.refuses(flag)) == (False, True)


def test_paper_verifies_nothing_and_modern_refuses_only_what_is_nearly_always_wrong() -> None:
    assert not Verification(Settings(**PAPER).verifiers).verifiers
    refused = {name for name, action in VerifierSettings().actions().items() if action == "refuse"}
    assert refused == {"repeats_instruction", "refusal", "run_on", "not_json", "repeated_text"}


@pytest.mark.usefixtures("own_rules")
def test_a_rule_of_ones_own_is_named_in_the_settings_and_imported_from_its_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f'from self_instruct.chains import register_verifier\n\n@register_verifier("no_shouting")\n{SHOUTING}'
    (tmp_path / "shouting_rules.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    said = {"verifiers.own.no_shouting": "refuse", "verifiers.defined_in": "shouting_rules"}
    verification = Verification(settle(Layer.said(said, "--set")).settings.verifiers)
    [flag] = verification.flags(Example("Say hello.", "", "HELLO"))
    assert (flag, verification.refuses(flag)) == (Flag("no_shouting", "HELLO"), True)
    assert is_pacing("verifiers.defined_in")
    assert not is_pacing("verifiers.own.no_shouting")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"verifiers.own.no_rule": "flag"}, "verifiers.own.no_rule: no verifier of that name is registered"),
        ({"verifiers.defined_in": "no_such_module"}, "'no_such_module' cannot be imported"),
        ({"verifiers.placeholder": "warn"}, "verifiers.placeholder is 'warn'"),
        ({"verifiers.place_holder": "flag"}, "did you mean 'verifiers.placeholder'?"),
        ({"stages.verifiers.scale": 1}, "must not hold 'verifiers'"),
    ],
)
def test_a_rule_that_does_not_exist_is_one_clear_line(said: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message.replace("?", r"\?")):
        Verification(settle(Layer.said(said, "--set")).settings.verifiers)


@pytest.mark.usefixtures("own_rules")
def test_a_name_belongs_to_one_rule_and_the_same_rule_may_come_twice() -> None:
    def rule(example: Example) -> str | None:
        return example.input or None

    register_verifier("mine")(rule)
    register_verifier("mine")(rule)
    assert [each.name for each in registry.VERIFIERS].count("mine") == 1
    with pytest.raises(SettingsError, match="there is a verifier 'placeholder' already"):
        register_verifier("placeholder")(rule)
