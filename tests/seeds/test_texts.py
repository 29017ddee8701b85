"""Files of texts: what is read, and that every fault is named by file and line."""

from pathlib import Path

import pytest

from self_instruct.records.errors import TextFileError
from self_instruct.seeds.texts import load_texts


@pytest.mark.parametrize(
    ("name", "content", "texts"),
    [
        ("a.txt", "One.\nOne more.\n\n  \nTwo.\n", ("One.\nOne more.", "Two.")),
        ("a.md", "\ufeff# One\r\n\r\nTwo", ("# One", "Two")),
        ("a.JSONL", '"One.\\n\\nStill one."\n\n{"text": " Two. ", "id": 7}', ("One.\n\nStill one.", "Two.")),
    ],
)
def test_texts_are_paragraphs_or_lines_of_json(tmp_path: Path, name: str, content: str, texts: tuple[str, ...]) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8", newline="")
    assert load_texts(tmp_path / name) == texts


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "a.jsonl: is empty; expected texts"),
        ('"One."\nTwo.', "a.jsonl:2: is not JSON"),
        ('{"words": "One."}', "a.jsonl:1: holds no text"),
        ('"  "', "a.jsonl:1: holds no text"),
        ("17", "a.jsonl:1: holds no text"),
        ('"\\ud800"', "a.jsonl:1: holds half of a surrogate pair"),
        ("[" * 100_000, "a.jsonl:1: is not JSON"),
    ],
)
def test_a_fault_is_named_by_its_line(tmp_path: Path, content: str, why: str) -> None:
    (tmp_path / "a.jsonl").write_text(content)
    with pytest.raises(TextFileError) as caught:
        load_texts(tmp_path / "a.jsonl")
    assert why in str(caught.value)


def test_no_more_than_ten_faults_are_told_and_bytes_that_are_no_text_by_their_line(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("x\n" * 12)
    with pytest.raises(TextFileError) as caught:
        load_texts(tmp_path / "a.jsonl")
    assert str(caught.value).splitlines()[-1] == "... and 2 more."
    (tmp_path / "b.txt").write_bytes(b"One.\n\xff")
    with pytest.raises(TextFileError, match=r"b\.txt:2: is not UTF-8"):
        load_texts(tmp_path / "b.txt")
