"""An estimate as it is shown: what is left to ask, what the numbers rest on, and the first prompts as they would be sent."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from self_instruct.chains.runs.estimating import Estimate, FirstQuestion, StageEstimate, in_all
from self_instruct.prompts.stage_prompt import as_sent
from self_instruct.reports.terminal.outlook import outlook_rows
from self_instruct.reports.terminal.tables import plain, table, table_of_columns
from self_instruct.reports.text import dollars, number


def estimate_tables(estimate: Estimate, *, with_prompts: bool = False) -> RenderableType:
    """Return an estimate as a table and text that fit 80 columns, and then the first prompts if they are wanted."""
    columns = [*(_column(each.stage, each) for each in estimate.stages), _column("in all", in_all(estimate.stages))]
    names = ["model", "requests", "tokens in", "tokens out", "- at most", "cost", "- at most"]
    parts: list[RenderableType] = [table_of_columns("Estimate of what is left to do", names, columns)]
    if estimate.outlook:
        parts.append(table("Expected, nine times in ten", ("", ""), outlook_rows(estimate.outlook)))
    if estimate.advice:
        parts.append(plain("\n".join(f"{each.sentence}\n" for each in estimate.advice)))
    parts += [Text("Assumed", "bold"), *(plain(f"- {line}") for line in estimate.assumptions)]
    prompts = [part for first in estimate.questions for part in _prompt(first)]
    return Group(*parts, *([Text(""), *prompts] if with_prompts else []))


def _prompt(first: FirstQuestion) -> Iterator[Text]:
    yield plain(f"First prompt: {first.kind}", "bold")
    yield _as_it_is(f"{as_sent(first.question.prompt)}\n")


def _as_it_is(text: str) -> Text:
    made = plain(text)
    made.no_wrap, made.overflow = True, "ignore"
    return made


def _column(heading: str, each: StageEstimate) -> list[str]:
    counts = (each.requests, each.usage.input_tokens, each.usage.output_tokens, each.most_output_tokens)
    return [heading, each.model or "", *map(number, counts), dollars(each.cost), dollars(each.most_cost)]
