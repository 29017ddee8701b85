"""The command `train`: rows and a base model become a trained one, here or at a provider."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import typer

from self_instruct.records.errors import SettingsError
from self_instruct.reports.terminal.command_line import EXIT_INTERRUPTED
from self_instruct.reports.terminal.printing import console, say
from self_instruct.training.recipe import Recipe
from self_instruct.training.rows import read_rows

PROVIDERS = ("openai",)


@dataclass(frozen=True, slots=True)
class Provider:
    """Where a model is trained by somebody else: its address, what the new model's name ends in, seconds between looks."""

    name: str
    base_url: str | None = None
    suffix: str | None = None
    look_every_s: float = 10.0

    def __post_init__(self) -> None:
        if self.name not in PROVIDERS:
            raise SettingsError(f"`provider` is {self.name!r}; expected one of {', '.join(PROVIDERS)}.")


def train_here(data: Path, model: str, out: Path, recipe: Recipe, save_steps: int) -> None:
    """Train in this process and say what came of it."""
    rows = read_rows(data)  # before anything that takes long is imported
    from self_instruct.training.progress import TrainingProgress
    from self_instruct.training.training import train

    try:
        with TrainingProgress(console(stderr=True)) as progress:
            trained = train(
                rows, model, out, recipe, save_steps=save_steps, on_progress=progress,
                on_loading=lambda: progress.say(f"{len(rows.rows):,} rows of {rows.name}; loading {model}"),
            )  # fmt: skip
    except KeyboardInterrupt:
        say(f"stopped; run it again to go on from the last checkpoint ({out})")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    say(f"done: {trained.sentence} in {out}")
    chat = " --set model_options.is_chat=true" if trained.is_chat else ""
    say(f"measure it: run.py evaluate transformers:{out}{chat} --likelihood --tasks TASKS --run RUN")


def train_at(provider: Provider, data: Path, model: str, out: Path, epochs: float | None, seed: int | None) -> None:
    """Start a provider's fine-tuning job, or go on with it, and follow it to its end."""
    from self_instruct.training.provider_jobs import Job, JobPlan, follow

    if epochs is not None and (epochs < 1 or epochs % 1):
        raise SettingsError(f"`epochs` is {epochs}; a provider takes whole ones.")
    plan = JobPlan(read_rows(data), model, None if epochs is None else int(epochs), provider.suffix, seed)
    try:
        with Job.open(out, plan, provider.base_url) as job:
            made = follow(job, provider.look_every_s, on_event=lambda line: say(line, is_error=True))
    except KeyboardInterrupt:
        say(f"stopped looking; what was started goes on at the provider; run it again to follow it ({out})")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    say(f"done: {made}, recorded in {out}")
    say(f"measure it: run.py evaluate openai:{made} --tasks TASKS --run RUN")
