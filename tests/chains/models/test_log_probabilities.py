"""What servers tell of a reply's first token, in every form and in none."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage

from self_instruct.chains.models.log_probabilities import first_token
from self_instruct.chains.models.replies import message_to_reply
from self_instruct.prompts.reading.log_odds import balanced_accuracy, log_odds, threshold

LIKELIEST = [{"token": " No", "logprob": -1.5, "bytes": [32]}, {"token": " Yes", "logprob": -0.5}]
CHAT = {"content": [{"token": " Yes", "logprob": -0.5, "top_logprobs": LIKELIEST}, {"token": ".", "top_logprobs": []}]}
COMPLETION = {"tokens": [" Yes", "."], "token_logprobs": [-0.5, 0.0], "top_logprobs": [{" No": -1.5, " Yes": -0.5}, {".": 0}]}


@pytest.mark.parametrize("told", [CHAT, COMPLETION])
def test_both_protocols_tell_the_same(told: dict[str, Any]) -> None:
    assert first_token(told) == ((" Yes", -0.5), (" No", -1.5))
    message = AIMessage("Yes", response_metadata={"logprobs": told})
    assert message_to_reply(message).first_token == ((" Yes", -0.5), (" No", -1.5))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["content", "top_logprobs", "token", "logprob", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON)
def test_whatever_a_server_sends_is_read_or_left(told: object) -> None:
    for token, logarithm in first_token(told):
        assert token.encode()
        assert math.isfinite(logarithm)
        assert logarithm <= 0


def test_a_word_that_is_not_told_is_as_likely_as_the_last_that_is() -> None:
    assert log_odds([(" label", -1.0), (" a", -2.0), (" b", -4.0)], "label", "text") == 3.0
    assert log_odds([(" a", -1.0)], "label", "text") is None
    assert log_odds([], "label", "text") is None
    assert log_odds([("lab", -1.0), ("Text", -1.5)], "label", "text") == 0.5
    assert log_odds([("l", -1.0), ("Text", -1.5)], "label", "text") == 0, "a letter alone is no word"


def test_a_threshold_does_not_depend_on_how_many_there_are_of_a_kind() -> None:
    yes, no = [1.0, 2.0, 3.0, 2.0, 2.0], [0.0] * 5
    assert threshold(yes, no) == threshold(yes, no * 20) == 1.0
    assert balanced_accuracy(yes, no, 1.0) == 0.9
    assert threshold(no, yes) is None, "yes is likelier where it should be no"
    assert threshold(yes[:4], no) is None, "too few"
