"""Every format opens in the tool it is for, without a network: `datasets`, pandas and pyarrow."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import huggingface_hub
import pandas
import pyarrow.parquet
import pytest
from support.written import instructions, write_run

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.records.tasks import Instance
from self_instruct.reports import CardFields, Exported, ExportError, Selection
from self_instruct.reports.exports.export import ROW_FORMATS, export
from self_instruct.reports.exports.parquet import ROWS_AT_ONCE

pytestmark = pytest.mark.usefixtures("socket_disabled")

AWKWARD = [
    Instance("", 'two\nlines, "quotes" and a separator: \u2028.'),
    Instance('{"a": [1]}', "列出三条河流 \U0001f30a"),
    Instance("\t", "-"),
]
FEATURES = {
    "task": datasets.Value("string"), "instruction": datasets.Value("string"), "input": datasets.Value("string"),
    "output": datasets.Value("string"), "is_classification": datasets.Value("bool"), "source": datasets.Value("string"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does `datasets` try one, to count how often its loaders are used."""
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with write_run(tmp_path / "run", instructions(20), AWKWARD) as written:
        yield written


def written(ledger: Ledger, form: str, out: Path, **options: Any) -> Exported:
    return export(ledger, RunPlan.of(ledger), form, out, **options)


def loaded_json(file: Path, tmp_path: Path) -> datasets.Dataset:
    return datasets.load_dataset("json", data_files=str(file), cache_dir=str(tmp_path / "cache"), split="train")


def pairs(rows: Any) -> set[tuple[str, str]]:
    return {(row["input"], row["output"]) for row in rows}


AS_WRITTEN = {(one.input, one.output) for one in AWKWARD}


def test_the_folder_loads_with_its_splits_and_features(ledger: Ledger, tmp_path: Path) -> None:
    written(ledger, "huggingface", tmp_path / "out", selection=Selection(held_out=0.2))
    loaded = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert {split: len(rows) for split, rows in loaded.items()} == {"train": 48, "test": 12}
    assert loaded["train"].features == loaded["test"].features == datasets.Features(FEATURES)
    assert pairs(loaded["train"]) == pairs(loaded["test"]) == AS_WRITTEN
    assert set(loaded["train"]["instruction"]).isdisjoint(loaded["test"]["instruction"])


@pytest.mark.parametrize("form", ROW_FORMATS)
def test_a_folder_of_any_format_with_a_card_loads_with_its_splits(ledger: Ledger, tmp_path: Path, form: str) -> None:
    done = written(ledger, form, tmp_path / "out", selection=Selection(held_out=2), card=CardFields())
    loaded = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert {split: len(rows) for split, rows in loaded.items()} == {str(split): rows for split, rows in done.rows.items()}


@pytest.mark.parametrize("form", sorted(set(ROW_FORMATS) - {"parquet", "huggingface"}))
def test_a_file_of_json_loads(ledger: Ledger, tmp_path: Path, form: str) -> None:
    out = tmp_path / f"out{ROW_FORMATS[form].suffix}"
    done = written(ledger, form, out)
    loaded = loaded_json(out, tmp_path)
    assert len(loaded) == done.count
    frame = pandas.read_json(out, lines=out.suffix == ".jsonl", dtype=False)
    assert list(frame.columns) == loaded.column_names


def test_conversations_load_as_the_turns_that_trl_asks_for(ledger: Ledger, tmp_path: Path) -> None:
    written(ledger, "messages", tmp_path / "out.jsonl")
    loaded = datasets.load_dataset(
        "json", data_files=str(tmp_path / "out.jsonl"), cache_dir=str(tmp_path / "cache"), split="train"
    )
    turn = {"role": datasets.Value("string"), "content": datasets.Value("string")}
    assert loaded.features == datasets.Features({"messages": datasets.List(turn)})


def test_alpaca_is_read_as_it_was_written(ledger: Ledger, tmp_path: Path) -> None:
    written(ledger, "alpaca", tmp_path / "out.json")
    assert pairs(pandas.read_json(tmp_path / "out.json", dtype=False).to_dict("records")) == AS_WRITTEN


def test_parquet_is_read_by_pandas_and_pyarrow_as_it_was_written(ledger: Ledger, tmp_path: Path) -> None:
    written(ledger, "parquet", tmp_path / "out.parquet", selection=Selection(seeds=True))
    frame = pandas.read_parquet(tmp_path / "out.parquet")
    assert list(frame.columns) == list(FEATURES)
    assert frame["source"].value_counts().to_dict() == {"machine": 60, "human": 12}
    assert pairs(frame[frame["source"] == "machine"].to_dict("records")) == AS_WRITTEN
    assert pyarrow.parquet.read_table(tmp_path / "out.parquet").num_rows == 72


def test_parquet_is_written_in_groups(tmp_path: Path) -> None:
    many = [Instance(str(number), "x") for number in range(ROWS_AT_ONCE + 1)]
    with write_run(tmp_path / "run", instructions(1), many, instances={"max_per_task": len(many)}) as ledger:
        written(ledger, "parquet", tmp_path / "out.parquet")
    metadata = pyarrow.parquet.ParquetFile(tmp_path / "out.parquet").metadata
    assert [metadata.row_group(place).num_rows for place in range(metadata.num_row_groups)] == [ROWS_AT_ONCE, 1]


@pytest.mark.parametrize("form", ["parquet", "huggingface"])
def test_without_pyarrow_one_line_names_the_extra(
    ledger: Ledger, tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ExportError, match=r"pip install 'self-instruct-chains\[parquet\]' \(in a checkout: .*\)\.$"):
        written(ledger, form, tmp_path / "new" / "out")
    assert list((tmp_path / "new").iterdir()) == []
