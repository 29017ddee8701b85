"""Task sets from their files, what is wrong with one by file and line, and their prompts byte for byte."""

import json
from pathlib import Path

import pytest

from self_instruct.evaluation.encodings import encoded
from self_instruct.evaluation.task_sets import load_task_set
from self_instruct.reports import EvaluationFileError


def test_superni_gives_the_first_hundred_instances_of_each_task_in_order(superni: Path) -> None:
    found = load_task_set(f"superni:{superni}")
    assert [one.id for one in found] == [f"task001_double-{number}" for number in range(100)] + [
        "task002_copy-0",
        "task002_copy-1",
    ]
    assert {(one.task, one.category, one.demonstration) for one in found} == {
        ("task001_double", "Arithmetic", "7 7"),
        ("task002_copy", "Arithmetic", "7 7"),
    }


def test_a_split_names_the_tasks(superni: Path, tmp_path: Path) -> None:
    (tmp_path / "split.txt").write_text("task002_copy\n\n")
    assert {one.task for one in load_task_set(f"superni:{superni}", tmp_path / "split.txt")} == {"task002_copy"}
    (tmp_path / "split.txt").write_text("task003_none\n")
    with pytest.raises(EvaluationFileError, match=r"task003_none\.json: cannot be read"):
        load_task_set(f"superni:{superni}", tmp_path / "split.txt")


def test_a_file_of_ones_own_is_read(tasks: Path) -> None:
    found = load_task_set(str(tasks))
    assert [(one.id, one.task, one.category, one.input) for one in found] == [
        ("a", "cap", "", "France"),
        ("b", "cap", "", "Italy"),
        ("c", "c", "greeting", ""),
        ("d", "d", "greeting", ""),
    ]
    assert found[0].references == ("Paris", "It is Paris")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", ":2: is not JSON ("),
        ("[1]", ":2: is a JSON list; expected one instance"),
        ('{"instruction": "x"}', ":2: field 'references' is missing"),
        ('{"instruction": "x", "references": []}', ":2: field 'references' is []; expected a list of one text or more."),
        ('{"instruction": 1.5e3, "references": [3, null]}', ":2: field 'references' is [3, null]"),
        ('{"instruction": " ", "references": ["x"]}', ":2: field 'instruction' is empty"),
        ('{"id": "a", "instruction": "x", "references": ["x"]}', "the id 'a' is used twice"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, line: str, words: str) -> None:
    (tmp_path / "t.jsonl").write_text('{"id": "a", "instruction": "y", "references": ["y"]}\n' + line)
    with pytest.raises(EvaluationFileError) as raised:
        load_task_set(str(tmp_path / "t.jsonl"))
    assert str(raised.value).startswith(str(tmp_path / "t.jsonl"))
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is not JSON"),
        ("[]", "is a JSON list"),
        ('{"Definition": ["x"]}', "field 'Instances' is null"),
        ('{"Definition": ["x"], "Instances": []}', "field 'Instances' is empty"),
        ("{}", "'Definition'"),
    ],
)
def test_a_task_file_that_cannot_be_used_is_named(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "task9.json").write_text(content)
    with pytest.raises(EvaluationFileError, match="task9") as raised:
        load_task_set(f"superni:{tmp_path}")
    assert words in str(raised.value)


@pytest.mark.parametrize("categories", ["null", "[]"])
def test_a_task_may_have_no_category(tmp_path: Path, categories: str) -> None:
    instances = '[{"input": "a", "output": [1]}]'
    (tmp_path / "task9.json").write_text(f'{{"Definition": "x", "Categories": {categories}, "Instances": {instances}}}')
    [one] = load_task_set(f"superni:{tmp_path}")
    assert (one.category, one.references) == ("", ("1",))


def test_a_folder_without_tasks_is_named(tmp_path: Path) -> None:
    with pytest.raises(EvaluationFileError, match="names no task"):
        load_task_set(f"superni:{tmp_path}")


@pytest.mark.parametrize(
    ("encoding", "instruction", "given", "expected"),
    [
        ("self-instruct", " Add one. ", "41\n", "Add one.\n\nInput: 41\nOutput:"),
        ("self-instruct", "Say hello.", " ", "Say hello.\nOutput:"),
        ("tk-instruct", "Add one", "41", "Definition: Add one.\n\nNow complete the following example -\nInput: 41.\nOutput: "),
        ("open-instruct", "Add one!", "What?", "Add one!\n\nInput: What?\n\nOutput:"),
        ("chat", "Add one.", "41", "Add one.\n\n41"),
        ("chat", "Say hello.", "", "Say hello."),
    ],
)
def test_an_encoding_is_byte_for_byte(encoding: str, instruction: str, given: str, expected: str) -> None:
    assert encoded(instruction, given, encoding) == expected  # type: ignore[arg-type]


def test_the_recorded_prompts_of_superni_come_out(reference: Path) -> None:
    asked = {one.id: one for one in load_task_set(f"superni:{reference / 'evaluation/superni'}")}
    rows = [json.loads(line) for line in (reference / "evaluation/superni/prompts.jsonl").read_text().splitlines()]
    for row in rows:
        one = asked[row["id"]]
        for encoding in ("self-instruct", "tk-instruct", "open-instruct"):
            assert encoded(one.instruction, one.input, encoding) == row[encoding.replace("-", "_")]  # type: ignore[arg-type]
    assert len(rows) == 18


def test_the_252_recorded_prompts_come_out(reference: Path) -> None:
    asked = load_task_set(f"user-oriented:{reference / 'user-oriented/user_oriented_instructions.jsonl'}")
    recorded = reference / "user-oriented/predictions/davinci_predictions.jsonl"
    prompts = [json.loads(line)["prompt"] for line in recorded.read_text().splitlines()]
    assert [encoded(one.instruction, one.input, "self-instruct") for one in asked] == prompts
    assert len(prompts) == 252
