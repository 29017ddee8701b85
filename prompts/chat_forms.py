"""The chat templates of model families, as far as it takes to let a model write the user's turn (Xu et al. 2024, Magpie).

A model that was trained on conversations in such a form, and is given one up to where a user begins to speak, goes on as a user
would. What begins a whole text (BOS) is left to the server, which puts it there itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChatForm:
    """What stands around a system message ("": the form has none) and before and behind what a user says."""

    system_start: str
    system_end: str
    user_start: str
    user_end: str


CHAT_FORMS: Mapping[str, ChatForm] = {
    "chatml": ChatForm("<|im_start|>system\n", "<|im_end|>\n", "<|im_start|>user\n", "<|im_end|>"),
    "gemma": ChatForm("", "", "<start_of_turn>user\n", "<end_of_turn>"),
    "llama-3": ChatForm(
        "<|start_header_id|>system<|end_header_id|>\n\n",
        "<|eot_id|>",
        "<|start_header_id|>user<|end_header_id|>\n\n",
        "<|eot_id|>",
    ),
    "mistral": ChatForm("", "", "[INST] ", "[/INST]"),
    "phi-3": ChatForm("<|system|>\n", "<|end|>\n", "<|user|>\n", "<|end|>"),
    "zephyr": ChatForm("<|system|>\n", "</s>\n", "<|user|>\n", "</s>"),
}
"""By the names that `magpie.template` takes."""
