"""Commands about a run that `run.py` has no room for; as there, each is short and imports what is heavy when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from self_instruct.reports.terminal import options


def improve(
    run: options.Run,
    new: options.NewRun,
    model: Annotated[str | None, typer.Option(help="Who writes outputs again, and revises; the run's own without it.")] = None,
    judge: Annotated[
        str | None, typer.Option(help="Who judges, compares and criticises; the run's judge, or the writer.")
    ] = None,
    regenerate: Annotated[
        bool | None, typer.Option("--regenerate/--no-regenerate", help="Write every output again first; done without it.")
    ] = None,
    rewrite: Annotated[
        bool | None, typer.Option("--rewrite/--no-rewrite", help="Write faulty instructions again first; done without it.")
    ] = None,
    compare: Annotated[
        bool | None,
        typer.Option(help="Let the judge compare; --no-compare: a new output stands that no rule is against."),
    ] = None,
    rounds: Annotated[int | None, typer.Option(help="Rounds of critique and revision at most; 1 without it.")] = None,
    base_url: options.BaseUrl = None,
    batch: options.Batch = None,
    finish_online: options.FinishOnline = None,
    ray: options.Ray = None,
    concurrency: options.Concurrency = None,
    max_requests: options.MaxRequests = None,
    max_tokens: options.MaxTokens = None,
    max_cost: options.MaxCost = None,
    config: options.Config = None,
    set_: options.Set = None,
    json: options.Json = False,
) -> None:
    """Improve a run into a new one. What is written again or revised stands only where it wins."""
    from self_instruct.reports.terminal.improving import improve_and_show

    flags = {
        "model": model, "judging.model": judge, "stages.regenerate.enabled": regenerate, "stages.rewrite.enabled": rewrite,
        "stages.compare.enabled": compare, "stages.revise.rounds": rounds, "base_url": base_url,
        **options.asking(concurrency, max_requests, max_tokens, max_cost, ray, batch, finish_online),
    }  # fmt: skip
    return improve_and_show(run, new, options.given(flags, set_, config), as_json=json)


def coverage(
    run: options.Run,
    taxonomy: Annotated[Path | None, typer.Option(help="A YAML file of kinds of tasks; the run's or ours without it.")] = None,
    model: Annotated[str | None, typer.Option(help="Who is asked about a task that its words do not tell.")] = None,
    embeddings: Annotated[
        str | None, typer.Option(metavar="NAME", help="Show clusters too: PROVIDER:NAME, or a class of embeddings.")
    ] = None,
    clusters: Annotated[int | None, typer.Option(min=1, help="How many; by the number of tasks without it.")] = None,
    base_url: options.BaseUrl = None,
    ray: options.Ray = None,
    concurrency: options.Concurrency = None,
    max_requests: options.MaxRequests = None,
    max_tokens: options.MaxTokens = None,
    max_cost: options.MaxCost = None,
    config: options.Config = None,
    set_: options.Set = None,
    json: options.Json = False,
) -> None:
    """Show which kinds of tasks a run has and lacks. Target against actual, told by words, or else by a model."""
    from self_instruct.reports.terminal.coverage import Clustering, show_coverage

    flags = {
        "tagging.model": model, "tagging.base_url": base_url,
        **options.asking(concurrency, max_requests, max_tokens, max_cost, ray),
    }  # fmt: skip
    by = Clustering(embeddings, clusters) if embeddings else None
    show_coverage(run, taxonomy, options.given(flags, set_, config), by, as_json=json)
