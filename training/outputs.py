"""The folder that a training leaves: its plan from the first moment, checkpoints while it goes on, a card when it is done.

training.json    the plan (data, base, recipe), and the result when there is one
README.md        the same for people, as a model card
checkpoints/     where it goes on after a kill
adapter/         with LoRA: the adapter alone, beside the model that it was merged into
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from self_instruct.ledger.lock import is_held
from self_instruct.records.errors import InputError, SettingsError
from self_instruct.reports.writing import new_file
from self_instruct.training.recipe import Recipe
from self_instruct.training.rows import TrainingData

PLAN_FILE, CARD_FILE, CHECKPOINTS, ADAPTER = "training.json", "README.md", "checkpoints", "adapter"
WHOLE = "whole"  # a file in a checkpoint that was written to its end


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What decides the outcome of a training: the rows, the base model, the recipe."""

    data: TrainingData
    base: str
    base_fingerprint: str
    recipe: Recipe

    def facts(self) -> dict[str, Any]:
        """Return the plan as JSON values, without any place of this machine but the base's name."""
        data = {"name": self.data.name, "sha256": self.data.sha256, "rows": len(self.data.rows)}
        return {
            "data": data, "base": {"name": self.base, "fingerprint": self.base_fingerprint},
            "recipe": {**asdict(self.recipe), "learning_rate": self.recipe.rate},
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of a training. Losses are means per learned token, in nats; times are those of the last process alone.

    `tokens` are all that were read in all steps, asked and learned, without padding.
    """

    steps: int
    rows: int
    too_long: int
    is_chat: bool
    first_loss: float
    last_loss: float
    losses: tuple[float, ...]
    tokens_per_s: float
    seconds: float
    peak_mib: int
    device: str
    packages: Mapping[str, str]
    tokens: int = 0

    @property
    def sentence(self) -> str:
        """The outcome in a line."""
        left_out = f" ({self.too_long} too long)" if self.too_long else ""
        return (
            f"{self.steps} steps over {self.rows} rows{left_out}; loss {self.first_loss:.3f} -> {self.last_loss:.3f};"
            f" {self.seconds:.0f} s, {self.tokens_per_s:.0f} tokens/s, {self.peak_mib:,} MiB"
        )


def begin(out: Path, plan: TrainingPlan) -> Trained | None:
    """Store the plan of a training in a new folder; return the result where the same one is already done there.

    A plan of which nothing was trained yet, as where its base could not be loaded, gives way to another. Raises `InputError`
    where the folder holds something else, or another plan: what differs is named.
    """
    stored = stored_training(out)
    if stored is None or _is_bare(out, stored):
        if stored is None and out.exists() and (not out.is_dir() or any(each.name != "ledger.lock" for each in out.iterdir())):
            raise InputError(f"{out}: holds something else than a training; name a new folder with `out`.")
        _write_plan(out, {**plan.facts(), "result": None})
        return None
    _check_same(out, stored, plan.facts())
    result = stored.get("result")
    return None if result is None else Trained(**{**result, "losses": tuple(result["losses"])})


def stored_training(out: Path) -> dict[str, Any] | None:
    """Return what a folder's training.json says, None where there is none; raises `InputError` where it is damaged."""
    try:
        found = json.loads((out / PLAN_FILE).read_text(encoding="utf-8"))
        if not {"data", "base", "recipe"} <= found.keys():
            raise ValueError("parts are missing")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, AttributeError, OSError) as error:
        raise InputError(f"{out / PLAN_FILE}: is damaged ({error}); name a new folder with `out`.") from None
    return dict(found)


def conclude(out: Path, plan: TrainingPlan, trained: Trained) -> None:
    """Write the card, and last the result: a folder with a result is whole."""
    with new_file(out / CARD_FILE) as file:
        file.write(_card(plan, trained))
    _write_plan(out, {**plan.facts(), "result": asdict(trained)})


def _is_bare(out: Path, stored: Mapping[str, Any]) -> bool:
    return stored.get("result") is None and last_checkpoint(out) is None and not is_held(out)


def last_checkpoint(out: Path) -> Path | None:
    """Return the last checkpoint that was written to its end."""
    found = [path.parent for path in (out / CHECKPOINTS).glob(f"checkpoint-*/{WHOLE}")]
    return max(found, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


def _write_plan(out: Path, facts: Mapping[str, Any]) -> None:
    with new_file(out / PLAN_FILE) as file:
        json.dump(facts, file, indent=2)
        file.write("\n")


def _check_same(out: Path, stored: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    for part, name in (("data", "sha256"), ("base", "fingerprint")):
        if stored[part].get(name) != wanted[part][name]:
            raise SettingsError(
                f"{out}: was begun with another {part} ({stored[part].get('name')}); name a new folder with `out`."
            )
    for name, value in wanted["recipe"].items():
        if stored["recipe"].get(name) != value:
            was = stored["recipe"].get(name)
            raise SettingsError(
                f"{out}: was begun with `{name}` {was}, not {value}; give it again, or a new folder with `out`."
            )


def _card(plan: TrainingPlan, trained: Trained) -> str:
    facts = plan.facts()
    settings = "\n".join(f"| {name} | {value} |" for name, value in facts["recipe"].items() if value is not None)
    data, too_long = plan.data, f"{trained.too_long:,} rows were longer than {plan.recipe.max_length:,} tokens"
    losses = f"loss per learned token {trained.first_loss:.4f} at first, {trained.last_loss:.4f} at the end"
    learned = "answers in the model's chat template" if trained.is_chat else "texts in the paper's templates"
    return f"""---
library_name: transformers
pipeline_tag: text-generation
tags: [self-instruct, {plan.recipe.method}]
---

# {Path(plan.base).name}, trained on {data.name}

Trained with self-instruct by TRL's SFT on {trained.rows:,} rows of `{data.name}` (SHA-256 `{data.sha256}`):
{learned}, with the loss on completions alone. {too_long} and left out.

| setting | |
|---|---|
{settings}
| base | {plan.base} (`{plan.base_fingerprint}`) |

{trained.steps:,} steps; {losses} (means over a tenth).
{", ".join(f"{name} {version}" for name, version in trained.packages.items())}, on {trained.device}.

The base model's licence holds for this one too. What a model wrote may be wrong: measure this one before it is used.
"""
