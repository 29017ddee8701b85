"""A user's own LangChain prompt, or any runnable that gives a prompt value, in the place of one of ours."""

from collections.abc import Collection
from typing import Any

from langchain_core.prompt_values import PromptValue
from langchain_core.prompts import BasePromptTemplate
from langchain_core.runnables import Runnable
from pydantic import ConfigDict

from self_instruct.prompts.stage_prompt import Prompt, StagePrompt, prompt_text
from self_instruct.records.errors import TemplateError


class CustomPrompt(BasePromptTemplate[str]):
    """A prompt or runnable of a user's, whose failures are `TemplateError`s that name its `place`."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    place: str
    inner: Runnable[Any, Any]

    @property
    def _prompt_type(self) -> str:
        return "self-instruct-custom"

    def format(self, **kwargs: object) -> str:
        """Return all that the prompt says, as one text."""
        return prompt_text(self.format_prompt(**kwargs))

    def format_prompt(self, **kwargs: object) -> PromptValue:
        """Return the rendered prompt, or raise `TemplateError`."""
        variables = {
            name: _Listed(value) if isinstance(value, list | tuple) else value
            for name, value in self._merge_partial_and_user_variables(**kwargs).items()
        }
        try:
            if isinstance(self.inner, BasePromptTemplate):
                return self.inner.format_prompt(**variables)
            value = self.inner.invoke(variables)
        except Exception as error:
            said = " ".join(str(error).split()) or type(error).__name__
            raise TemplateError(f"the prompt for {self.place}: {said}.") from error
        if not isinstance(value, PromptValue):
            raise TemplateError(f"the prompt for {self.place} gives a {type(value).__name__}; it must give a PromptValue.")
        return value


class _Listed(list[Any]):
    """A list that stands in a text as numbered lines."""

    def __str__(self) -> str:
        return "\n".join(f"{number}. {each}" for number, each in enumerate(self, 1))


def custom_prompt(prompt: Prompt | Runnable[Any, Any], place: str, available: Collection[str]) -> Prompt:
    """Return a prompt that can be a stage's: as it is where it is ours, else as a `CustomPrompt`.

    `place` names it in error messages, `available` are the variables that the stage gives; a list among them is rendered as
    numbered lines. Raises `TemplateError` where it asks for another.
    """
    if isinstance(prompt, StagePrompt):
        return prompt
    if not isinstance(prompt, Runnable):
        raise TemplateError(
            f"the prompt for {place} is a {type(prompt).__name__}; it must be a prompt or runnable of LangChain."
        )
    asked = prompt.input_variables if isinstance(prompt, BasePromptTemplate) else _asked(prompt)
    unknown = sorted(set(asked) - set(available))
    if unknown:
        raise TemplateError(
            f"the prompt for {place} asks for {', '.join(unknown)}; its stage gives {', '.join(sorted(available))}."
        )
    if isinstance(prompt, CustomPrompt):
        return prompt
    return CustomPrompt(name=f"{place} prompt", place=place, inner=prompt, input_variables=sorted(asked))


def _asked(prompt: Runnable[Any, Any]) -> Collection[str]:
    """Return the variables that a runnable says it needs; none where it does not say ("root")."""
    return set(prompt.get_input_jsonschema().get("required", [])) - {"root"}
