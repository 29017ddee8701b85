"""Import of the original's batch directories: the recorded run exactly, and other people's runs without complaint."""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from self_instruct.chains.runs import original_layout
from self_instruct.chains.runs.importing import import_batch
from self_instruct.chains.runs.replaying import replay
from self_instruct.ledger import Ledger
from self_instruct.records.errors import ImportFormatError, LedgerError
from self_instruct.records.tasks import Reason, StageName
from self_instruct.retrievers import similarity_records
from self_instruct.settings.layers import Layer

INSTRUCTIONS = "machine_generated_instructions.jsonl"
CLASSIFICATION = "is_clf_or_not_gpt-9_template_1.jsonl"
INSTANCES = "machine_generated_instances.jsonl"
PAPER = {"profile": "paper"}


def given(values: dict[str, Any]) -> Layer:
    return Layer.said(values, "test")


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write(path: Path, *lines: dict[str, Any] | str) -> None:
    text = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    path.write_text("".join(line + "\n" for line in text), encoding="utf-8")


@pytest.fixture(scope="module")
def recorded(reference: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The recorded run, imported with the profile `paper` over the original's seeds."""
    run = tmp_path_factory.mktemp("import") / "run"
    values = {**PAPER, "seeds": str(reference / "seed_tasks.jsonl")}
    return run, import_batch(reference / "original-layout", run, given(values))


def test_the_recorded_run_is_reproduced_to_its_counts(recorded: tuple[Path, list[str]]) -> None:
    run, said = recorded
    with Ledger.open(run, read_only=True) as ledger:
        refused = ledger.count_rejections()
        kept = len(list(ledger.tasks()))
        final = len(list(ledger.instances()))
    assert refused[StageName.INSTRUCTIONS, Reason.TOO_SIMILAR] == 30
    assert kept + 30 == 216
    invalid = sum(
        refused[StageName.INSTANCES, reason]
        for reason in (Reason.INPUT_EQUALS_OUTPUT, Reason.TRAILING_COLON, Reason.EMPTY_OUTPUT)
    )
    dropped = refused[StageName.INSTANCES, Reason.DUPLICATE] + refused[StageName.INSTANCES, Reason.CONFLICTING_OUTPUTS]
    assert final == 226
    assert final + dropped == 263
    assert final + dropped + invalid == 272
    assert any("1056 are about instructions that are not in the batch" in line for line in said)


def test_the_recorded_instructions_are_a_prefix_of_those_kept(recorded: tuple[Path, list[str]], reference: Path) -> None:
    expected = [row["instruction"] for row in rows(reference / "davinci-run" / "kept_instructions.jsonl")]
    with Ledger.open(recorded[0], read_only=True) as ledger:
        kept = [task.instruction for task in ledger.tasks()]
    assert len(kept) == 186
    assert kept[:185] == expected


def test_the_recorded_similarities_are_reproduced(recorded: tuple[Path, list[str]], reference: Path) -> None:
    expected = rows(reference / "davinci-run" / "kept_instructions.jsonl")
    seeds = [row["instruction"] for row in rows(reference / "seed_tasks.jsonl")]
    with Ledger.open(recorded[0], read_only=True) as ledger:
        kept = [task.instruction for task in ledger.tasks()]
    for row, record in zip(expected, similarity_records(seeds, kept, "ascii"), strict=False):
        assert record.average == row["avg_similarity_score"]
        assert list(record.most_similar.values()) == list(row["most_similar"].values())


def test_the_recorded_instances_are_reproduced_as_a_multiset(recorded: tuple[Path, list[str]], reference: Path) -> None:
    expected = Counter(
        (row["instruction"], row["input"], row["output"]) for row in rows(reference / "davinci-run" / "final_instances.jsonl")
    )
    with Ledger.open(recorded[0], read_only=True) as ledger:
        texts = {task.id: task.instruction for task in ledger.tasks()}
        found = Counter((texts[task], one.input, one.output) for task, one in ledger.instances())
    assert found == expected


def test_a_replay_keeps_each_reply_with_its_task_though_casing_differs(
    recorded: tuple[Path, list[str]], tmp_path: Path
) -> None:
    with (
        Ledger.open(recorded[0], read_only=True) as before,
        replay(before, tmp_path / "modern", given({"profile": "modern"})) as after,
    ):
        paper = {task.id: task.instruction for task in before.tasks()}
        modern = {task.id: task.instruction for task in after.tasks()}
        both = paper.keys() & modern.keys()
        assert len(both) > 170
        cut = [task for task in both if paper[task].casefold() != modern[task].casefold()]
        assert all(paper[task].casefold().startswith(modern[task].casefold()) for task in cut)
        assert len(cut) == 1  # its input and output stand behind the instruction
        assert any(paper[task] != modern[task] for task in both)
        assert len(list(after.replies())) == len(list(before.replies()))


def metadata(text: str, finish_reason: str = "stop", *, chat: bool = False) -> dict[str, Any]:
    answer = {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
    return {"prompt": "p", "response": {"choices": [{**answer, "finish_reason": finish_reason}]}, "created_at": "now"}


TWO = " List three rivers that cross a border.\n10. Translate the sentence into plain Italian.\n11. Short one."
RIVERS, ITALIAN = "List three rivers that cross a border.", "Translate the sentence into plain italian."


def imported(batch: Path, run: Path) -> tuple[list[str], dict[str, int]]:
    """Import under `paper`; return what was said, and how many instances each kept task has."""
    said = import_batch(batch, run, given(PAPER))
    with Ledger.open(run, read_only=True) as ledger:
        counts = Counter(task for task, _ in ledger.instances())
        return said, {task.instruction: counts[task.id] for task in ledger.tasks()}


@pytest.mark.parametrize("chat", [False, True])
def test_another_engine_and_the_chat_shape_are_read(tmp_path: Path, chat: bool) -> None:
    write(tmp_path / INSTRUCTIONS, *({"instruction": one, "metadata": metadata(TWO, chat=chat)} for one in (RIVERS, ITALIAN)))
    write(tmp_path / CLASSIFICATION, {"instruction": RIVERS, "is_classification": " No"})
    row = {"instruction": RIVERS, "raw_instances": "", "instance_metadata": metadata("Output: Rhine, Danube, Nile", chat=chat)}
    write(tmp_path / INSTANCES, row)
    said, found = imported(tmp_path, tmp_path / "run")
    assert found == {RIVERS: 1, ITALIAN: 0}
    assert "instruction replies: 1 taken over" in said


def test_any_file_but_one_may_be_missing(tmp_path: Path) -> None:
    lines = {
        INSTRUCTIONS: {"instruction": RIVERS, "metadata": metadata(TWO)},
        CLASSIFICATION: {"instruction": RIVERS, "is_classification": "No"},
        INSTANCES: {"instruction": RIVERS, "raw_instances": "Output: x", "instruction_metadata": metadata(TWO)},
    }
    for name, line in lines.items():
        batch = tmp_path / name
        batch.mkdir()
        write(batch / name, line)
        said, found = imported(batch, batch / "run")
        assert RIVERS in found, name
        assert any("have no stored reply yet" in line for line in said), name


def test_an_instruction_whose_reply_is_not_recorded_stands_as_its_own(tmp_path: Path) -> None:
    write(tmp_path / INSTRUCTIONS, {"instruction": RIVERS}, {"instruction": ITALIAN, "metadata": {"response": None}})
    said, found = imported(tmp_path, tmp_path / "run")
    assert set(found) == {RIVERS, ITALIAN}
    assert "instructions whose reply is not recorded: 2, each taken as a reply of its own" in said


def test_failed_repeated_and_unknown_rows_are_counted(tmp_path: Path) -> None:
    write(tmp_path / INSTRUCTIONS, {"instruction": RIVERS, "metadata": metadata(TWO)})
    unknown = {"instruction": "Name the moons of a planet you like.", "is_classification": "Yes"}
    known = {"instruction": RIVERS, "is_classification": True}
    write(tmp_path / CLASSIFICATION, known, known, unknown, {"instruction": RIVERS, "is_classification": None})
    write(tmp_path / INSTANCES, {"instruction": RIVERS, "raw_instances": "", "instance_metadata": {"response": None}})
    said, found = imported(tmp_path, tmp_path / "run")
    assert found[RIVERS] == 0
    assert (
        "classification replies: 1 taken over, 1 failed then and have no reply,"
        " 1 are about instructions that are not in the batch, and ignored, 1 repeat another, and are ignored"
    ) in said
    assert "instance replies: 1 failed then and have no reply" in said


def test_lines_that_cannot_be_read_are_named_and_left_out(tmp_path: Path) -> None:
    good = {"instruction": RIVERS, "metadata": metadata(TWO)}
    write(tmp_path / INSTRUCTIONS, "{", "[1]", {"instruction": 5}, good, '{"instruction": "cut of')
    said, found = imported(tmp_path, tmp_path / "run")
    assert RIVERS in found
    for number in (1, 2, 3, 5):
        assert any(line.startswith(f"{INSTRUCTIONS}:{number}: ") for line in said)


def test_a_line_without_end_is_named_and_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(original_layout, "MOST_LINE_BYTES", 2**20)
    write(tmp_path / INSTRUCTIONS, "x" * 5 * 2**20, {"instruction": "Write a story about the sea."}, "no JSON", "y" * 3 * 2**20)
    said = import_batch(tmp_path, tmp_path / "run", given(PAPER))
    assert [line.partition(": is")[0] for line in said[:3]] == [f"{INSTRUCTIONS}:{number}" for number in (1, 3, 4)]
    assert said[0].endswith("is longer than 1 MiB; the line is left out.")
    with Ledger.open(tmp_path / "run", read_only=True) as ledger:
        assert [task.instruction for task in ledger.tasks()] == ["Write a story about the sea."]


@pytest.mark.parametrize("kind", ["pipe", "directory", "link to itself", "endless"])
def test_what_is_no_file_is_not_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / INSTRUCTIONS
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "directory":
            path.mkdir()
        case "link to itself":
            path.symlink_to(path)
        case _:
            path.symlink_to("/dev/zero")
    write(tmp_path / CLASSIFICATION, {"instruction": "Write a story.", "is_classification": " No"})
    said = import_batch(tmp_path, tmp_path / "run", given(PAPER))
    assert f"{INSTRUCTIONS}: is no file; going on without it." in said


def test_a_file_of_noise_is_told_in_a_few_lines(tmp_path: Path) -> None:
    write(tmp_path / INSTRUCTIONS, *["no JSON"] * 5_000, {"instruction": "Write a story."})
    said = import_batch(tmp_path, tmp_path / "run", given(PAPER))
    assert f"{INSTRUCTIONS}: 4,990 more lines are left out." in said
    assert len(said) < 20


def test_a_directory_with_nothing_usable_is_an_error_and_leaves_no_run(tmp_path: Path) -> None:
    write(tmp_path / INSTRUCTIONS, "{")
    with pytest.raises(ImportFormatError, match="no usable line"):
        import_batch(tmp_path, tmp_path / "run", given(PAPER))
    with pytest.raises(ImportFormatError, match="is not a directory"):
        import_batch(tmp_path / "gone", tmp_path / "run", given(PAPER))
    assert not (tmp_path / "run").exists()


def test_an_import_never_touches_a_run_that_is_there(tmp_path: Path) -> None:
    write(tmp_path / INSTRUCTIONS, {"instruction": RIVERS, "metadata": metadata(TWO)})
    imported(tmp_path, tmp_path / "run")
    with pytest.raises(LedgerError, match="exists already"):
        import_batch(tmp_path, tmp_path / "run", given(PAPER))


def test_a_response_that_is_its_first_choice_alone_is_read(tmp_path: Path) -> None:
    alone = {"prompt": "p", "response": {"text": TWO, "finish_reason": "stop"}}
    write(tmp_path / INSTRUCTIONS, {"instruction": RIVERS, "metadata": alone})
    said, found = imported(tmp_path, tmp_path / "run")
    assert list(found) == [RIVERS, ITALIAN]
    assert "instruction replies: 1 taken over" in said


def test_an_import_that_cannot_be_finished_leaves_no_run_and_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / INSTRUCTIONS, {"instruction": RIVERS, "metadata": metadata(TWO)})

    def fill_the_disk(*_: Any) -> None:
        raise LedgerError("database or disk is full")

    with monkeypatch.context() as during:
        during.setattr(Ledger, "add_task", fill_the_disk)
        with pytest.raises(LedgerError):
            import_batch(tmp_path, tmp_path / "run", given(PAPER))
    assert not (tmp_path / "run").exists()
    _, found = imported(tmp_path, tmp_path / "run")
    assert RIVERS in found
