"""How many tokens a request can use at most, known before it is sent, without any tokenizer.

Every token of a byte-level BPE vocabulary (OpenAI, Llama 3, Qwen, DeepSeek ...) stands for at least one byte, so a text of n
bytes of UTF-8 has at most n tokens; SentencePiece vocabularies (Llama 2, Gemma) fall back to single bytes, and add one token
for the space they put in front. English has about four bytes to a token, so the bound is some four times the truth. What
comes out is bounded by the stage's own `max_tokens`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.prompt_values import PromptValue

from self_instruct.chains.models.question import Question
from self_instruct.prompts.image_prompt import ImagePromptValue
from self_instruct.prompts.stage_prompt import prompt_text
from self_instruct.records.replies import Usage
from self_instruct.settings.settings import OURS, Settings, section_key

FRAME_TOKENS = 256  # what a server puts around two messages: roles, dates, instructions of its own (gpt-oss: about 100)
IMAGE_TOKENS = 2_000  # set aside for an image: Claude counts up to 1,600, GPT-4.1 about 1,100, some small models far more
OUTPUT_LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens", "num_predict")  # as providers call it
_CHOICES = ("n", "best_of")


def at_most(question: Question) -> Usage:
    """Return the most tokens in and out of a question. Those out are None where its parameters hold no limit."""
    return Usage(most_input_tokens(question.prompt), most_output_tokens(question.parameters))


def most_input_tokens(prompt: PromptValue) -> int:
    """Return a number of tokens that a prompt is never above, whether it is sent as messages or as text.

    What a provider counts of an image is its own secret: for one `IMAGE_TOKENS` are set aside.
    """
    return len(prompt_text(prompt).encode("utf-8", "surrogatepass")) + FRAME_TOKENS + image_tokens(prompt)


def image_tokens(prompt: PromptValue) -> int:
    """Return the tokens that are set aside for the image of a prompt; 0 for one of text alone."""
    return IMAGE_TOKENS if isinstance(prompt, ImagePromptValue) else 0


def most_output_tokens(parameters: Mapping[str, Any]) -> int | None:
    """Return the most tokens that an answer can have under these parameters, or None where they set no limit.

    >>> most_output_tokens({"temperature": 0, "max_tokens": 300})
    300
    """
    limits = [parameters[name] for name in OUTPUT_LIMITS if _is_count(parameters.get(name))]
    choices = [parameters[name] for name in _CHOICES if _is_count(parameters.get(name))]
    return max(limits) * max(choices, default=1) if limits else None


def stages_without_limit(settings: Settings) -> list[str]:
    """Return the settings (dotted keys) whose parameters set no limit to an answer's tokens."""
    sections = {section_key(name): settings.section(name) for name in (*OURS, *settings.stages)}
    places = {
        **{f"{key}.parameters": section.parameters for key, section in sections.items()},
        "instances.classification_parameters": settings.instances.classification_parameters,
        "evolve.elimination_parameters": settings.evolve.elimination_parameters,
    }
    return [place for place, parameters in places.items() if most_output_tokens(parameters) is None]


def _is_count(value: object) -> bool:
    return isinstance(value, int) and value > 0
