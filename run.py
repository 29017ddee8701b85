"""The command line: one short function per command. `python run.py --help` shows them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

try:
    import typer

    from self_instruct.experiment.commands import evaluate, experiment, prefer, rate, train
    from self_instruct.reports.terminal import options
    from self_instruct.reports.terminal.command_line import run_command_line
    from self_instruct.reports.terminal.file_commands import batch_app, dedup, seeds_app, templates_app, verify
    from self_instruct.reports.terminal.printing import say
    from self_instruct.reports.terminal.run_commands import coverage, improve
except ImportError as missing:
    print(f"{missing}; self-instruct is not installed here: run `make run`, or `pip install -e .`", file=sys.stderr)
    raise SystemExit(2) from None
except KeyboardInterrupt:
    raise SystemExit(130) from None

app = typer.Typer(
    help="Self-Instruct: from a few seed tasks, a language model bootstraps an instruction-tuning dataset.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)
app.add_typer(seeds_app, name="seeds")
app.add_typer(templates_app, name="templates")
app.add_typer(batch_app, name="batch")

FORMAT_HELP = (
    "alpaca, prompt-completion, openai-chat, messages, trl-prompt-completion, sharegpt, parquet, huggingface, self-instruct;"
    " dpo of an improved run."
)


def _say_version(wanted: bool) -> None:
    if wanted:
        from self_instruct import __version__

        say(f"self-instruct {__version__}")
        raise typer.Exit


@app.callback()
def everywhere(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Take what holds for every command."""


@app.command()
def generate(
    model: Annotated[
        str | None, typer.Option(help="PROVIDER:NAME, openai-completion:NAME, a class by dotted name, or offline.")
    ] = None,
    num_instructions: Annotated[int | None, typer.Option(help="How many instructions to keep in all.")] = None,
    accept: Annotated[int | None, typer.Option(help="How many tasks to have accepted by the judge, in its place.")] = None,
    run: Annotated[Path, typer.Option(help="The run directory; a run that is there goes on.")] = Path("runs/default"),
    config: options.Config = None,
    profile: options.Profile = None,
    seeds: options.Seeds = None,
    images: Annotated[str | None, typer.Option(help="A folder of images that all tasks are to be about.")] = None,
    templates: Annotated[str | None, typer.Option(help="A directory of prompts that replace ours by name.")] = None,
    concurrency: options.Concurrency = None,
    max_requests: options.MaxRequests = None,
    max_tokens: options.MaxTokens = None,
    max_cost: options.MaxCost = None,
    base_url: options.BaseUrl = None,
    steer: Annotated[bool | None, typer.Option("--steer", help="Ask for the kinds of tasks that the pool lacks.")] = None,
    proposer: options.Proposers = None,
    texts: options.Texts = None,
    batch: options.Batch = None,
    finish_online: options.FinishOnline = None,
    ray: options.Ray = None,
    seed: Annotated[int | None, typer.Option(help="The seed of everything drawn.")] = None,
    set_: options.Set = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only estimate what is left to do.")] = False,
    prompts: Annotated[bool, typer.Option("--prompts", help="With --dry-run: show the first prompts too.")] = False,
    log_file: Annotated[Path | None, typer.Option(help="A file to add what happens to, as lines of JSON.")] = None,
) -> None:
    """Generate a dataset, or go on with one."""
    from self_instruct.reports.terminal.generating import generate as generate_and_say
    from self_instruct.reports.terminal.generating import show_estimate

    flags = {
        "model": model, "num_instructions": num_instructions, "accept": accept, "profile": profile, "seeds": seeds,
        "images": images, "templates": templates, "base_url": base_url, "steer": steer, "seed": seed,
        "proposers": options.shares(proposer), "back_translate.texts": texts,
        **options.asking(concurrency, max_requests, max_tokens, max_cost, ray, batch, finish_online),
    }  # fmt: skip
    given = options.given(flags, set_, config)
    if dry_run:
        return show_estimate(run, given, with_prompts=prompts)
    return generate_and_say(run, given, log_file)


