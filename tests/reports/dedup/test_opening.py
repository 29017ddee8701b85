"""Records are read as a stream, as they are written, and what is wrong is named by line."""

import csv
import io
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from self_instruct.reports.dedup import json_records, record_files
from self_instruct.reports.dedup.opening import Format, open_records
from self_instruct.reports.dedup.record_files import MAX_RECORD_BYTES, TOO_LONG, Fault, Record, RecordFileError

BOM = b"\xef\xbb\xbf"
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
simple = st.none() | st.booleans() | st.integers() | st.floats() | texts
values = st.recursive(simple, lambda inner: st.lists(inner, max_size=3))
objects = st.fixed_dictionaries({"instruction": texts}, optional={"input": texts, "more": values})


def read(data: bytes, form: Format, field: str = "instruction") -> list[Record | Fault]:
    return read_stream(io.BytesIO(data), form, field)


def read_stream(stream: BinaryIO, form: Format, field: str = "instruction") -> list[Record | Fault]:
    with open_records(stream, field, form) as records:
        return list(records.items)


def read_again(data: bytes, form: Format) -> tuple[bytes, list[Record | Fault]]:
    """Return what is written when every record is kept, and the records."""
    with open_records(io.BytesIO(data), "instruction", form) as records:
        items = list(records.items)
        return records.head + records.between.join(one.raw for one in items if isinstance(one, Record)) + records.tail, items


def found(items: list[Record | Fault]) -> list[tuple[int, str]]:
    return [(item.line, item.text) if isinstance(item, Record) else (item.line, f"FAULT {item.problem}") for item in items]


def table(rows: list[list[str]], **dialect: Any) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file, **dialect).writerows(rows)
    return file.getvalue().encode()


# what is there


@given(st.lists(objects, min_size=1), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_jsonl_is_read_with_its_lines_and_written_byte_for_byte(rows: list[Any], end: str, ascii_only: bool) -> None:
    data = "".join(json.dumps(row, ensure_ascii=ascii_only) + end for row in rows).encode()
    again, items = read_again(data, "jsonl")
    assert found(items) == [(number, row["instruction"]) for number, row in enumerate(rows, start=1)]
    assert again == data


@given(st.lists(objects), st.integers(1, 40), st.sampled_from([None, 2]), st.booleans())
def test_an_array_is_read_in_pieces_of_any_size(rows: list[Any], piece: int, indent: int | None, ascii_only: bool) -> None:
    data = json.dumps(rows, indent=indent, ensure_ascii=ascii_only).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_records, "_PIECE_BYTES", piece)
        again, items = read_again(data, "json")
    assert [item.text for item in items if isinstance(item, Record)] == [row["instruction"] for row in rows]
    assert all(isinstance(item, Record) for item in items)
    assert repr(json.loads(again)) == repr(rows)  # repr: NaN is not equal to itself


def test_the_elements_of_an_array_keep_their_form() -> None:
    data = b'[{"instruction" : "a", "n": 1.50, "s": "\\u00e9"} ,\n\n{"instruction":"b\\n",\n"n":1e3}]'
    assert read_again(data, "json")[0] == (
        b'[\n{"instruction" : "a", "n": 1.50, "s": "\\u00e9"},\n{"instruction":"b\\n",\n"n":1e3}\n]\n'
    )
    assert found(read(data, "json")) == [(1, "a"), (3, "b\n")]


# Python 3.11 does not quote a carriage return of its own accord; it has a test below.
csv_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), min_size=1, max_size=12).filter(
    str.strip
)


@given(st.lists(st.tuples(csv_texts, csv_texts)), st.sampled_from(",;\t|"), st.sampled_from(["\n", "\r\n"]))
def test_csv_is_read_by_any_delimiter_and_written_byte_for_byte(rows: list[tuple[str, str]], delimiter: str, end: str) -> None:
    data = table([["id", "instruction"], *map(list, rows)], delimiter=delimiter, lineterminator=end)
    again, items = read_again(data, "csv")
    assert [item.text for item in items if isinstance(item, Record)] == [text for _, text in rows]
    assert all(isinstance(item, Record) for item in items)
    assert again == data


def test_a_csv_row_has_the_line_it_begins_in() -> None:
    data = b'instruction,x\r\n"two\r\nlines",1\r\n\r\nlast,2'
    assert found(read(data, "csv")) == [(2, "two\r\nlines"), (5, "last")]


