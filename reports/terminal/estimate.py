"""An estimate as it is shown: the first prompts as they would be sent, what is left to ask, and what the numbers rest on."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from self_instruct.chains.models.constructing import COMPLETION_PREFIX
from self_instruct.chains.runs.estimating import Estimate, FirstPrompt, StageEstimate, in_all
from self_instruct.reports.terminal.spending import dollars
from self_instruct.reports.terminal.tables import number, printable, table


def render(estimate: Estimate) -> RenderableType:
    """Return an estimate as text and a table that fit 80 columns."""
    models = {each.stage: each.model or "" for each in estimate.stages}
    prompts = [
        part
        for prompt in estimate.prompts
        for part in _prompt(prompt, is_chat=not models[prompt.request.stage].startswith(COMPLETION_PREFIX))
    ]
    assumed = [Text(f"- {line}") for line in estimate.assumptions]
    return Group(*prompts, _table(estimate), Text("Assumed", "bold"), *assumed)


def _prompt(prompt: FirstPrompt, *, is_chat: bool) -> Iterator[Text]:
    yield Text(f"First prompt: {prompt.kind}", "bold")
    if is_chat:
        yield _as_it_is(f"[system]\n{prompt.value.system}\n[user]")
    yield _as_it_is(f"{prompt.value.text}\n")


def _as_it_is(text: str) -> Text:
    return Text(printable(text), no_wrap=True, overflow="ignore")


def _table(estimate: Estimate) -> RenderableType:
    columns = [_column(each.stage.value, each) for each in estimate.stages]
    columns.append(_column("in all", in_all(estimate.stages)))
    names = ["model", "requests", "tokens in", "tokens out", "- at most", "cost", "- at most"]
    headings = ["", *(column[0] for column in columns)]
    cells = zip(names, *(column[1:] for column in columns), strict=True)
    return table("Estimate of what is left to do", headings, list(cells), numbers=range(1, len(headings)))


def _column(heading: str, each: StageEstimate) -> list[str]:
    counts = (each.requests, each.usage.input_tokens, each.usage.output_tokens, each.most_output_tokens)
    return [heading, each.model or "", *map(number, counts), dollars(each.cost), dollars(each.most_cost)]
