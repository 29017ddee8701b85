"""Prompts as LangChain runnables over Jinja templates.

A `StagePrompt` renders one template, plus the system message that chat models get, into a value that serves chat and completion
models alike. langchain-core's own jinja2 support recompiles at every call, has no loader and blanks missing variables; here
templates are compiled once, sandboxed, bounded and strict. Text written by a model enters as a variable, never as a template.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from langchain_core.prompt_values import PromptValue, StringPromptValue
from langchain_core.prompts import BasePromptTemplate
from pydantic import ConfigDict, Field, model_validator

from self_instruct.prompts.template_files import SUFFIX, Templates
from self_instruct.records.errors import TemplateError
from self_instruct.records.json_text import json_text

SYSTEM = "system" + SUFFIX

Prompt: TypeAlias = BasePromptTemplate[
    Any
]  # what ours and LangChain's own are: `input_variables`, `format_prompt`, and a runnable


class StagePromptValue(PromptValue):
    """A rendered prompt: `text` alone for completion models, `system` and `text` as two messages for chat models."""

    system: str
    text: str

    def to_string(self) -> str:
        """Return the text that a completion model continues."""
        return self.text

    def to_messages(self) -> list[BaseMessage]:
        """Return the messages that a chat model answers."""
        return [SystemMessage(self.system), HumanMessage(self.text)]


def prompt_text(value: PromptValue) -> str:
    """Return all that a rendered prompt says to a model, the text of its messages one after another.

    What a message holds that is no text (an image) stands there as JSON.
    """
    if isinstance(value, StagePromptValue):
        return value.system + value.text
    if isinstance(value, StringPromptValue):
        return value.text
    contents = ((message.type, message.content) for message in value.to_messages())
    return "\n".join(f"{role}: {said if isinstance(said, str) else json_text(said)}\n" for role, said in contents)


class StagePrompt(BasePromptTemplate[str]):
    """The prompt of one stage: a runnable from a dict of variables to a `StagePromptValue`.

    It pipes, traces, draws and takes partial variables like any prompt of LangChain.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    input_variables: list[str] = Field(default_factory=list)  # read off the template
    stage: str
    template: str
    templates: Templates

    @model_validator(mode="before")
    @classmethod
    def _name_the_variables(cls, values: dict[str, Any]) -> dict[str, Any]:
        asked = values["templates"].variables(values["template"]) - set(values.get("partial_variables", ()))
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
        """Return the prompt's text, without the system message."""
        return self.templates.render(self.template, self._merge_partial_and_user_variables(**kwargs))

    def format_prompt(self, **kwargs: object) -> StagePromptValue:
        """Return the rendered prompt, or raise `TemplateError`."""
        variables = self._merge_partial_and_user_variables(**kwargs)
        text = self.templates.render(self.template, variables)
        return StagePromptValue(text=text, system=self.templates.render(SYSTEM, {**variables, "stage": self.stage}))
