"""Prompts as LangChain runnables over Jinja templates.

A `StagePrompt` renders one template, plus the system message that chat models get, into a value that serves chat and completion
models alike. langchain-core's own jinja2 support recompiles at every call, has no loader and blanks missing variables; here
templates are compiled once, sandboxed, and strict. Text written by a model enters as a variable, never as a template.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import DictLoader, StrictUndefined, TemplateNotFound, TemplateSyntaxError, meta
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.nodes import Template
from jinja2.sandbox import ImmutableSandboxedEnvironment
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from langchain_core.prompt_values import PromptValue
from langchain_core.prompts import BasePromptTemplate
from pydantic import ConfigDict, Field, model_validator

from self_instruct.records.errors import TemplateError
from self_instruct.records.tasks import Stage

SUFFIX = ".jinja"
SYSTEM = "system" + SUFFIX


class Templates:
    """A set of Jinja templates by file name, compiled at first use.

    `sources` maps names to texts, `folder` is where they came from and appears in error messages only. `sources` is all
    there is to store of a run's templates.
    """

    def __init__(self, sources: Mapping[str, str], folder: str = "templates") -> None:
        self.sources = dict(sources)
        self.folder = folder
        self._environment = ImmutableSandboxedEnvironment(
            loader=DictLoader(self.sources), undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False
        )

    @classmethod
    def load(cls, directory: Path | None = None) -> Templates:
        """Return our templates, each replaced by the file of the same name in `directory`, if there is one.

        Raises `TemplateError` where `directory` is not a folder, holds a file that is not UTF-8 or no Jinja, or holds no
        template at all.
        """
        ours = files(__package__) / "templates"
        sources = {entry.name: entry.read_text(encoding="utf-8") for entry in ours.iterdir() if entry.name.endswith(SUFFIX)}
        if directory is None:
            return cls(sources)
        theirs = _read_directory(directory)
        templates = cls(sources | theirs, folder=str(directory))
        for name in theirs:
            templates.variables(name)
        return templates

    def variables(self, name: str) -> frozenset[str]:
        """Return the variables that a template asks for, with those of the templates it includes by name."""
        found: set[str] = set()
        looked_at: set[str] = set()
        waiting = [name]
        while waiting:
            one = waiting.pop()
            looked_at.add(one)
            tree = self._parsed(one)
            found |= meta.find_undeclared_variables(tree)
            included = set(filter(None, meta.find_referenced_templates(tree))) - looked_at
            waiting += included & self.sources.keys()  # one that is not there is named when it is rendered
        return frozenset(found)

    def _parsed(self, name: str) -> Template:
        try:
            return self._environment.parse(self.sources[name])
        except KeyError:
            raise TemplateError(f"{self.folder}/{name}: there is no such template.") from None
        except TemplateSyntaxError as error:
            raise TemplateError(f"{self.folder}/{name}:{error.lineno}: {error.message}.") from None

    def render(self, name: str, variables: Mapping[str, object]) -> str:
        """Return the template's text with the variables filled in, or raise `TemplateError` naming the file."""
        try:
            return self._environment.get_template(name).render(variables)
        except TemplateSyntaxError as error:
            raise TemplateError(f"{self.folder}/{error.name}:{error.lineno}: {error.message}.") from None
        except TemplateNotFound as error:
            raise TemplateError(f"{self.folder}/{name}: the template {error.name!r} does not exist.") from None
        except (UndefinedError, SecurityError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise TemplateError(f"{self.folder}/{name}: {error}.") from None


def _read_directory(directory: Path) -> dict[str, str]:
    try:
        paths = sorted(path for path in directory.iterdir() if path.name.endswith(SUFFIX))
        found = {path.name: path.read_text(encoding="utf-8") for path in paths}
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(f"{directory}: templates cannot be read: {error}.") from None
    if not found:
        raise TemplateError(f"{directory}: holds no *{SUFFIX} template; name one as ours, e.g. instructions{SUFFIX}.")
    return found


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


class StagePrompt(BasePromptTemplate[str]):
    """The prompt of one stage: a runnable from a dict of variables to a `StagePromptValue`.

    It pipes, traces, draws and takes partial variables like any prompt of LangChain.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    input_variables: list[str] = Field(default_factory=list)  # read off the template
    stage: Stage
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
        return StagePromptValue(text=text, system=self.templates.render(SYSTEM, {**variables, "stage": self.stage.value}))
