"""The dataset card of an export: README.md, with front matter as the Hugging Face hub reads it.

Says where the data comes from, by which models and rules, how much there is, what it is not good for, and how to make it again.
Like every export it holds no time, path, host or secret: seeds and templates of the user's own are told by number and digest.
Sources: the hub's documentation of dataset cards; the figures on quality are Wang et al. 2023, arXiv:2212.10560, table 2.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Any

import yaml
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from self_instruct import __version__
from self_instruct.chains.models.names import OFFLINE, without_folder
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.chains.runs.plan_settings import names_place, shown_settings, without_place
from self_instruct.reports.dataset_tasks import DatasetTask
from self_instruct.reports.exports.card_quality import card_quality
from self_instruct.reports.exports.selection import Selected, Split
from self_instruct.reports.text import number
from self_instruct.reports.writing import ExportError
from self_instruct.seeds.loading import seed_to_fields
from self_instruct.settings.secrets import HIDDEN
from self_instruct.settings.settings import is_pacing

CARD_FILE = "README.md"
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"), (10_000_000, "1M<n<10M"))
_LARGEST_SIZE = "10M<n<100M"


@dataclass(frozen=True, slots=True)
class CardFields:
    """What the maker of a dataset says of it. `license`: an identifier of the hub's; `languages`: codes such as "en".

    Raises `ExportError` for what cannot be either.
    """

    license: str = "unknown"
    languages: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9][a-z0-9.\-]*", self.license):
            raise ExportError(f"`license` {self.license}: expected an identifier of the hub's, such as cc-by-4.0 or other.")
        for language in self.languages:
            if not re.fullmatch(r"[a-z]{2,3}|multilingual|code", language):
                raise ExportError(f"`language` {language}: expected a code of two or three letters, such as en.")


@dataclass(slots=True)
class Counts:
    """How much one side of an export holds, counted as its tasks go by."""

    instructions: int = 0
    classification: int = 0
    seeds: int = 0
    instances: int = 0
    without_input: int = 0

    def counting(self, tasks: Iterable[DatasetTask]) -> Iterator[DatasetTask]:
        """Yield the tasks, and count them."""
        for task in tasks:
            self.instructions += 1
            self.classification += task.is_classification
            self.seeds += task.is_seed
            self.instances += len(task.instances)
            self.without_input += sum(not one.input.strip() for one in task.instances)
            yield task


@dataclass(frozen=True, slots=True)
class CardSide:
    """A side of an export: the name of its file, its number of rows, and what they were made of."""

    file: str
    rows: int
    counts: Counts


def dataset_card(
    selected: Selected,
    sides: Mapping[Split, CardSide],
    fields: CardFields,
    shape: str,
    command: str,
    columns: Mapping[str, str] | None = None,
) -> str:
    """Return the card of an export.

    `shape` says in a line what a row is, `command` made it of the run RUN, `columns` are the names and types of a typed file.
    """
    plan = selected.plan
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False
    )  # fmt: skip
    environment.filters["number"] = number
    template = environment.from_string(files(__package__).joinpath("templates/dataset_card.jinja").read_text(encoding="utf-8"))
    return template.render(
        front_matter=yaml.safe_dump(_front_matter(plan, sides, fields, columns), sort_keys=False, allow_unicode=True),
        sides=sides,
        shape=shape,
        models=_models(plan),
        is_offline=OFFLINE in map(plan.settings.model_of, plan.settings.writing_stages),
        settings=plan.settings,
        num_instructions=_num_instructions(selected),
        seed_tasks=len(plan.seeds),
        choice=selected.choice.words,
        seeds_digest=_seeds_digest(plan) if plan.settings.seeds else None,
        has_seed_rows=bool(selected.seeds),
        own_templates=plan.settings.templates is not None,
        refused=selected.ledger.count_rejections(),
        quality=card_quality(selected),
        config=yaml.safe_dump(_config(plan), sort_keys=False, allow_unicode=True),
        command=command,
        license=fields.license,
        version=__version__,
    )


def _front_matter(
    plan: RunPlan, sides: Mapping[Split, CardSide], fields: CardFields, columns: Mapping[str, str] | None
) -> dict[str, Any]:
    ours = plan.settings.seeds is None and plan.settings.templates is None
    languages = fields.languages or ((plan.settings.language,) if ours else ())  # of the seeds and prompts that ship with us
    splits = [{"split": str(split), "path": side.file} for split, side in sides.items()]
    matter: dict[str, Any] = {
        "license": fields.license,
        "language": list(languages),
        "pretty_name": "Self-Instruct dataset",
        "task_categories": ["text-generation"],
        "size_categories": [_size(sum(side.rows for side in sides.values()))],
        "annotations_creators": ["machine-generated"],
        "language_creators": ["machine-generated"],
        "tags": ["self-instruct", "instruction-tuning", "synthetic"],
        "configs": [{"config_name": "default", "data_files": splits}],
    }
    if columns:
        matter["dataset_info"] = {"features": [{"name": name, "dtype": kind} for name, kind in columns.items()]}
    return {key: value for key, value in matter.items() if value}


def _size(rows: int) -> str:
    return next((name for limit, name in _SIZES if rows < limit), _LARGEST_SIZE)


def _models(plan: RunPlan) -> dict[str, str]:
    """Return the model of each stage; an imported run knows none."""
    models = {str(stage): plan.settings.model_of(stage) for stage in plan.settings.stage_names}
    return {stage: without_folder(name) if name else "not known (the run was imported)" for stage, name in models.items()}


def _config(plan: RunPlan) -> dict[str, Any]:
    """Return what a config file must say to make the run again: the settings that somebody gave, less places and secrets."""
    said = {"profile", "model", "seed", *plan.said().values}
    kept = (one for one in shown_settings(plan) if one.key in said and one.value != HIDDEN and not names_place(one))
    return {one.key: without_place(one).value for one in kept if not is_pacing(one.key)}


def _num_instructions(selected: Selected) -> int | None:
    """Return how many instructions a run has, or is to have; None where it ends for another reason."""
    asked = selected.plan.settings.num_instructions
    return None if asked is None else max(asked, sum(1 for _ in selected.ledger.tasks()))


def _seeds_digest(plan: RunPlan) -> str:
    """Return the SHA-256 of the seed tasks as JSON lines, which tells a seed file without naming its place."""
    lines = (json.dumps(seed_to_fields(seed), sort_keys=True) + "\n" for seed in plan.seeds)
    return sha256("".join(lines).encode()).hexdigest()
