"""Parquet files: the formats `parquet` and `huggingface`. Needs pyarrow, which comes with the extra `parquet`."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, TextIO

from self_instruct.reports.writing import ExportError

COLUMNS = {
    "task": "string", "instruction": "string", "input": "string", "output": "string", "is_classification": "bool",
    "source": "string",
}  # fmt: skip
"""The columns of `alpaca.record_rows` and their types, as both Arrow and `datasets` name them."""

ROWS_AT_ONCE = 5_000  # a row group: what is in memory at a time


def write_parquet(file: TextIO, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write rows of `COLUMNS` as Parquet, a few thousand at a time, and return their number.

    Raises `ExportError` where pyarrow is not installed.
    """
    try:
        import pyarrow
        from pyarrow.parquet import ParquetWriter
    except ImportError:
        raise ExportError(
            "Parquet needs pyarrow, which is not installed: pip install 'self-instruct-chains[parquet]'."
        ) from None
    types = {"string": pyarrow.string(), "bool": pyarrow.bool_()}
    schema = pyarrow.schema([(name, types[kind]) for name, kind in COLUMNS.items()])
    count, remaining = 0, iter(rows)
    with ParquetWriter(file.buffer, schema, compression="zstd") as writer:
        while some := list(islice(remaining, ROWS_AT_ONCE)):
            writer.write_batch(pyarrow.RecordBatch.from_pylist(some, schema=schema))
            count += len(some)
    return count
