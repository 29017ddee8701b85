r"""How an instruction and an input become a zero-shot prompt, byte for byte as the published evaluations have it.

    self-instruct   I\n\nInput: X\nOutput:                      without an input: I\nOutput:
    tk-instruct     Definition: D.\n\nNow complete the following example -\nInput: X.\nOutput: (and a space)
    open-instruct   D.\n\nInput: X.\n\nOutput:
    chat            D\n\nX, as our conversation exports ask

Both parts are stripped; the full stop is added unless the text ends in punctuation. A chat model gets the text as a user's
message.
Sources: the recorded prompts of Self-Instruct, and the collators of Tk-Instruct and open-instruct.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Literal, TypeAlias, get_args

from langchain_core.prompt_values import StringPromptValue

from self_instruct.evaluation.task_sets import TaskInstance
from self_instruct.records.errors import SettingsError

Encoding: TypeAlias = Literal["self-instruct", "tk-instruct", "open-instruct", "chat"]


def checked_encoding(name: object) -> Encoding:
    """Return the encoding of a name; raises `SettingsError` where there is none."""
    for known in _WAYS:
        if name == known:
            return known
    raise SettingsError(f"there is no `encoding` {name!r}; expected one of {', '.join(get_args(Encoding))}.")


def prompt(instance: TaskInstance, encoding: Encoding) -> StringPromptValue:
    """Return the prompt of an instance."""
    return StringPromptValue(text=encoded(instance.instruction, instance.input, encoding))


def encoded(instruction: str, given: str, encoding: Encoding) -> str:
    r"""Return the text that asks for an instruction with this input.

    >>> encoded("Add one. ", "41", "self-instruct"), encoded("Say hello.", "", "self-instruct")
    ('Add one.\n\nInput: 41\nOutput:', 'Say hello.\nOutput:')
    """
    return _WAYS[encoding](instruction.strip(), given.strip())


def _self_instruct(instruction: str, given: str) -> str:
    return f"{instruction}\n\nInput: {given}\nOutput:" if given else f"{instruction}\nOutput:"


def _tk_instruct(instruction: str, given: str) -> str:
    definition, asked = _ended(f"Definition: {instruction}"), _ended(f"Input: {given}")
    return f"{definition}\n\nNow complete the following example -\n{asked}\nOutput: "


def _open_instruct(instruction: str, given: str) -> str:
    asked = _ended(f"Input: {given}")
    return f"{_ended(instruction)}\n\n{asked}\n\nOutput:"


def _chat(instruction: str, given: str) -> str:
    return f"{instruction}\n\n{given}" if given else instruction


def _ended(text: str) -> str:
    return text if text[-1:] in string.punctuation else f"{text}."


_WAYS: dict[Encoding, Callable[[str, str], str]] = {
    "self-instruct": _self_instruct, "tk-instruct": _tk_instruct, "open-instruct": _open_instruct, "chat": _chat,
}  # fmt: skip
