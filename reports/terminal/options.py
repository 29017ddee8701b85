"""Options that several commands have, or one of them has many of, as Typer reads them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from self_instruct.records.errors import InputError
from self_instruct.records.tasks import Proposer

if TYPE_CHECKING:
    from self_instruct.settings.layers import Layer

Run = Annotated[Path, typer.Argument(help="The run directory.", metavar="RUN")]
NewRun = Annotated[Path, typer.Option("--run", help="The run directory to make.")]
Config = Annotated[Path | None, typer.Option(help="A YAML file of settings.")]
Set = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any setting by its dotted key; repeatable.")]
Profile = Annotated[str | None, typer.Option(help="The set of rules: modern or paper.")]
Seeds = Annotated[str | None, typer.Option(help="A JSONL file of seed tasks; the shipped 175 without it.")]
Json = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]

# asking models
BaseUrl = Annotated[str | None, typer.Option(help="The address of an OpenAI-compatible server.")]
Concurrency = Annotated[int | None, typer.Option(help="How many requests may be in flight.")]
MaxRequests = Annotated[int | None, typer.Option(help="How many requests the run may spend in all.")]
MaxTokens = Annotated[int | None, typer.Option(help="How many tokens, in and out, the run may spend in all.")]
Batch = Annotated[bool | None, typer.Option("--batch/--no-batch", help="Ask in the provider's batches, at half the price.")]
Ray = Annotated[str | None, typer.Option(metavar="local|ADDRESS", help="Let actors of Ray load the models and answer.")]
FinishOnline = Annotated[bool | None, typer.Option("--finish-online", help="Ask one by one what a batch leaves unanswered.")]
MaxCost = Annotated[str | None, typer.Option(metavar="USD", help="What the run may cost in all, in US dollars.")]
Proposers = Annotated[
    list[str] | None,
    typer.Option("--proposer", metavar="NAME[=SHARE]", help=f"Who brings instructions, {', '.join(Proposer)}; repeatable."),
]
Texts = Annotated[str | None, typer.Option(help="A file of texts, for back-translate to find instructions for.")]

# choosing rows
Accepted = Annotated[bool, typer.Option("--accepted", help="Only rows that the run's judge accepts, by its rule.")]
MinScore = Annotated[float | None, typer.Option(help="Only rows with this judge's score, 0 to 5, or a higher one.")]
WithoutFlags = Annotated[
    list[str] | None, typer.Option("--flags", metavar="RULE|any", help="Leave out rows with this flag; repeatable.")
]
Best = Annotated[int | None, typer.Option(metavar="N", help="The N rows of the best score, none too similar to a better one.")]
Longest = Annotated[int | None, typer.Option(metavar="N", help="The N rows of the longest outputs, to compare with.")]
Random = Annotated[int | None, typer.Option(metavar="N", help="N rows drawn by the seed, to compare with.")]

# training
CutVocabulary = Annotated[
    bool, typer.Option("--cut-vocabulary", help="Score a part of a large vocabulary while training: faster. For LoRA.")
]


_NAMED_OTHERWISE = {
    "proposers": "--proposer", "back_translate.texts": "--texts", "ray.address": "--ray",
    "batch.enabled": "--batch", "batch.finish_online": "--finish-online",
}  # fmt: skip


def asking(
    concurrency: int | None,
    max_requests: int | None,
    max_tokens: int | None,
    max_cost: str | None,
    ray: str | None,
    batch: bool | None = None,
    finish_online: bool | None = None,
) -> dict[str, Any]:
    """Return the flags that pace and bound asking as settings."""
    return {
        "concurrency": concurrency, "max_requests": max_requests, "max_tokens": max_tokens, "max_cost": max_cost,
        "ray.address": ray, "batch.enabled": batch, "batch.finish_online": finish_online,
    }  # fmt: skip


def refuse_unused(given: Mapping[str, object], why: str) -> None:
    """Raise `InputError` where something was given that would be passed over; `why` says that, without a full stop."""
    if unused := [name for name, value in given.items() if value not in (None, False, [])]:
        names = (f"`{name}`" if name.isidentifier() and name.islower() else name for name in unused)  # else as it is typed
        raise InputError(f"{why}; leave out {', '.join(names)}.")


def shares(proposers: list[str] | None) -> dict[str, str] | None:
    """Return who is to bring instructions, each with its weight: 1 where none is said.

    >>> shares(["evolve=0.3", "self-instruct"])
    {'evolve': '0.3', 'self-instruct': '1'}
    """
    named = (one.partition("=") for one in proposers or ())
    return {name.strip(): share if equals else "1" for name, equals, share in named} or None


def given(flags: dict[str, Any], assignments: list[str] | None, config: Path | None) -> Layer:
    """Return all that the command line says about settings: flags over `--set` over the config file."""
    from self_instruct.settings.config_file import from_assignments, from_config
    from self_instruct.settings.layers import Layer

    said = {name: value for name, value in flags.items() if value is not None}
    origins = {name: _NAMED_OTHERWISE.get(name, "--" + name.replace("_", "-")) for name in said}
    layer = Layer(said, origins).over(from_assignments(assignments or ()))
    return layer.over(from_config(config)) if config else layer
