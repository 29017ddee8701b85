"""What the steps of refining ask, and how they read the answers: strictly, and once more where nothing can be read.

Before `refiner`, which refines one output, and `rewriting`, which writes an instruction again.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from self_instruct.chains.stages.comparing import turned
from self_instruct.prompts.reading.critique_parser import OutputParser
from self_instruct.prompts.reading.verdict_parser import PreferenceParser
from self_instruct.prompts.stage_prompt import Prompt, prompt_text
from self_instruct.records.judgements import Comparison, Preference, Unread
from self_instruct.records.replies import Refusal, Reply
from self_instruct.records.tasks import Reason, Rejection
from self_instruct.retrievers.rouge import tokens

SCORING, COMPARING, COMPARING_TASKS, CRITICISING = "scoring", "comparing", "comparing_tasks", "critique"
"""Who is asked for a verdict, a preference of outputs or of tasks, a critique; `Operator` has the names of those that write."""

FEWEST_SPACES = 4
"""Around three words: fewer may stand in a prompt by chance."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ask:
    """What a step asks: whom, with which prompt, filled in with what.

    `version` counts the outputs that were replaced before, where it may be known without asking what was said of one.
    `parameters` go to the model; None: those that the settings of the stage name.
    """

    stage: str
    prompt: Prompt
    variables: Mapping[str, Any]
    version: int = 0
    parameters: Mapping[str, Any] | None = None


Talk: TypeAlias = Generator[Ask, Reply | Refusal, T]
"""A conversation: it yields questions, is sent their replies, and returns what came of it."""


def asked_twice(stage: str, prompts: Sequence[Prompt], variables: Mapping[str, Any], parser: Any) -> Talk[Any]:
    """Ask with each prompt in turn until something can be read; return what was, or `Unread`."""
    found: Any = Unread(Reason.EMPTY)
    more: dict[str, Any] = {}
    for prompt in prompts:
        reply = yield Ask(stage, prompt, {**variables, **more})
        refused = isinstance(reply, Refusal)
        found = Unread(Reason.REFUSED_BY_PROVIDER, reply.words) if isinstance(reply, Refusal) else parser.read(reply)
        if refused or not isinstance(found, Unread) or found.why == Reason.REFUSED_BY_PROVIDER:
            break
        more = {"wrong": found.why}
    return found


def compared_in_both_orders(
    stage: str, prompts: Sequence[Prompt], old: Any, new: Any, variables: Mapping[str, Any]
) -> Talk[Comparison]:
    """Ask which of two is better, the old one first and then the new one; return both answers as if the old one stood first."""
    said: list[Preference | Unread] = []
    for first, second in ((old, new), (new, old)):
        shown = {**variables, "first": first, "second": second}
        said.append((yield from asked_twice(stage, prompts, shown, PreferenceParser())))
    return Comparison(said[0], turned(said[1]))


def written(stage: str, prompt: Prompt, variables: Mapping[str, Any], parser: OutputParser | None = None) -> Talk[str | Reason]:
    """Have something written; return it, or why nothing was: words of the prompt that are not the task's are nothing."""
    reply = yield Ask(stage, prompt, variables)
    found = Reason.REFUSED_BY_PROVIDER if isinstance(reply, Refusal) else (parser or OutputParser()).read(reply)
    if isinstance(found, Rejection):
        return Reason(found.reason)
    return Reason.PROMPT_REPEATED if _is_of_prompt(found, prompt, variables) else found


def _is_of_prompt(said: str, prompt: Prompt, variables: Mapping[str, Any]) -> bool:
    words = _words(said)
    if words.count(" ") < FEWEST_SPACES:
        return False
    is_of_task = any(words in _words(text) for text in variables.values() if isinstance(text, str))
    return not is_of_task and words in _words(prompt_text(prompt.format_prompt(**variables)))


def _words(text: str) -> str:
    """Return a text's words, each with one space around it."""
    return f" {' '.join(tokens(text))} "
