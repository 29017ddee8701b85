"""Export a run in one of several formats. What is written depends on the run alone: no time, path, host or random id.

The formats are rows of one stream of tasks (`reports.selection`); a new one is a function from a task to its rows, and a line
in `ROW_FORMATS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.reports.exports.alpaca import alpaca_rows, record_rows
from self_instruct.reports.exports.card import CARD_FILE, CardFields, CardSide, Counts, dataset_card
from self_instruct.reports.exports.conversations import (
    FEWEST_EXAMPLES,
    message_rows,
    prompt_completion_rows,
    sharegpt_rows,
    write_chat_lines,
)
from self_instruct.reports.exports.original_files import write_self_instruct
from self_instruct.reports.exports.parquet import COLUMNS, write_parquet
from self_instruct.reports.exports.prompt_completion import template_rows
from self_instruct.reports.exports.selection import ExportTask, Selected, Selection, Split, select
from self_instruct.reports.terminal.tables import number
from self_instruct.reports.writing import ExportError, new_file, new_folder, write_array, write_lines, write_lines_once
from self_instruct.settings.settings import Settings

Rows = Iterable[Mapping[str, Any]]
ALL = Selection()


@dataclass(frozen=True, slots=True)
class Format:
    """How a dataset is written: the rows of a task, the file that takes them, and what the reader of that file asks for.

    `shape` says what a row is. `fewest` rows are what it trains on at least. A `card` is part of the format where one is given,
    which makes it a folder. `columns` are the names and types of a typed file.
    """

    suffix: str
    shape: str
    rows: Callable[[ExportTask, Settings], Rows]
    write: Callable[[TextIO, Rows], int]
    with_seeds: bool = False
    fewest: int = 0
    card: CardFields | None = None
    columns: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote: its place, a file or a folder, and the number of rows on each side that it has."""

    path: Path
    rows: Mapping[Split, int]

    @property
    def count(self) -> int:
        """The number of rows in all."""
        return sum(self.rows.values())

    def __str__(self) -> str:
        by_side = ", ".join(f"{split} {number(rows)}" for split, rows in self.rows.items())
        return f"{self.count} rows in {self.path}" + (f" ({by_side})" if len(self.rows) > 1 else "")


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
FORMATS = (SELF_INSTRUCT, *ROW_FORMATS)


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
        raise ExportError("--license and --language are written on a dataset card; add --card.")
    return CardFields(license or "unknown", languages) if wanted or license or languages else None


def export(
    ledger: Ledger,
    plan: RunPlan,
    format: str,  # noqa: A002 (the word of the command line)
    out: Path,
    *,
    selection: Selection = ALL,
    card: CardFields | None = None,
    with_similarities: bool = True,
) -> Exported:
    """Write what `selection` shows of a run to `out`, a file or a folder, and return how many rows it has.

    A folder is written for `self-instruct` and `huggingface`, and for every format with a held-out side or a dataset `card`:
    `train.*`, `test.*`, `README.md`. `with_similarities=False` leaves the similarity records out of `self-instruct`: their cost
    grows with the square of the run. A run that another process is writing is exported as it stands at one moment.

    Raises `ExportError` where the format does not exist or has no such selection, where the run has too little for it, where
    a package is missing, or where `out` cannot be written, and leaves what stood there; `LedgerError` where the run cannot be
    read.
    """
    form = _format(format)
    if form is None:
        _check_original(selection, card)
    with ledger.snapshot():
        selected = select(ledger, plan, selection, with_seeds=form is not None and form.with_seeds)
        if form is None:
            return Exported(out, {Split.TRAIN: write_self_instruct(selected, out, with_similarities=with_similarities)})
        job = _Job(format, form, selected)
        if _is_folder(form, selection, card):
            _check_folder_name(out, form)
            return Exported(out, job.write_folder(out, _command(format, selection, card), card or form.card))
        with new_file(out) as file:
            return Exported(out, {Split.TRAIN: job.write(Split.TRAIN, file, Counts())})


@dataclass(frozen=True, slots=True)
class _Job:
    """One format of the tasks selected."""

    name: str
    form: Format
    selected: Selected

    def write_folder(self, out: Path, command: str, card: CardFields | None) -> dict[Split, int]:
        """Write a file for each side, and then the card, which says how much is in them."""
        form, splits = self.form, self.selected.splits
        possible = {split: f"{split}{form.suffix}" for split in Split}
        names = [*(possible[split] for split in splits), *([CARD_FILE] if card else [])]
        with new_folder(out, names, earlier=(*possible.values(), CARD_FILE)) as files:
            sides = {}
            for split, file in zip(splits, files, strict=False):
                counts = Counts()
                sides[split] = CardSide(possible[split], self.write(split, file, counts), counts)
            if card:
                files[-1].write(dataset_card(self.selected, sides, card, form.shape, command, form.columns))
        return {split: side.rows for split, side in sides.items()}

    def write(self, split: Split, file: TextIO, counts: Counts) -> int:
        """Write the rows of one side, and return their number."""
        form, settings = self.form, self.selected.settings
        rows = (row for task in counts.of(self.selected.tasks(split)) for row in form.rows(task, settings))
        count = form.write(file, rows)
        if split is Split.TRAIN and count < form.fewest:
            raise ExportError(
                f"{self.name}: {number(count)} rows, but their reader wants {form.fewest} at least; generate more."
            )
        return count


def _format(name: str) -> Format | None:
    """Return a format that is made of rows, or None for the original's files."""
    if name not in FORMATS:
        raise ExportError(f"there is no format {name!r}; choose one of {', '.join(FORMATS)}.")
    return ROW_FORMATS.get(name)


def _is_folder(form: Format, selection: Selection, card: CardFields | None) -> bool:
    return form.card is not None or card is not None or selection.held_out is not None


def _check_folder_name(out: Path, form: Format) -> None:
    """Refuse a name that only a file would have: what is written has several, so it is a folder."""
    if out.suffix == form.suffix:
        raise ExportError(
            f"{out}: this export has several files, so it is a folder; name one with --out, no {form.suffix} file."
        )


def _check_original(selection: Selection, card: CardFields | None) -> None:
    """Refuse what the original's files have no place for: they are a record of the whole run, and what its code reads."""
    unfit = {
        "--seeds": selection.seeds,
        "--held-out": selection.held_out is not None,
        "--subset": selection.subset is not None,
        "a dataset card": card is not None,
    }
    for flag in (flag for flag, given in unfit.items() if given):
        raise ExportError(f"{SELF_INSTRUCT}: has no place for {flag}: it is the original's files of a whole run.")


def _command(name: str, selection: Selection, card: CardFields | None) -> str:
    """Return the command that makes this export of the run RUN."""
    flags = {
        "--max-instances": selection.max_instances,
        "--held-out": selection.held_out,
        "--subset": selection.subset,
        "--seed": selection.seed,
    }
    words = [f"self-instruct export RUN --format {name}"]
    if selection.seeds is not None:
        words.append("--seeds" if selection.seeds else "--no-seeds")
    words += [f"{flag} {value}" for flag, value in flags.items() if value is not None]
    if card:
        words += ["--card", f"--license {card.license}", *(f"--language {language}" for language in card.languages)]
    return " ".join(words)
