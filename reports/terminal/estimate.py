"""An estimate as it is shown: what is left to ask, what the numbers rest on, and the first prompts as they would be sent."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from self_instruct.chains.runs.estimating import Estimate, FirstQuestion, StageEstimate, in_all
from self_instruct.prompts.stage_prompt import as_sent
from self_instruct.reports.analysis.spending import IN_ALL
from self_instruct.reports.terminal.outlook import outlook_rows
from self_instruct.reports.terminal.spending import Cells, stage_table
from self_instruct.reports.terminal.tables import bullets, headline, plain, table
from self_instruct.reports.text import dollars, number


def estimate_tables(estimate: Estimate) -> RenderableType:
    """Return an estimate as a table and text that fit 80 columns."""
    stages = [(each.stage, each.model or "no model", _rows(each.stage, each)) for each in estimate.stages]
    parts = [stage_table("Estimate of what is left to do", stages, _rows(IN_ALL, in_all(estimate.stages)))]
    if estimate.outlook:
        parts.append(table("Expected, nine times in ten", ("", ""), outlook_rows(estimate.outlook)))
    if estimate.advice:
        parts.append(plain("\n".join(f"{each.sentence}\n" for each in estimate.advice)))
    return Group(*parts, headline("Assumed"), bullets(estimate.assumptions))


def first_prompts(estimate: Estimate) -> RenderableType:
    """Return the first prompts of an estimate as they would be sent."""
    return Group(Text(""), *(part for first in estimate.questions for part in _prompt(first)))


def _prompt(first: FirstQuestion) -> Iterator[Text]:
    yield headline(f"First prompt: {first.kind}")
    yield _as_it_is(f"{as_sent(first.question.prompt)}\n")


def _as_it_is(text: str) -> Text:
    made = plain(text)
    made.no_wrap, made.overflow = True, "ignore"
    return made


def _rows(name: str, each: StageEstimate) -> list[Cells]:
    likely = map(number, (each.requests, each.usage.input_tokens, each.usage.output_tokens))
    return [
        (name, *likely, dollars(each.cost)),
        ("- at most", "", "", number(each.most_output_tokens), dollars(each.most_cost)),
    ]
