"""A model writes the user's turn: of a chat template that is known, by a model that goes on with a text."""

from typing import get_args

import pytest

from self_instruct.chains.stages.magpie import MagpieStage
from self_instruct.ledger import RequestId
from self_instruct.prompts import prompt_set
from self_instruct.prompts.chat_forms import CHAT_FORMS
from self_instruct.records.errors import SettingsError
from self_instruct.records.replies import Reply
from self_instruct.records.tasks import Candidate, Reason, Rejection
from self_instruct.settings.proposers import ChatFormName
from self_instruct.settings.settings import Settings

COMPLETION = "openai-completion:local"


def stage(model: str = COMPLETION, **magpie: object) -> MagpieStage:
    return MagpieStage(Settings(model=model, magpie=magpie), prompt_set(completion=("magpie",)))


def test_the_settings_name_the_forms_that_are_known() -> None:
    assert set(get_args(ChatFormName)) == set(CHAT_FORMS)


def test_the_prompt_is_a_conversation_that_stops_where_the_user_begins() -> None:
    asked = stage(template="chatml").question(RequestId("magpie", 0), stage(template="chatml").about("rivers"))
    assert asked.prompt.to_string() == (
        "<|im_start|>system\nYou are an assistant. Somebody has a request that is about rivers.<|im_end|>\n<|im_start|>user\n"
    )
    assert asked.parameters == {"temperature": 1, "max_tokens": 256, "stop": ["<|im_end|>"]}


def test_a_form_without_a_system_message_or_of_ones_own_says_nothing_of_a_subject() -> None:
    for found in (stage(template="gemma"), stage(user_start="<start_of_turn>user\n", user_end="<end_of_turn>")):
        asked = found.question(RequestId("magpie", 0), found.about(""))
        assert (asked.prompt.to_string(), found.subjects) == ("<start_of_turn>user\n", ())
        assert asked.parameters["stop"] == ["<end_of_turn>"]
    own = stage(template="gemma", parameters={"stop": ["?"]})
    assert own.parameters(own.about("")) == {"stop": ["?"]}


@pytest.mark.parametrize("name", CHAT_FORMS)
def test_what_follows_the_users_turn_is_not_read(name: str) -> None:
    found = stage(template=name)
    lineage, end = found.about("rivers"), CHAT_FORMS[name].user_end

    def read(text: str, finish_reason: str = "length") -> Candidate | Rejection:
        return found.result(lineage, found.decide(RequestId("magpie", 0), lineage, Reply(text, finish_reason)))

    assert read(f" which river\nis the longest?{end}\nassistant: The Nile is") == Candidate(0, "Which river is the longest?")
    cut_off = read("Which river is the")
    assert isinstance(cut_off, Rejection)
    assert (cut_off.stage, cut_off.reason) == ("magpie", Reason.CUT_OFF)


@pytest.mark.parametrize(
    ("model", "magpie", "why"),
    [
        (COMPLETION, {}, "set magpie.template"),
        ("openai:gpt-4.1-mini", {"template": "chatml"}, "'openai:gpt-4.1-mini' answers chats"),
    ],
)
def test_without_a_form_or_with_a_chat_model_it_says_what_to_set(model: str, magpie: dict[str, object], why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        stage(model, **magpie)
