"""The tokens that a reply could have begun with, and how likely each was, as servers of OpenAI's protocols tell it.

chat, and llama.cpp    {"content": [{"token": ..., "top_logprobs": [{"token": ..., "logprob": ...}, ...]}, ...]}
completions            {"tokens": [...], "top_logprobs": [{token: logprob, ...}, ...]}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from self_instruct.records.json_text import storable

ASKED_FOR = 5
"""How many tokens are asked for: no more than OpenAI's completions tell."""
_MOST = 20  # that are believed
_DIGITS = 6  # of a logarithm, behind the point


def completion_parameters() -> Mapping[str, Any]:
    """Return what asks a completion model for the likeliest tokens."""
    return {"logprobs": ASKED_FOR}


def chat_parameters() -> Mapping[str, Any]:
    """Return what asks a chat model for the likeliest tokens."""
    return {"logprobs": True, "top_logprobs": ASKED_FOR}


def first_token(told: object) -> tuple[tuple[str, float], ...]:
    """Return the likeliest first tokens with the natural logarithms of their probabilities; () where nothing of it is told.

    >>> first_token({"tokens": [" Yes"], "top_logprobs": [{" No": -1.5, " Yes": -0.4}]})
    ((' Yes', -0.4), (' No', -1.5))
    """
    return tuple(sorted(_pairs(told), key=lambda pair: -pair[1])[:_MOST])


def _pairs(told: object) -> Iterator[tuple[str, float]]:
    for token, logarithm in _told(told):
        if isinstance(token, str) and type(logarithm) in (int, float) and isfinite(logarithm):
            yield storable(token), round(min(0.0, float(logarithm)), _DIGITS)


def _told(told: object) -> Iterator[tuple[Any, Any]]:
    match told:
        case {"content": [{"top_logprobs": [*listed]}, *_]}:
            yield from ((each.get("token"), each.get("logprob")) for each in listed if isinstance(each, Mapping))
        case {"top_logprobs": [{**first}, *_]}:
            yield from first.items()
