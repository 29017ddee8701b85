"""Seed files: what is read, and that every fault is named by file and line."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from self_instruct.records.errors import SeedFileError
from self_instruct.records.tasks import Instance, SeedTask
from self_instruct.seeds.loading import load_seeds, read_seeds, seed_from_fields, seed_to_fields

FIELDS: dict[str, Any] = {
    "id": "seed_1",
    "name": "river",
    "instruction": "Name a river.",
    "instances": [{"input": "", "output": "the Elbe"}],
    "is_classification": False,
}
SEED = SeedTask("seed_1", "river", "Name a river.", (Instance("", "the Elbe"),), is_classification=False)
LINE = json.dumps(FIELDS)
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
FILLED_TEXT = ANY_TEXT.filter(str.strip)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "seeds.jsonl"


def changed(**fields: Any) -> str:
    return json.dumps(FIELDS | fields)


def lacking(name: str) -> str:
    return json.dumps({key: value for key, value in FIELDS.items() if key != name})


def error_of(path: Path) -> str:
    with pytest.raises(SeedFileError) as caught:
        load_seeds(path)
    return str(caught.value)


def test_a_seed_file_gives_its_tasks_in_order(path: Path) -> None:
    path.write_text(f"{LINE}\n{changed(id='seed_2', domain='rivers')}\n", encoding="utf-8")
    first, second = load_seeds(path)
    assert first == SEED
    assert (second.id, second.domain) == ("seed_2", "rivers")


def test_the_papers_own_seed_file_loads(reference: Path) -> None:
    seeds = load_seeds(reference / "seed_tasks.jsonl")
    assert len(seeds) == 175
    assert sum(seed.is_classification for seed in seeds) == 26  # the paper says 25; its file marks 26
    assert {seed.domain for seed in seeds} == {""}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\xef\xbb\xbf" + LINE.encode(), id="a byte order mark"),
        pytest.param(LINE.encode() + b"\r\n", id="a Windows newline"),
        pytest.param(b"\n \n" + LINE.encode() + b"\n\n", id="blank lines"),
        pytest.param(json.dumps(FIELDS | {"motivation": "fun"}).encode(), id="a field we do not know"),
    ],
)
def test_a_file_may_have(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert load_seeds(path) == (SEED,)


def test_a_unicode_line_separator_does_not_end_a_line(path: Path) -> None:
    path.write_text(json.dumps(FIELDS | {"instruction": "One\u2028two\x85three."}, ensure_ascii=False), encoding="utf-8")
    assert load_seeds(path)[0].instruction == "One\u2028two\x85three."


@pytest.mark.parametrize("name", ["id", "name", "instruction", "instances", "is_classification"])
def test_a_missing_field_is_named_with_file_and_line(path: Path, name: str) -> None:
    path.write_text(f"{LINE}\n\n{lacking(name)}\n", encoding="utf-8")
    assert error_of(path).startswith(f"{path}:3: field '{name}' is missing; expected ")


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('{"id": "cut', "is not JSON ("),
        ("[" * 100_000, "is not JSON ("),
        ("[1]", "is a JSON list; expected an object with an instruction and instances."),
        ("null", "is a JSON NoneType; expected an object"),
        (changed(id=7), "field 'id' is 7; expected text."),
        (changed(name=None), "field 'name' is null; expected text."),
        (changed(domain=["a"]), "field 'domain' is [\"a\"]; expected text."),
        (changed(instruction=" \n"), "field 'instruction' is empty; expected text."),
        (changed(is_classification="no"), "field 'is_classification' is \"no\"; expected true or false."),
        (changed(is_classification=1), "field 'is_classification' is 1; expected true or false."),
        (changed(instances={}), "field 'instances' is {}; expected a list of {input, output} objects."),
        (changed(instances=[]), "field 'instances' is empty; a seed task needs at least one instance."),
        (changed(instances=["the Elbe"]), "instance 1 is not an object; expected {input, output}."),
        (changed(instances=[*FIELDS["instances"], {"input": "a"}]), "instance 2: field 'output' is missing; expected text."),
        (changed(instances=[{"output": "a"}]), "instance 1: field 'input' is missing; expected text."),
        (changed(instances=[{"input": "a", "output": ""}]), "instance 1: field 'output' is empty; expected text."),
        (changed(instances=[{"input": 3, "output": "a"}]), "instance 1: field 'input' is 3; expected text."),
        (changed(name="\ud800"), "field 'name' holds half of a surrogate pair; expected valid Unicode text."),
        (changed(instances=[{"input": "\udfff", "output": "a"}]), "instance 1: field 'input' holds half of a surrogate pair"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_file_and_line(path: Path, line: str, fault: str) -> None:
    path.write_text(f"{line}\n{changed(id='seed_2')}\n", encoding="utf-8")
    assert error_of(path).startswith(f"{path}:1: {fault}")


def test_a_whole_surrogate_pair_is_one_character(path: Path) -> None:
    path.write_text(changed(name="\U0001f30a"), encoding="utf-8")
    assert "\\ud83c" in path.read_text(encoding="utf-8")
    assert load_seeds(path)[0].name == "\U0001f30a"


def test_an_id_used_twice_is_named_with_both_lines(path: Path) -> None:
    path.write_text(f"{LINE}\n{changed(id='seed_2')}\n{LINE}\n", encoding="utf-8")
    assert error_of(path) == f"{path}:3: id 'seed_1' was used in line 1 already; give each task its own."


def test_faults_in_several_lines_are_told_together(path: Path) -> None:
    path.write_text(f"[]\n{LINE}\n{lacking('id')}\n", encoding="utf-8")
    assert [line.split(" ")[0] for line in error_of(path).splitlines()] == [f"{path}:1:", f"{path}:3:"]


def test_ten_faults_are_told_and_the_others_counted(path: Path) -> None:
    path.write_text("[]\n" * 13, encoding="utf-8")
    lines = error_of(path).splitlines()
    assert len(lines) == 11
    assert lines[-1] == "... and 3 more."


def test_ten_faults_exactly_are_not_followed_by_a_count(path: Path) -> None:
    path.write_text("[]\n" * 10, encoding="utf-8")
    assert len(error_of(path).splitlines()) == 10


def test_reading_keeps_the_good_tasks_beside_the_faults(path: Path) -> None:
    path.write_text(f"[]\n{LINE}\n", encoding="utf-8")
    seeds, faults = read_seeds(path)
    assert seeds == [SEED]
    assert len(faults) == 1


def test_text_that_is_not_utf8_is_named_with_its_line(path: Path) -> None:
    path.write_bytes(f"{LINE}\n".encode() + changed(id="seed_2").encode() + b"\n\xff\n")
    assert error_of(path) == f"{path}:3: is not UTF-8 text; save the file as UTF-8."


def test_utf16_is_not_utf8(path: Path) -> None:
    path.write_text(LINE, encoding="utf-16")
    assert error_of(path) == f"{path}:1: is not UTF-8 text; save the file as UTF-8."


@pytest.mark.parametrize("content", ["", "\n", " \r\n\n", "\ufeff"])
def test_an_empty_file_is_refused(path: Path, content: str) -> None:
    path.write_text(content, encoding="utf-8")
    assert error_of(path) == f"{path}: is empty; expected one seed task as a JSON object a line."


def test_a_missing_file_is_named(path: Path) -> None:
    assert error_of(path) == f"{path}: cannot be read (No such file or directory); expected a JSONL file of seed tasks."


def test_a_folder_in_place_of_a_file_is_named(tmp_path: Path) -> None:
    assert error_of(tmp_path).startswith(f"{tmp_path}: cannot be read (")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no endless file here")
def test_an_endless_file_is_named() -> None:
    assert error_of(Path("/dev/zero")).startswith("/dev/zero: is larger than 64 MiB;")


@given(
    st.builds(
        SeedTask,
        id=ANY_TEXT,
        name=ANY_TEXT,
        instruction=FILLED_TEXT,
        instances=st.lists(st.builds(Instance, ANY_TEXT, FILLED_TEXT), min_size=1, max_size=3).map(tuple),
        is_classification=st.booleans(),
        domain=ANY_TEXT,
    )
)
def test_a_seed_survives_a_round_trip_through_json(seed: SeedTask) -> None:
    assert seed_from_fields(json.loads(json.dumps(seed_to_fields(seed)))) == seed
