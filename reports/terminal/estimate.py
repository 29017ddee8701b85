"""An estimate as it is shown: the first prompts as they would be sent, what is left to ask, and what the numbers rest on."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from self_instruct.chains.models.names import COMPLETION_PREFIX
from self_instruct.chains.runs.estimating import Estimate, FirstQuestion, StageEstimate, in_all
from self_instruct.reports.terminal.tables import plain, table_of_columns
from self_instruct.reports.text import dollars, number

_ROLES = {"human": "user", "ai": "assistant"}


def estimate_tables(estimate: Estimate) -> RenderableType:
    """Return an estimate as text and a table that fit 80 columns."""
    prompts = [part for first in estimate.questions for part in _prompt(first)]
    columns = [*(_column(each.stage, each) for each in estimate.stages), _column("in all", in_all(estimate.stages))]
    names = ["model", "requests", "tokens in", "tokens out", "- at most", "cost", "- at most"]
    left = table_of_columns("Estimate of what is left to do", names, columns)
    return Group(*prompts, left, Text("Assumed", "bold"), *(plain(f"- {line}") for line in estimate.assumptions))


def _prompt(first: FirstQuestion) -> Iterator[Text]:
    yield plain(f"First prompt: {first.kind}", "bold")
    prompt = first.question.prompt
    if (first.question.model or "").startswith(COMPLETION_PREFIX):
        yield _as_it_is(f"{prompt.to_string()}\n")
    else:
        parts = (f"[{_ROLES.get(each.type, each.type)}]\n{each.text}" for each in prompt.to_messages())
        yield _as_it_is("\n".join(parts) + "\n")


def _as_it_is(text: str) -> Text:
    made = plain(text)
    made.no_wrap, made.overflow = True, "ignore"
    return made


def _column(heading: str, each: StageEstimate) -> list[str]:
    counts = (each.requests, each.usage.input_tokens, each.usage.output_tokens, each.most_output_tokens)
    return [heading, each.model or "", *map(number, counts), dollars(each.cost), dollars(each.most_cost)]
