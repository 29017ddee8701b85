"""Export a run in one of several formats. What is written depends on the run alone: no time, path, host or random id.

The formats are rows of one stream of tasks (`selection`); a new one is a function from a task to its rows, and a line
in `ROW_FORMATS`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.reports.dataset_tasks import DatasetTask
from self_instruct.reports.exports.alpaca import alpaca_rows, image_record_rows, record_rows
from self_instruct.reports.exports.card import CARD_FILE, CardFields, CardSide, Counts, dataset_card
from self_instruct.reports.exports.choice import Choice
from self_instruct.reports.exports.conversations import (
    FEWEST_EXAMPLES,
    message_image_rows,
    message_rows,
    openai_image_rows,
    prompt_completion_rows,
    sharegpt_rows,
    write_chat_lines,
)
from self_instruct.reports.exports.original_files import write_self_instruct
from self_instruct.reports.exports.parquet import COLUMNS, IMAGE_COLUMNS, write_parquet
from self_instruct.reports.exports.preferences import preference_rows
from self_instruct.reports.exports.prompt_completion import template_rows
from self_instruct.reports.exports.selection import Selected, Selection, Split, select
from self_instruct.reports.object_stores import Place, new_file_at, new_folder_at, place
from self_instruct.reports.text import number
from self_instruct.reports.writing import ExportError, write_array, write_lines, write_lines_once
from self_instruct.settings.settings import Settings

Rows = Iterable[Mapping[str, Any]]
ALL = Selection()
_CHOICES = tuple(field.name for field in fields(Choice))


@dataclass(frozen=True, slots=True)
class Format:
    """How a dataset is written: the rows of a task, the file that takes them, and what the reader of that file asks for.

    `shape` says what a row is. `fewest` rows are what it trains on at least. A `card` is part of the format where one is given,
    which makes it a folder. `columns` are the names and types of a typed file. `of_run` gives the rows of a run that its tasks
    alone do not say, in the place of `rows`; `lacking` says what a run without any has not.
    """

    suffix: str
    shape: str
    rows: Callable[[DatasetTask, Settings], Rows]
    write: Callable[[TextIO, Rows], int]
    with_seeds: bool = False
    fewest: int = 0
    card: CardFields | None = None
    columns: Mapping[str, str] | None = None
    of_run: Callable[[Ledger], Callable[[DatasetTask, Settings], Rows]] | None = None
    lacking: str = "no task of this run has an instance yet; generate more"


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote: its place, a file or a folder, and the number of rows on each side that it has.

    `is_of_run` says whether any row is of a task of the run's own; else all are of seed tasks, or there are none.
    """

    path: Place
    rows: Mapping[Split, int]
    is_of_run: bool = True

    @property
    def count(self) -> int:
        """The number of rows in all."""
        return sum(self.rows.values())

    def __str__(self) -> str:
        by_side = ", ".join(f"{split} {number(rows)}" for split, rows in self.rows.items())
        sides = f" ({by_side})" if len(self.rows) > 1 else ""
        only = (
            "" if self.is_of_run else f"{', all of seed tasks' if self.count else ''}: no task of this run has an instance yet"
        )
        return f"{self.count} rows in {self.path}{sides}{only}"