@pytest.mark.parametrize(
    ("form", "data"),
    [("jsonl", b'{"instruction": "a"}\n'), ("json", b'[{"instruction": "a"}]'), ("csv", b"instruction,x\na,1\n")],
)
def test_a_byte_order_mark_is_not_part_of_the_text(form: Format, data: bytes) -> None:
    assert [text for _, text in found(read(BOM + data, form))] == ["a"]


def test_a_csv_header_keeps_its_byte_order_mark() -> None:
    data = BOM + b"instruction\r\na\r\n"
    assert read_again(data, "csv")[0] == data


def test_another_field_can_be_chosen() -> None:
    assert found(read(b'{"prompt": "a", "instruction": 3}\n', "jsonl", "prompt")) == [(1, "a")]


def test_blank_lines_are_passed_over_and_counted() -> None:
    assert found(read(b'\n{"instruction": "a"}\r\n \r\n{"instruction": "b"}', "jsonl")) == [(2, "a"), (4, "b")]


@pytest.mark.parametrize(("form", "data"), [("json", b" [ ]\n"), ("csv", b"instruction,x\n")])
def test_no_records_are_no_fault(form: Format, data: bytes) -> None:
    assert read(data, form) == []


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.JSONL", b'{"instruction": "a"}'), ("a.json", b'[{"instruction": "a"}]'), ("a.tsv", b"x\tinstruction\n1\ta\n")],
)
def test_the_name_says_the_format(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with open_records(tmp_path / name, "instruction") as records:
        assert [item.text for item in records.items if isinstance(item, Record)] == ["a"]
        assert records.source.bytes_read == len(data)


# what is wrong

JSONL_FAULTS = {
    b"{not json}": "is not JSON (Expecting property name enclosed in double quotes, column 2); expected one object a line.",
    b'{"instruction": "a"': "is not JSON (Expecting ',' delimiter, column 20); expected one object a line.",
    b'["a"]': "is a JSON list; expected an object with a field 'instruction'. Is the file a JSON array (`form=json`)?",
    b'"a"': "is a JSON str; expected an object with a field 'instruction'.",
    b'{"prompt": "a", "n": 1}': "has no field 'instruction', but prompt, n; choose one with `field`.",
    b"{}": "has no field 'instruction', but none; choose one with `field`.",
    b'{"instruction": null}': "field 'instruction' is null; expected text.",
    b'{"instruction": ["a"]}': "field 'instruction' is [\"a\"]; expected text.",
    b'{"instruction": "caf\xe9"}': "is not UTF-8 text (byte 21 of the record is 0xe9); save the file as UTF-8.",
}


@pytest.mark.parametrize(("line", "problem"), JSONL_FAULTS.items(), ids=range(len(JSONL_FAULTS)))
def test_a_wrong_line_is_named_and_the_next_is_read(line: bytes, problem: str) -> None:
    data = b'{"instruction": "a"}\n' + line + b'\n{"instruction": "b"}\n'
    assert found(read(data, "jsonl")) == [(1, "a"), (2, f"FAULT {problem}"), (3, "b")]


def test_brackets_nested_too_deep_are_a_fault_of_their_line() -> None:
    [fault] = read(b"[" * 100_000 + b"\n", "jsonl")
    assert isinstance(fault, Fault)
    assert fault.problem.startswith("is not JSON that can be read (maximum recursion depth exceeded")


def test_a_number_too_long_for_python_is_a_fault_of_its_line() -> None:
    [fault] = read(b'{"instruction": ' + b"1" * 5000 + b"}\n", "jsonl")
    assert isinstance(fault, Fault)
    assert fault.problem.startswith("is not JSON that can be read (Exceeds the limit")


ARRAY_FAULTS = {
    b"3": "is a JSON int; expected an object with a field 'instruction'.",
    b"1.5e+3": "is a JSON float; expected an object with a field 'instruction'.",
    b'["a", {"instruction": "b"}]': (
        "is a JSON list; expected an object with a field 'instruction'. Is the file a JSON array (`form=json`)?"
    ),
    b'{"instruction": 3}': "field 'instruction' is 3; expected text.",
    b'{"instruction":\n"caf\xe9"}': "is not UTF-8 text (byte 21 of the record is 0xe9); save the file as UTF-8.",
}


@pytest.mark.parametrize("piece", [1, 7, 2**16])
@pytest.mark.parametrize(("element", "problem"), ARRAY_FAULTS.items(), ids=range(len(ARRAY_FAULTS)))
def test_an_element_that_is_no_record_is_named_and_the_next_is_read(
    element: bytes, problem: str, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_records, "_PIECE_BYTES", piece)
    data = b'[{"instruction": "a"},\n' + element + b',\n{"instruction": "a long last one"}]'
    first, middle, last = found(read(data, "json"))
    assert (first, middle) == ((1, "a"), (2, f"FAULT {problem}"))
    assert last == (3 + element.count(b"\n"), "a long last one")


BREAKS = {
    b'{"instruction": bad}': "is not JSON (Expecting value, column 17)",
    b'{"instruction": "a, ]",\n "x": bad, "y":["\\"", {"z": 0}]}': "is not JSON (Expecting value, line 3)",
    b'{"instruction": "a"} {"x": 1}': "is followed by '{'",
    b'{"instruction": "a}': "is not JSON (Invalid control character at, column 21)",
    b'{"instruction": ' + b"1" * 5000 + b"}": "is not JSON that can be read (Exceeds the limit",
    b"[" * 100_000 + b"]" * 100_000: "is not JSON that can be read (maximum recursion depth",
}
NOTHING_BEHIND = "nothing behind it was read. Is the file cut off, or this longer than 16 MiB?"


@pytest.mark.parametrize("piece", [7, 2**16])
@pytest.mark.parametrize(("element", "problem"), BREAKS.items(), ids=range(len(BREAKS)))
def test_where_an_array_stops_being_json_is_named_and_what_stood_before_is_read(
    element: bytes, problem: str, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_records, "_PIECE_BYTES", piece if len(element) < 1000 else 2**16)
    data = b'[{"instruction": "a"},\n' + element + b',\n{"instruction": "b"}]'
    first, (line, fault) = found(read(data, "json"))
    assert (first, line) == ((1, "a"), 2)
    assert fault.startswith(f"FAULT {problem}")
    assert fault.endswith(f"; {NOTHING_BEHIND}")


def test_not_a_number_a_double_key_and_half_a_surrogate_pair_are_read_as_written() -> None:
    data = b'[\n{"instruction": "a", "n": NaN, "n": -Infinity, "half": "\\ud800"}\n]\n'
    assert read_again(data, "json")[0] == data


@given(st.data())
def test_a_truncated_array_gives_its_whole_records_and_one_fault(data: st.DataObject) -> None:
    whole = b'[\n{"instruction": "a]", "x": [true, null]},\n{"instruction": "b"}\n]'
    cut = data.draw(st.integers(1, len(whole) - 1))
    *records, fault = read(whole[:cut], "json")
    assert [item.text for item in records if isinstance(item, Record)] == ["a]"][: whole[:cut].count(b"},")]
    assert isinstance(fault, Fault)
    assert fault.problem.endswith(NOTHING_BEHIND)


def test_a_truncated_array_is_named_where_its_last_record_begins() -> None:
    problem = f"FAULT is not JSON (Unterminated string starting at, column 17); {NOTHING_BEHIND}"
    assert found(read(b'[{"instruction": "a"},\n{"instruction": "b', "json")) == [(1, "a"), (2, problem)]
    problem = f"FAULT is not JSON (Expecting value, column 1); {NOTHING_BEHIND}"
    assert found(read(b'[{"instruction": "a"},\n', "json")) == [(1, "a"), (1, problem)]
    problem = f"FAULT is followed by nothing; {NOTHING_BEHIND}"
    assert found(read(b'[{"instruction": "a"},\n{"instruction": "b"}\n', "json")) == [(1, "a"), (2, problem)]


def test_a_comma_before_the_end_of_an_array_is_a_fault() -> None:
    expected = "FAULT the array ends behind a comma; expected an element, or no comma."
    assert found(read(b'[{"instruction": "a"},\n]', "json")) == [(1, "a"), (2, expected)]


def test_text_behind_an_array_is_a_fault() -> None:
    expected = "FAULT there is text after the end of the array; expected one array."
    assert found(read(b'[{"instruction": "a"}]\n[]', "json")) == [(1, "a"), (2, expected)]


CSV_FAULTS = {
    b"one": "has 1 columns; expected 2, as in the header.",
    b"one,two,three": "has 3 columns; expected 2, as in the header.",
    b"caf\xe9,1": "is not UTF-8 text (byte 4 of the record is 0xe9); save the file as UTF-8.",
    b'"a" b,1': "is not CSV (',' expected after '\"'); expected quotes around whole columns, doubled inside.",
}


@pytest.mark.parametrize(("row", "problem"), CSV_FAULTS.items(), ids=range(len(CSV_FAULTS)))
def test_a_wrong_row_is_named_and_the_next_is_read(row: bytes, problem: str) -> None:
    data = b"instruction,x\na,1\n" + row + b"\nb,2\n"
    assert found(read(data, "csv")) == [(2, "a"), (3, f"FAULT {problem}"), (4, "b")]


def test_a_wrong_byte_in_a_row_of_two_lines_loses_that_row_alone() -> None:
    first, second = found(read(b'instruction,x\n"a\nb\xe9",1\nb,2\n', "csv"))
    assert (first[0], second) == (2, (4, "b"))


def test_a_quote_that_is_never_closed_is_named_where_it_opens() -> None:
    [first, fault] = found(read(b'instruction,x\na,1\n"b,2\nc,3\n', "csv"))
    assert first == (2, "a")
    assert fault[0] == 3
    assert "unexpected end of data" in fault[1]


@pytest.mark.parametrize(
    ("form", "data"), [("jsonl", b"\n \n"), ("jsonl", BOM), ("json", b" "), ("csv", b"\r\n"), ("csv", BOM)]
)
def test_an_empty_file_is_a_fault(form: Format, data: bytes) -> None:
    [(line, problem)] = found(read(data, form))
    assert line == 1
    assert problem.startswith("FAULT is empty; expected ")


def long_jsonl(text: bytes) -> bytes:
    return b'{"instruction": "' + text + b'"}\n{"instruction": "b"}\n'


def long_array(text: bytes) -> bytes:
    return b'[{"instruction": "' + text + b'"},{"instruction": "b"}]'


def long_csv(text: bytes) -> bytes:
    return b"instruction\n" + text + b"\nb\n"


@pytest.mark.parametrize(("form", "make"), [("jsonl", long_jsonl), ("json", long_array), ("csv", long_csv)])
def test_a_record_over_the_limit_is_a_fault_and_the_next_is_read(form: Format, make: Callable[[bytes], bytes]) -> None:
    fault, following = read(make(b"x" * MAX_RECORD_BYTES), form)
    assert isinstance(fault, Fault)
    assert fault.problem == TOO_LONG
    assert isinstance(following, Record)
    assert following.text == "b"


@pytest.mark.parametrize(("form", "make"), [("jsonl", long_jsonl), ("json", long_array), ("csv", long_csv)])
def test_a_long_record_within_the_limit_is_read(form: Format, make: Callable[[bytes], bytes]) -> None:
    assert [len(text) for _, text in found(read(make(b"x" * 2_000_000), form))] == [2_000_000, 1]


def test_a_line_of_100_mb_is_never_held_whole(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    tracemalloc.start()
    try:
        with open_records(path, "instruction") as records:
            assert list(records.items) == [Fault(1, TOO_LONG)]
        assert tracemalloc.get_traced_memory()[1] < 4 * MAX_RECORD_BYTES
    finally:
        tracemalloc.stop()


class Endless(io.BytesIO):
    def __init__(self, begin: bytes, byte: bytes) -> None:
        self.begin, self.byte = begin, byte

    def read(self, size: int | None = -1) -> bytes:
        begin, self.begin = self.begin, b""
        return begin or self.byte * (size or 0)

    def readline(self, size: int | None = -1) -> bytes:
        return self.read(size)


@pytest.mark.parametrize(("form", "begin"), [("jsonl", b""), ("csv", b"instruction\n")])
def test_a_record_that_never_ends_is_an_error(form: Format, begin: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_files, "MAX_PASSED_OVER_BYTES", 2 * MAX_RECORD_BYTES)
    endless = Endless(begin, b"\0")
    with open_records(endless, "instruction", form) as records, pytest.raises(RecordFileError, match="goes on for more"):
        list(records.items)


@pytest.mark.parametrize("byte", [b"\0", b"x", b" "], ids=["no JSON", "a string", "white space"])
@pytest.mark.parametrize("begin", [b"[", b'[{"instruction": "', b'[{"instruction": "a"}', b'[{"instruction": "a"},'])
def test_an_element_that_never_ends_is_the_last(begin: bytes, byte: bytes) -> None:
    *records, fault = read_stream(Endless(begin, byte), "json")
    assert all(isinstance(item, Record) for item in records)
    assert isinstance(fault, Fault)
    assert fault.problem.endswith(NOTHING_BEHIND)
