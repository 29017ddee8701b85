"""Commands of groups, and those about files: seed files, templates, datasets of anybody. `run.py` has those about runs."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from self_instruct.reports.terminal import options
from self_instruct.reports.terminal.command_line import EXIT_WRONG_INPUT, leave_with
from self_instruct.reports.terminal.printing import console, say, show

if TYPE_CHECKING:
    from self_instruct.reports.dedup.dedup import Pool
    from self_instruct.settings.sections import NoveltySettings

seeds_app = typer.Typer(no_args_is_help=True, help="Look at seed files.", rich_markup_mode=None)
templates_app = typer.Typer(no_args_is_help=True, help="Write prompts of your own.", rich_markup_mode=None)

batch_app = typer.Typer(no_args_is_help=True, help="Look after a run's batches at a provider.", rich_markup_mode=None)


@batch_app.command()
def cancel(run: options.Run) -> None:
    """Ask the provider to stop a run's open batches, and store what they have answered by then."""
    from self_instruct.chains.runs.batching import cancel_batches
    from self_instruct.ledger import Ledger

    with Ledger.open(run) as ledger:
        outcome = cancel_batches(ledger, say)
    leave_with(outcome, run)


@seeds_app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A JSONL file of seed tasks.")],
    against: Annotated[Path | None, typer.Option(help="An evaluation file the seeds must not overlap with.")] = None,
) -> None:
    """Check a seed file: counts, faults by line, pairs too similar, overlap with an evaluation file."""
    from self_instruct.reports.seeds.evaluation_file import load_evaluation
    from self_instruct.reports.seeds.seed_check import check_seeds
    from self_instruct.reports.terminal.seed_check import seed_tables
    from self_instruct.seeds.loading import read_seeds

    seeds, faults = read_seeds(file)
    report = check_seeds(seeds, faults, load_evaluation(against) if against else [])
    show(seed_tables(report))
    for fault in faults:
        say(fault, is_error=True)
    if faults:
        raise typer.Exit(EXIT_WRONG_INPUT)


@templates_app.command()
def copy(
    directory: Annotated[Path, typer.Argument(help="A new directory, for --templates.", metavar="DIR")],
    language: Annotated[Literal["en", "de"], typer.Option(help="The language to start from.")] = "en",
) -> None:
    """Write our templates and few-shot tasks into a directory, to be changed there."""
    from self_instruct.prompts.wording import Wording

    for path in Wording.load(language).copy(directory):
        say(str(path))


def dedup(
    file: Annotated[str, typer.Argument(help="JSONL, a JSON array or a CSV; - is standard input.", metavar="FILE")],
    field: Annotated[str, typer.Option(help="The field or column that holds the instruction.")] = "instruction",
    out: Annotated[str | None, typer.Option(help="The kept records: FILE.kept.* without it, - is standard output.")] = None,
    refused: Annotated[Path | None, typer.Option(help="The others with the nearest: FILE.refused.jsonl without it.")] = None,
    form: Annotated[Literal["jsonl", "json", "csv"] | None, typer.Option("--format", help="By the name without it.")] = None,
    threshold: Annotated[str, typer.Option(help="The ROUGE-L at which two instructions are too similar.")] = "0.7",
    tie: Annotated[Literal[">=", ">"], typer.Option(help="From the threshold on, or only above it.")] = ">=",
    tokens: Annotated[Literal["unicode", "ascii"], typer.Option(help="Words of every script, or as rouge-score.")] = "unicode",
    against: Annotated[list[Path] | None, typer.Option(help="A pool that is there already; repeatable.")] = None,
    on_error: Annotated[Literal["stop", "skip"], typer.Option(help="What a record that cannot be read does.")] = "stop",
    ray: Annotated[str | None, typer.Option(metavar="local|ADDRESS", help="Hold the pool in actors of Ray.")] = None,
    shards: Annotated[int, typer.Option(min=1, help="With --ray: in how many.")] = 2,
) -> None:
    """Keep the records of a file that are novel. Their instruction is not too similar to one before it."""
    from self_instruct.reports.dedup.dedup import dedup as keep_novel
    from self_instruct.reports.dedup.places import Places
    from self_instruct.reports.terminal.dedup_progress import DedupProgress
    from self_instruct.settings.layers import Layer
    from self_instruct.settings.settling import settle

    said = {"threshold": threshold, "refuse": tie, "tokens": tokens}
    origins = {"novelty.threshold": "--threshold", "novelty.refuse": "--tie", "novelty.tokens": "--tokens"}
    rules = settle(Layer({f"novelty.{name}": value for name, value in said.items()}, origins)).settings.novelty
    places = Places.named(file, out, refused)
    asked: dict[str, Any] = {"field": field, "form": form, "against": against or (), "on_error": on_error}
    with DedupProgress(console(stderr=True), places.source) as progress, _pool(rules, ray, shards) as pool:
        keep_novel(places, rules, **asked, on_progress=progress, pool=pool)


def _pool(rules: NoveltySettings, address: str | None, shards: int) -> AbstractContextManager[Pool | None]:
    if address is None:
        return nullcontext()
    from self_instruct.reports.dedup.shards import sharded_index
    from self_instruct.settings.sections import RaySettings

    return sharded_index(rules, RaySettings(address=address, actors=shards))


def verify(
    what: Annotated[str, typer.Argument(help="A run, or rows as dedup reads them; - is standard input.", metavar="RUN|FILE")],
    field: Annotated[str, typer.Option(help="The field or column that holds the instruction.")] = "instruction",
    out: Annotated[str | None, typer.Option(help="The rows with flags and refused, as JSONL; - is standard output.")] = None,
    json: options.Json = False,
    form: Annotated[Literal["jsonl", "json", "csv"] | None, typer.Option("--format", help="By the name without it.")] = None,
    on_error: Annotated[Literal["stop", "skip"], typer.Option(help="What a row that cannot be read does.")] = "stop",
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Flag instances by rules that need no model. What each rule found is shown."""
    from self_instruct.reports.terminal.verification import verify as verify_and_show

    verify_and_show(what, options.given({}, set_, config), out, form, on_error, field=field, as_json=json)
