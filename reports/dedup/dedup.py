"""The novelty filter as a tool: keep the records of a file whose instruction is not too similar to one before it.

A stream from `opening` through a `NoveltyIndex` to two files, the kept and the refused records; only the index grows.
Source of the rule: Wang et al. 2023, arXiv:2212.10560, section 2.2, "Filtering and Postprocessing".
"""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from operator import itemgetter
from pathlib import Path
from typing import Any, Protocol

from self_instruct.reports.dedup.opening import Format, open_records
from self_instruct.reports.dedup.places import Output, Places, new_output
from self_instruct.reports.dedup.record_files import MAX_FAULTS_NAMED, OnError, Record, Records, passed_over
from self_instruct.reports.writing import json_line
from self_instruct.retrievers.novelty import Kept, Neighbour, NoveltyIndex, TooSimilar
from self_instruct.settings.sections import NoveltySettings

_BATCH_RECORDS = 256
_BATCH_BYTES = 4 * 2**20


class Pool(Protocol):
    """What decides which texts are novel: a `NoveltyIndex`, or something that decides as one."""

    def __len__(self) -> int:
        """Return how many texts it holds."""
        ...

    def add_all(self, texts: Iterable[str]) -> None:
        """Add texts in their order, novel or not."""
        ...

    def offer_all(self, texts: Iterable[str]) -> list[Kept | TooSimilar]:
        """Offer texts in their order and return the decisions."""
        ...


@dataclass(frozen=True, slots=True)
class DedupSummary:
    """What the filter has done, so far or in all.

    Of the records read, each was kept, refused or skipped. `against` were held in the pool from other files, where
    `against_skipped` could not be read. `faults` are the first ten, each beginning with `file:line:`.
    """

    kept: int = 0
    refused: int = 0
    skipped: int = 0
    against: int = 0
    against_skipped: int = 0
    faults: tuple[str, ...] = ()
    bytes_read: int = 0

    @property
    def read(self) -> int:
        """Return how many records the file had, those that could not be read among them."""
        return self.kept + self.refused + self.skipped


def dedup(
    places: Places,
    rules: NoveltySettings = NoveltySettings(),  # noqa: B008 (frozen)
    *,
    field: str = "instruction",
    form: Format | None = None,
    against: Sequence[Path] = (),
    on_error: OnError = "stop",
    on_progress: Callable[[DedupSummary], None] = lambda _: None,
    pool: Pool | None = None,
) -> DedupSummary:
    """Write the records of a file that are novel, in their order and as they came, and say of the others why they are not.

    A record is refused when its `field` is too similar (`rules`) to that of a record kept before it, or of any record of the
    files `against`. A refused one becomes a JSON line: its line and instruction, the nearest one with its line (and file, if
    another), and their ROUGE-L. `form` is that of the file read and of the kept records; without it, as the name says.
    `on_progress` hears from time to time how far it is, last of all the end. Outputs take their places whole, or not at all.
    `pool` is what decides, by the same `rules`: an index in this process without it, or one in `shards`.

    Raises `RecordFileError` for a file that cannot be read and, unless `on_error` is "skip", for the first fault; `ExportError`
    for an output that cannot be written.
    """
    places.check(against)
    work = _Work(NoveltyIndex(rules) if pool is None else pool, on_error, on_progress)
    for path in against:
        with open_records(path, field) as records:
            work.hold(records)
    with open_records(places.source, field, form) as records, ExitStack() as outputs:
        kept = outputs.enter_context(new_output(places.out))  # entered first: it takes its place last, when all else has
        refused = outputs.enter_context(new_output(places.refused, "refused")) if places.refused else None
        work.filter(records, kept, refused)
    return work.so_far


class _Work:
    """What is done with one batch of records after the other, and the count of it; the pool knows where its rows were read."""

    def __init__(self, pool: Pool, on_error: OnError, on_progress: Callable[[DedupSummary], None]) -> None:
        self._pool = pool
        self._lines = array("Q")  # by row of the pool
        self._files: list[tuple[int, str]] = []  # first row and name; "" for the file that is filtered
        self._on_error = on_error
        self._on_progress = on_progress
        self.so_far = DedupSummary()

    def hold(self, records: Records) -> None:
        """Add records to the pool, novel or not."""
        self._files.append((len(self._pool), records.source.name))
        for batch in _batches(self._sound(records)):
            self._pool.add_all(record.text for record in batch)
            self._lines.extend(record.line for record in batch)
            self._reach(against=self.so_far.against + len(batch))
        self._reach(against_skipped=self.so_far.against_skipped + self.so_far.skipped, skipped=0)

    def filter(self, records: Records, kept: Output, refused: Output | None) -> None:
        """Add the novel records to the pool and to one output, and what is known of the others to the other."""
        self._files.append((len(self._pool), ""))
        kept.write(records.head)
        for batch in _batches(self._sound(records)):
            novel, similar = self._divided(batch)
            kept.write((records.between if novel and self.so_far.kept else b"") + records.between.join(novel))
            if refused:
                refused.write("".join(map(json_line, similar)).encode())
            counts = {"kept": self.so_far.kept + len(novel), "refused": self.so_far.refused + len(similar)}
            self._reach(**counts, bytes_read=records.source.bytes_read)
        kept.write(records.tail)
        self._reach(bytes_read=records.source.bytes_read)

    def _divided(self, batch: Sequence[Record]) -> tuple[list[bytes], list[dict[str, Any]]]:
        """Return the bytes of the novel records, which are now of the pool, and for each of the others why it is not."""
        novel: list[bytes] = []
        similar: list[dict[str, Any]] = []
        for record, decision in zip(batch, self._pool.offer_all(record.text for record in batch), strict=True):
            if isinstance(decision, Kept):
                novel.append(record.raw)
                self._lines.append(record.line)
            else:
                similar.append(self._refusal(record, decision.neighbour))
        return novel, similar

    def _refusal(self, record: Record, nearest: Neighbour) -> dict[str, Any]:
        _, file = self._files[bisect_right(self._files, nearest.row, key=itemgetter(0)) - 1]
        return {
            "line": record.line,
            "instruction": record.text,
            "nearest": nearest.text,
            "nearest_line": self._lines[nearest.row],
            **({"nearest_file": file} if file else {}),
            "score": nearest.score,
        }

    def _reach(self, **counts: int) -> None:
        self.so_far = replace(self.so_far, **counts)  # type: ignore[arg-type]
        self._on_progress(self.so_far)

    def _sound(self, records: Records) -> Iterator[Record]:
        for item in records.items:
            if isinstance(item, Record):
                yield item
                continue
            faults = (*self.so_far.faults, passed_over(item, records, self._on_error))[:MAX_FAULTS_NAMED]
            self.so_far = replace(self.so_far, skipped=self.so_far.skipped + 1, faults=faults)


def _batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    """Yield the records some hundreds at a time, or some MiB."""
    batch: list[Record] = []
    size = 0
    for record in records:
        batch.append(record)
        size += len(record.raw)
        if len(batch) == _BATCH_RECORDS or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
