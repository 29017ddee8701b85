"""Rows to train on: from every export of ours, and what is wrong with one by file and line."""

from pathlib import Path

import pytest

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.records.errors import InputError
from self_instruct.reports import Selection
from self_instruct.reports.exports.export import FORMATS, export
from self_instruct.training.examples import as_conversation, as_text
from self_instruct.training.rows import Conversation, Pair, Parts, Turn, read_rows


def written(folder: Path, text: str, name: str = "rows.jsonl") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_every_export_is_read_and_says_the_same_answers(finished_run: Path, tmp_path: Path, form: str) -> None:
    suffix = {"alpaca": ".json", "sharegpt": ".json", "parquet": ".parquet", "huggingface": "", "self-instruct": ""}
    out = tmp_path / f"out{suffix.get(form, '.jsonl')}"
    with Ledger.open(finished_run) as ledger:
        plan = RunPlan.of(ledger)
        export(ledger, plan, "alpaca", tmp_path / "plain.json")
        export(ledger, plan, form, out, selection=Selection(seeds=form == "openai-chat" or None))
    answers = {as_text(row, 0, 0).completion.strip() for row in read_rows(out).rows}
    assert {as_text(row, 0, 0).completion.strip() for row in read_rows(tmp_path / "plain.json").rows} <= answers


def test_a_row_of_each_form_is_told_as_text_and_as_conversation() -> None:
    parts = Parts("Add one.", "41", "42")
    said = Conversation((Turn("user", "Add one.\n\n41"),), "42")
    assert as_conversation(parts) == said
    assert as_text(said, 0, 0) == Pair("Add one.\n\n41\n\n", "42")
    assert as_text(parts, 0, 0) == as_text(parts, 0, 0)
    assert len({as_text(parts, number, 0).prompt for number in range(40)}) == 7  # the templates with an input


def test_the_end_mark_of_the_published_code_is_left_to_the_tokenizer(tmp_path: Path) -> None:
    path = written(tmp_path, '{"prompt": "Say hi. Output:", "completion": " Hi<|endoftext|>"}\n')
    assert read_rows(path).rows == (Pair("Say hi. Output:", " Hi"),)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("{}\n[1", ":1: is no row to train on"),
        ('{"instruction": "a", "output": "b"}\nno', ":2: is not JSON"),
        ('{"instruction": "a", "output": " "}', ":1: field 'output' is empty"),
        ('{"instruction": 1e999, "output": null}', "field 'output' is null"),
        ('{"messages": [{"role": "user", "content": "a"}]}', "does not end with an answer"),
        ('{"messages": [{"role": "robot", "content": "a"}]}', "the role is 'robot'"),
        ('{"messages": "a"}', "expected a list of objects"),
        ("[1]", "row 1 is a JSON int"),
        ("[{]", "is not JSON"),
    ],
)
def test_what_is_no_row_is_named(tmp_path: Path, text: str, says: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(InputError) as refused:
        read_rows(path)
    assert str(refused.value).startswith(str(path))
    assert says in str(refused.value)
