"""What a request can use at most."""

from typing import Any

import pytest
from support.scripted import plan

from self_instruct.chains.budgets.bounds import (
    FRAME_TOKENS,
    OUTPUT_LIMITS,
    at_most,
    most_input_tokens,
    most_output_tokens,
    stages_without_limit,
)
from self_instruct.ledger import RequestId
from self_instruct.prompts.stage_prompt import StagePromptValue
from self_instruct.records.tasks import StageName, Task
from self_instruct.settings.layers import Layer
from self_instruct.settings.profiles import PROFILES
from self_instruct.settings.settings import Settings
from self_instruct.settings.settling import settle


@pytest.mark.parametrize(("text", "bytes_"), [("", 0), ("word", 4), ("漢字", 6), ("🙂", 4), ("\ud83d", 3)])
def test_a_prompt_has_at_most_a_token_a_byte_and_those_of_its_frame(text: str, bytes_: int) -> None:
    assert most_input_tokens(StagePromptValue(system="ab", text=text)) == 2 + bytes_ + FRAME_TOKENS


@pytest.mark.parametrize("name", OUTPUT_LIMITS)
def test_an_answer_is_bounded_under_any_providers_name_for_it(name: str) -> None:
    assert most_output_tokens({name: 70}) == 70


@pytest.mark.parametrize("parameters", [{}, {"max_tokens": None}, {"num_predict": -1}, {"max_tokens": "many"}, {"n": 3}])
def test_an_answer_without_a_limit_has_none(parameters: dict[str, Any]) -> None:
    assert most_output_tokens(parameters) is None


def test_every_choice_that_is_paid_for_counts() -> None:
    assert most_output_tokens({"max_tokens": 100, "n": 2, "best_of": 3}) == 300


def test_each_request_has_the_bound_of_its_own_prompt_and_parameters() -> None:
    limits = {"parameters": {"max_tokens": 3}, "classification_parameters": {"max_tokens": 4}}
    settled = plan(
        instructions={"parameters": {"max_tokens": 1}}, classification={"parameters": {"max_tokens": 2}}, instances=limits
    )
    stages = settled.stages()
    other, closed = Task("Name a river.", False), Task("Name a river.", True)
    asked: list[tuple[StageName, Any]] = [
        (StageName.INSTRUCTIONS, ("Name a lake.",)),
        (StageName.CLASSIFICATION, other),
        (StageName.INSTANCES, other),
        (StageName.INSTANCES, closed),
    ]
    found = [at_most(stages[stage].question(RequestId(stage, 0), about)) for stage, about in asked]
    assert [each.output_tokens for each in found] == [1, 2, 3, 4]
    again = [RequestId(StageName.CLASSIFICATION, 0, 0, attempt) for attempt in (1, 2)]
    longer = [at_most(stages[StageName.CLASSIFICATION].question(each, other)).input_tokens or 0 for each in again]
    assert longer[0] < longer[1]


@pytest.mark.parametrize("profile", PROFILES)
def test_each_profile_limits_every_answer(profile: Any) -> None:
    assert stages_without_limit(Settings.model_validate(PROFILES[profile])) == []


def test_a_stage_without_a_limit_is_named() -> None:
    settings = Settings.model_validate({"instances": {"classification_parameters": {"temperature": 0}}})
    assert stages_without_limit(settings) == ["instances.classification_parameters"]


@pytest.mark.parametrize("section", ["judging", "tagging", "evolve", "back_translate", "magpie", "stages.revise"])
def test_whoever_else_is_asked_needs_a_limit_too(section: str) -> None:
    settings = settle(Layer.said({f"{section}.parameters": {"max_tokens": None}}, "test")).settings
    assert stages_without_limit(settings) == [f"{section}.parameters"]
