"""Prompts as LangChain runnables over Jinja templates, in a form for chat models and one for completion models.

A completion model goes on with a text (`NAME.jinja`), as the paper's did; a chat model answers a request (`NAME.chat.jinja`).
Where a user's templates have the first form alone, a chat model is told to go on with that (`system.jinja`). `{{ turn }}` ends
what one side of a conversation says and begins what the other does, few-shot tasks asked and answered; a completion model gets
the turns one below the other.
langchain-core's own jinja2 support recompiles at every call, has no loader and blanks missing variables; here templates are
compiled once, sandboxed, bounded and strict. Text written by a model enters as a variable, never as a template.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.prompt_values import PromptValue, StringPromptValue
from langchain_core.prompts import BasePromptTemplate
from pydantic import ConfigDict, Field, PrivateAttr, model_validator

from self_instruct.prompts.image_prompt import ImagePromptValue
from self_instruct.prompts.template_files import CHAT_SUFFIX, SUFFIX, SYSTEM, TURN, Templates
from self_instruct.records.errors import TemplateError
from self_instruct.records.json_text import json_text

Prompt: TypeAlias = BasePromptTemplate[
    Any
]  # what ours and LangChain's own are: `input_variables`, `format_prompt`, and a runnable


_ROLES = {"human": "user", "ai": "assistant"}


class StagePromptValue(PromptValue):
    """A rendered prompt: `text` for a completion model to go on with, or (`is_chat`) a request, `system` before it if not "".

    Where a request is a conversation, `turns` is its text in pieces: the user's, the assistant's, and so on, the user's last.
    The other form is rendered when a model asks for it, as one of the other class does that a fallback leads to.
    """

    text: str
    system: str = ""
    is_chat: bool = False
    turns: tuple[str, ...] = ()
    _other: Callable[[], StagePromptValue] | None = PrivateAttr(default=None)

    def __eq__(self, other: object) -> bool:
        """Return whether both say the same in the same form."""
        return isinstance(other, StagePromptValue) and self.model_dump() == other.model_dump()

    def to_string(self) -> str:
        """Return the text that a completion model continues."""
        return self._form(is_chat=False).text

    def to_messages(self) -> list[BaseMessage]:
        """Return the messages that a chat model answers."""
        chat = self._form(is_chat=True)
        said = [(AIMessage if number % 2 else HumanMessage)(turn) for number, turn in enumerate(chat.turns or (chat.text,))]
        return [*([SystemMessage(chat.system)] if chat.system else []), *said]

    def _form(self, *, is_chat: bool) -> StagePromptValue:
        return self if self.is_chat is is_chat or self._other is None else self._other()


def prompt_text(value: PromptValue) -> str:
    """Return all that a rendered prompt says to a model, the text of its messages one after another.

    The image of one of our prompts stands there by its name; what else a message holds that is no text stands there as JSON.
    """
    if isinstance(value, StagePromptValue):
        return value.system + value.text
    if isinstance(value, StringPromptValue):
        return value.text
    if isinstance(value, ImagePromptValue):
        return f"{prompt_text(value.prompt)}\n{value.label}"
    contents = ((message.type, message.content) for message in value.to_messages())
    return "\n".join(f"{role}: {said if isinstance(said, str) else json_text(said)}\n" for role, said in contents)


def as_sent(value: PromptValue) -> str:
    """Return a rendered prompt as a reader is to see it: the text that a model goes on with, or messages, each under its role.

    An image stands there by its name.
    """
    if isinstance(value, ImagePromptValue):
        return f"{as_sent(value.prompt)}\n{value.label}"
    if isinstance(value, StringPromptValue) or (isinstance(value, StagePromptValue) and not value.is_chat):
        return value.text
    return "\n".join(f"[{_ROLES.get(each.type, each.type)}]\n{each.text}" for each in value.to_messages())


class StagePrompt(BasePromptTemplate[str]):
    """The prompt of one stage: a runnable from a dict of variables to a `StagePromptValue`.

    `system` is the template of what chat models are told first. It pipes, traces, draws and takes partial variables like any
    prompt of LangChain.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    input_variables: list[str] = Field(default_factory=list)  # read off the template
    stage: str
    template: str
    templates: Templates
    is_chat: bool = True
    """Which form is rendered at once; the other one is when a model asks for it."""
    system: str = SYSTEM

    @model_validator(mode="before")
    @classmethod
    def _name_the_variables(cls, values: dict[str, Any]) -> dict[str, Any]:
        templates: Templates = values["templates"]
        forms = {values["template"], _chat_form(templates, values["template"]) or values["template"]}
        asked = {name for form in forms for name in templates.variables(form)} - set(values.get("partial_variables", ()))
        return {"name": f"{values['template'].removesuffix(SUFFIX)} prompt", **values, "input_variables": sorted(asked)}

    @property
    def _prompt_type(self) -> str:
        return "self-instruct-stage"

    def _validate_input(self, inner_input: Any) -> dict[str, Any]:
        missing = set(self.input_variables) - set(inner_input) if isinstance(inner_input, Mapping) else set()
        if missing:
            names = ", ".join(sorted(missing))
            raise TemplateError(f"{self.templates.folder}/{self.template}: the variable {names} was not given.")
        return super()._validate_input(inner_input)

    def format(self, **kwargs: object) -> str:
        """Return the prompt's text, without a system message."""
        return self.format_prompt(**kwargs).text

    def format_prompt(self, **kwargs: object) -> StagePromptValue:
        """Return the rendered prompt, or raise `TemplateError`."""
        variables = self._merge_partial_and_user_variables(**kwargs)
        value = self._rendered(variables, is_chat=self.is_chat)
        value._other = partial(self._rendered, variables, is_chat=not self.is_chat)  # noqa: SLF001  pydantic takes no private ones
        return value

    def _rendered(self, variables: Mapping[str, Any], *, is_chat: bool) -> StagePromptValue:
        chat_form = _chat_form(self.templates, self.template) if is_chat else None
        text = self.templates.render(chat_form or self.template, variables)
        goes_on = is_chat and not chat_form
        system = self.templates.render(self.system, {**variables, "stage": self.stage}) if goes_on else ""
        if TURN not in text:
            return StagePromptValue(text=text, system=system, is_chat=is_chat)
        turns = tuple(turn.strip("\n") for turn in text.split(TURN))
        return StagePromptValue(text="\n".join(turns), system=system, is_chat=is_chat, turns=turns)


def _chat_form(templates: Templates, name: str) -> str | None:
    """Return the name of a template's form for chat models, if there is one."""
    chat = name.removesuffix(SUFFIX) + CHAT_SUFFIX
    return chat if chat in templates.sources else None
