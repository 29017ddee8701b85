"""Parquet files: the formats `parquet` and `huggingface`. Needs pyarrow, which comes with the extra `parquet`."""

import json
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, TextIO

from self_instruct.records.errors import to_install
from self_instruct.reports.writing import ExportError

COLUMNS = {
    "task": "string", "instruction": "string", "input": "string", "output": "string", "is_classification": "bool",
    "source": "string",
}  # fmt: skip
"""The columns of `alpaca.record_rows` and their types, as both Arrow and `datasets` name them."""

IMAGE_COLUMNS = {**COLUMNS, "image": "image"}
"""The same of a run about images."""
ROWS_AT_ONCE = 5_000  # a row group: what is in memory at a time


def write_parquet(file: TextIO, rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str] = COLUMNS) -> int:
    """Write rows of some columns as Parquet, a few thousand at a time, and return their number.

    Raises `ExportError` where pyarrow is not installed.
    """
    try:
        import pyarrow
        from pyarrow.parquet import ParquetWriter
    except ImportError:
        raise ExportError(f"Parquet needs pyarrow, which is not installed: {to_install('parquet')}.") from None
    image = pyarrow.struct({"bytes": pyarrow.binary(), "path": pyarrow.string()})
    types = {"string": pyarrow.string(), "bool": pyarrow.bool_(), "image": image}
    schema = pyarrow.schema([(name, types[kind]) for name, kind in columns.items()])
    if "image" in columns.values():
        schema = schema.with_metadata({"huggingface": json.dumps({"info": {"features": _features(columns)}})})
    count, remaining = 0, iter(rows)
    with ParquetWriter(file.buffer, schema, compression="zstd") as writer:
        while some := list(islice(remaining, ROWS_AT_ONCE)):
            writer.write_batch(pyarrow.RecordBatch.from_pylist(some, schema=schema))
            count += len(some)
    return count


def _features(columns: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return what tells `datasets` that a column holds images, which a file's own types do not say."""
    return {
        name: {"_type": "Image"} if kind == "image" else {"dtype": kind, "_type": "Value"} for name, kind in columns.items()
    }