SELF_INSTRUCT = "self-instruct"
_RECORD = "`instruction`, `input` and `output`, with the `task`'s name in the run, its kind, and its `source`, human or machine"
ROW_FORMATS: Mapping[str, Format] = {
    "prompt-completion": Format(
        ".jsonl",
        "`prompt` and `completion`, in one of the paper's 13 templates",
        template_rows,
        write_lines_once,
        with_seeds=True,
    ),
    "alpaca": Format(".json", "`instruction`, `input` and `output`", alpaca_rows, write_array),
    "openai-chat": Format(
        ".jsonl", "`messages` of a user and an assistant", message_rows, write_chat_lines, fewest=FEWEST_EXAMPLES
    ),
    "messages": Format(".jsonl", "`messages` of a user and an assistant", message_rows, write_lines),
    "trl-prompt-completion": Format(
        ".jsonl", "`prompt` and `completion`, each a list of one message", prompt_completion_rows, write_lines
    ),
    "sharegpt": Format(".json", "an `id` and `conversations` of `from` and `value`", sharegpt_rows, write_array),
    "parquet": Format(".parquet", _RECORD, record_rows, write_parquet, columns=COLUMNS),
    "huggingface": Format(".parquet", _RECORD, record_rows, write_parquet, card=CardFields(), columns=COLUMNS),
}
_WITH_AN_IMAGE = "; the user shows an image first"
IMAGE_FORMATS: Mapping[str, Format] = {
    **{
        name: replace(ROW_FORMATS[name], rows=rows, shape=f"{ROW_FORMATS[name].shape}{_WITH_AN_IMAGE}")
        for name, rows in (("openai-chat", openai_image_rows), ("messages", message_image_rows))
    },
    **{
        name: replace(
            ROW_FORMATS[name],
            rows=image_record_rows,
            shape=f"{_RECORD}, and the image that it is about",
            write=partial(write_parquet, columns=IMAGE_COLUMNS),
            columns=IMAGE_COLUMNS,
        )
        for name in ("parquet", "huggingface")
    },
}
"""The formats that have a place for the images of a run about images."""
FORMATS = (SELF_INSTRUCT, *ROW_FORMATS)
PREFERENCES = Format(
    ".jsonl",
    "`prompt`, `chosen` and `rejected`, each a list of one message",
    message_rows,
    write_lines,
    of_run=preference_rows,
    lacking="no output of this run was preferred to another; improve a run first",
)
"""The format `dpo`, which only a run has that was made by improving another."""
DPO = "dpo"


def default_place(run: Path, format: str, selection: Selection = ALL, card: CardFields | None = None) -> Path:  # noqa: A002
    """Return where in the run's directory a format is written when no place is named; `ExportError` for no such format."""
    form = _format(format)
    if form is None or _is_folder(form, selection, card):
        return run / format
    return run / f"{'dataset' if form.suffix == f'.{format}' else format}{form.suffix}"


def card_fields(format: str, license: str | None, languages: Iterable[str], *, wanted: bool) -> CardFields | None:  # noqa: A002
    """Return what a dataset card is to say, or None where none is `wanted` and the format has none of its own.

    Raises `ExportError` where something is said that no card will hold.
    """
    form = _format(format)
    languages = tuple(languages)
    if not wanted and not (form and form.card) and (license or languages):
        raise ExportError("`license` and `language` are written on a dataset card; ask for one with `card`.")
    return CardFields(license or "unknown", languages) if wanted or license or languages else None


def export(
    ledger: Ledger,
    plan: RunPlan,
    format: str,  # noqa: A002 (the word of the command line)
    out: str | Path,
    *,
    selection: Selection = ALL,
    card: CardFields | None = None,
    with_similarities: bool = True,
) -> Exported:
    """Write what `selection` shows of a run to `out`, a file or a folder, and return how many rows it has.

    An address ("s3://bucket/rows.parquet") is a place in an object store, to which rows go as they are made.
    A folder is written for `self-instruct` and `huggingface`, and for every format with a held-out side or a dataset `card`:
    `train.*`, `test.*`, `README.md`. `with_similarities=False` leaves the similarity records out of `self-instruct`: their cost
    grows with the square of the run. A run that another process is writing is exported as it stands at one moment.

    Raises `ExportError` where the format does not exist or has no such selection, where the run has nothing or too little for
    it, where a package is missing, or where `out` cannot be written, and leaves what stood there; `LedgerError` where the run
    cannot be read.
    """
    form, there = _format(format), place(out)
    if plan.images:
        form = _image_format(format)
    if form is None:
        _check_original(selection, card)
    with ledger.snapshot():
        selected = select(ledger, plan, selection, with_seeds=form is not None and form.with_seeds)
        if form is None:
            count = write_self_instruct(selected, there, with_similarities=with_similarities)
            return Exported(there, {Split.TRAIN: count}, is_of_run=count > 0)
        if _is_folder(form, selection, card):
            sides = _write_folder(form, selected, there, card or form.card, _command(format, selection, card))
        else:
            with new_file_at(there) as file:
                sides = {Split.TRAIN: _write_side(form, selected, Split.TRAIN, file, there.name)}
        is_of_run = any(side.counts.instructions > side.counts.seeds for side in sides.values())
        return Exported(there, {split: side.rows for split, side in sides.items()}, is_of_run)