@app.command()
def judge(
    run: options.Run,
    model: Annotated[str | None, typer.Option(help="The judge, as generate takes a model; the run's own without it.")] = None,
    sample: Annotated[int | None, typer.Option(min=1, help="Judge so many instances, drawn by the run's seed.")] = None,
    votes: Annotated[int | None, typer.Option(help="How often each instance is judged.")] = None,
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
    """Let a model judge a run's instances. Three questions and a score for each are stored with the run."""
    from self_instruct.reports.terminal.judging import judge_and_show

    flags = {
        "judging.model": model, "judging.votes": votes, "judging.base_url": base_url,
        **options.asking(concurrency, max_requests, max_tokens, max_cost, ray, batch, finish_online),
    }  # fmt: skip
    return judge_and_show(run, options.given(flags, set_, config), sample, as_json=json)


app.command()(improve)
app.command()(coverage)


@app.command()
def status(
    run: options.Run,
    json: options.Json = False,
    all_: Annotated[bool, typer.Option("--all", help="Show every setting, also those that are the profile's.")] = False,
    check: Annotated[bool, typer.Option("--check", help="First see whether every row is as it was written.")] = False,
) -> None:
    """Show what a run holds and what to expect of it. Its own settings follow, each with its origin."""
    from self_instruct.reports.terminal.status import show_status

    show_status(run, as_json=json, with_all=all_, with_check=check)


@app.command()
def show(
    run: options.Run,
    grep: Annotated[str, typer.Option(metavar="TEXT", help="Rows that hold this text, in any case.")] = "",
    refused: Annotated[str | None, typer.Option(metavar="REASON", help="What was refused for this reason instead.")] = None,
    random: Annotated[int | None, typer.Option(min=1, metavar="N", help="So many, drawn by the run's seed.")] = None,
) -> None:
    """Show rows of a run to read. Instances have their flags and scores; what was refused, why."""
    from self_instruct.reports.terminal.showing import show_rows

    show_rows(run, grep, refused, random)


@app.command()
def export(
    run: options.Run,
    format_: Annotated[str, typer.Option("--format", metavar="FORMAT", help=FORMAT_HELP)],
    out: Annotated[str | None, typer.Option(help="What to write, or s3://...; a place inside RUN without it.")] = None,
    seeds: Annotated[
        bool | None, typer.Option("--seeds/--no-seeds", help="With the seed tasks; only prompt-completion has them without it.")
    ] = None,
    max_instances: Annotated[int | None, typer.Option(help="How many instances of a task at most.")] = None,
    held_out: Annotated[
        str | None, typer.Option(metavar="N|SHARE", help="So many instructions (100, or 0.1 of all) go to a test file.")
    ] = None,
    subset: Annotated[
        int | None, typer.Option(help="So many instructions to train on; a smaller subset is in a larger.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The seed of what is drawn; the run's without it.")] = None,
    accepted: options.Accepted = False,
    min_score: options.MinScore = None,
    flags: options.WithoutFlags = None,
    best: options.Best = None,
    longest: options.Longest = None,
    random: options.Random = None,
    card: Annotated[bool, typer.Option("--card", help="Write a folder with a dataset card, as huggingface does.")] = False,
    license_: Annotated[str | None, typer.Option("--license", help="The licence on the card, such as cc-by-4.0.")] = None,
    language: Annotated[list[str] | None, typer.Option(help="A language on the card, such as en; repeatable.")] = None,
    push_to_hub: Annotated[str | None, typer.Option(metavar="REPO", help="Upload it, as a private dataset of the hub.")] = None,
    with_similarities: Annotated[
        bool, typer.Option("--similarities/--no-similarities", help="In self-instruct files: how similar tasks are.")
    ] = True,
) -> None:
    """Write a run's dataset in a format that other tools read."""
    from self_instruct.reports.exports.choice import Choice
    from self_instruct.reports.exports.selection import Selection, read_held_out
    from self_instruct.reports.terminal.exporting import export_run

    choice = Choice(accepted, min_score, tuple(flags or ()), best, longest, random)
    side = None if held_out is None else read_held_out(held_out)
    export_run(
        run, format_, out, Selection(seeds, max_instances, side, subset, seed, choice), license_=license_,
        languages=language or [], card=card, push_to_hub=push_to_hub, with_similarities=with_similarities,
    )  # fmt: skip


@app.command()
def report(
    run: options.Run,
    other: Annotated[Path | None, typer.Argument(help="A second run, to be put beside it.", metavar="[RUN_B]")] = None,
    out: Annotated[Path | None, typer.Option(help="The folder to write: report in RUN without it.")] = None,
    against: Annotated[Path | None, typer.Option(help="An evaluation file the instructions must not overlap with.")] = None,
) -> None:
    """Write a report on a run, or on two side by side. It is a web page, with figures as PNG and tables as JSON."""
    from self_instruct.reports.analysis.extra_packages import check_extra
    from self_instruct.reports.page.report_folder import PAGE, report_on, write_report
    from self_instruct.reports.seeds.evaluation_file import load_evaluation

    check_extra()
    evaluation = load_evaluation(against) if against else ()
    folder = out or run / "report"
    write_report(report_on([run, other] if other else [run], evaluation), folder, against.name if against else "")
    say(str(folder / PAGE))


@app.command()
def similarities(
    run: options.Run,
    out: Annotated[Path | None, typer.Option(help="The file to write: similarities.jsonl in RUN without it.")] = None,
) -> None:
    """Write the most similar instructions of each task. They are ten, with the mean ROUGE-L to all."""
    from self_instruct.chains.runs.plan import RunPlan
    from self_instruct.ledger import Ledger
    from self_instruct.reports.exports.original_files import write_similarities

    out = out or run / "similarities.jsonl"
    with Ledger.open(run, read_only=True) as ledger, ledger.snapshot():
        say(f"{write_similarities(ledger, RunPlan.of(ledger), out)} rows in {out}")


@app.command()
def replay(
    run: options.Run,
    new: options.NewRun,
    profile: options.Profile = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Decide a run's stored replies again by other rules. The new run asks no model."""
    from self_instruct.reports.terminal.comparison import replay_and_compare

    replay_and_compare(run, new, options.given({"profile": profile}, set_, config))


@app.command(name="import")
def import_(
    directory: Annotated[Path, typer.Argument(help="A batch directory made by the original code.", metavar="DIR")],
    run: options.NewRun,
    seeds: options.Seeds = None,
    profile: options.Profile = None,
    config: options.Config = None,
    set_: options.Set = None,
) -> None:
    """Read a run of the original code. Its recorded replies are decided here."""
    from self_instruct.chains.runs.importing import import_batch

    for line in import_batch(directory, run, options.given({"profile": profile, "seeds": seeds}, set_, config)):
        say(line)


@app.command()
def review(
    run: options.Run,
    files: Annotated[list[Path] | None, typer.Argument(help="With --read: what people saved.", metavar="[FILE]...")] = None,
    read: Annotated[bool, typer.Option("--read", help="Store the marks of FILE... with the run.")] = False,
    sample: Annotated[int, typer.Option(min=1, help="How many instances people are shown.")] = 120,
    raters: Annotated[int, typer.Option(min=1, help="How many people are asked.")] = 2,
    judged: Annotated[bool, typer.Option("--judged", help="Only instances that the judge has looked at.")] = False,
    out: Annotated[Path | None, typer.Option(help="The page to write: review.html in RUN without it.")] = None,
) -> None:
    """Write a page to mark a sample by hand. Or read what people saved."""
    from self_instruct.reports.terminal.review import read_files, write_review

    if read or files:
        return read_files(run, files or ())
    return write_review(run, sample, raters, out, only_judged=judged)


@app.command()
def quality(
    run: options.Run,
    judge: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Of several judges, this one; the first without it.")
    ] = None,
    json: options.Json = False,
) -> None:
    """State how good a run's data is, with intervals. It rests on people, on people and the judge, or on the judge alone."""
    from self_instruct.reports.terminal.quality import show_quality

    show_quality(run, judge, as_json=json)


@app.command()
def agreement(
    sources: Annotated[list[Path], typer.Argument(help="JSONL, {item, rater, label} a line; or a run.", metavar="FILE...|RUN")],
    order: Annotated[str | None, typer.Option(metavar="A,B,C", help="The labels from end to end, if ordered.")] = None,
    weights: Annotated[Literal["linear", "quadratic"], typer.Option(help="Of the weighted kappa.")] = "quadratic",
    question: Annotated[
        Literal["valid", "input_fits", "output_correct", "all", "grade"], typer.Option(help="Of a run: what was asked.")
    ] = "all",
    json: options.Json = False,
) -> None:
    """Say how far raters agree, with intervals. Each pair of them, and all."""
    from self_instruct.evaluation.agreement_files import report_agreement

    report_agreement(sources, order, weights, question, as_json=json)


for command in (evaluate, rate, prefer, train, experiment, dedup, verify):
    app.command()(command)


def main() -> None:
    """Run the command line; errors become one line on stderr, and an exit code."""
    run_command_line(app)


if __name__ == "__main__":
    main()