def _write_folder(form: Format, selected: Selected, out: Place, card: CardFields | None, command: str) -> dict[Split, CardSide]:
    """Write a file for each side, and then the card, which says how much is in them."""
    if out.suffix == form.suffix:
        raise ExportError(
            f"{out}: this export has several files, so it is a folder; name one with `out`, no {form.suffix} file."
        )
    possible = {split: f"{split}{form.suffix}" for split in Split}
    names = [*(possible[split] for split in selected.splits), *([CARD_FILE] if card else [])]
    with new_folder_at(out, names, earlier=(*possible.values(), CARD_FILE)) as files:
        sides = {
            split: _write_side(form, selected, split, file, possible[split])
            for split, file in zip(selected.splits, files, strict=False)
        }
        if card:
            files[-1].write(dataset_card(selected, sides, card, form.shape, command, form.columns))
    return sides


def _write_side(form: Format, selected: Selected, split: Split, file: TextIO, name: str) -> CardSide:
    """Write the rows of one side."""
    counts = Counts()
    rows_of = form.of_run(selected.ledger) if form.of_run else form.rows
    rows = (row for task in counts.counting(selected.tasks(split)) for row in rows_of(task, selected.settings))
    count = form.write(file, rows)
    if not count and not selected.choice.is_all:
        raise ExportError("there is nothing to export: no row of this run is left by what was chosen; choose less strictly.")
    if not count:
        raise ExportError(f"there is nothing to export: {form.lacking}.")
    if split is Split.TRAIN and count < form.fewest:
        raise ExportError(f"{number(count)} rows, but the reader of this format wants {form.fewest} at least; generate more.")
    return CardSide(name, count, counts)


def _format(name: str) -> Format | None:
    """Return a format that is made of rows, or None for the original's files."""
    if name == DPO:
        return PREFERENCES
    if name not in FORMATS:
        raise ExportError(f"there is no format {name!r}; choose one of {', '.join((*FORMATS, DPO))}.")
    return ROW_FORMATS.get(name)


def _image_format(name: str) -> Format:
    if name not in IMAGE_FORMATS:
        raise ExportError(
            f"{name}: has no place for images, and this run is about images; choose one of {', '.join(IMAGE_FORMATS)}."
        )
    return IMAGE_FORMATS[name]


def _is_folder(form: Format, selection: Selection, card: CardFields | None) -> bool:
    return form.card is not None or card is not None or selection.held_out is not None


def _check_original(selection: Selection, card: CardFields | None) -> None:
    """Refuse what the original's files have no place for: they are a record of the whole run, and what its code reads."""
    unfit = [f"`{name}`" for name in ("seeds", "held_out", "subset") if getattr(selection, name)]
    unfit += [f"`{name}`" for name in _CHOICES if getattr(selection.choice, name)]
    for what in [*unfit, *(["a dataset card"] if card else [])]:
        raise ExportError(f"{SELF_INSTRUCT}: has no place for {what}: it is the original's files of a whole run.")


def _choice_flags(choice: Choice) -> list[str]:
    numbers = {name: getattr(choice, name) for name in ("min_score", "best", "longest", "random")}
    said = [f"--{name.replace('_', '-')} {value}" for name, value in numbers.items() if value is not None]
    return [*(["--accepted"] if choice.accepted else []), *said, *(f"--flags {flag}" for flag in choice.flags)]


def _command(name: str, selection: Selection, card: CardFields | None) -> str:
    """Return the command that makes this export of the run RUN."""
    words = [f"self-instruct export RUN --format {name}"]
    if selection.seeds is not None:
        words.append("--seeds" if selection.seeds else "--no-seeds")
    numbers = {name: getattr(selection, name) for name in ("max_instances", "held_out", "subset", "seed")}
    words += [f"--{name.replace('_', '-')} {value}" for name, value in numbers.items() if value is not None]
    words += _choice_flags(selection.choice)
    if card:
        words += ["--card", f"--license {card.license}", *(f"--language {language}" for language in card.languages)]
    return " ".join(words)
