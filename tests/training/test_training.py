"""A tiny model, randomly initialised here, is trained on exports: it learns, goes on after a kill, and is measured."""

import json
import re
import shlex
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.command import Command, assert_refused

torch = pytest.importorskip("torch")
pytest.importorskip("trl")
pytest.importorskip("peft")

from support.tiny_model import save_tiny_model  # noqa: E402

from self_instruct.training.examples import as_text, examples  # noqa: E402
from self_instruct.training.recipe import Recipe  # noqa: E402
from self_instruct.training.rows import Conversation, Pair, Parts, TrainingDataError, Turn, read_rows  # noqa: E402
from self_instruct.training.training import TrainingSnapshot, train  # noqa: E402

README = Path(__file__).parent.parent.parent / "README.md"
ROWS = [Parts(f"Say {word}.", "", f"{word} {word}") for word in ("one", "two", "six", "ten", "red", "sun", "cat", "dog")]
FULL = Recipe("full", epochs=6, batch_size=4, learning_rate=0.02)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("base"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    rows = [{"instruction": row.instruction, "input": row.input, "output": row.output} for row in ROWS]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


def tokenizer_of(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)


def test_only_the_completion_and_its_end_are_learned(base: Path) -> None:
    tokenizer = tokenizer_of(base)
    [one] = examples(ROWS[:1], tokenizer, Recipe()).kept
    learned = [token for token in one.labels if token != -100]
    assert tokenizer.decode(learned).replace(" ", "").endswith("oneone</s>")
    assert len(one.labels) == len(one.tokens) > len(learned)


def test_what_a_system_said_stands_before_what_a_base_model_is_asked() -> None:
    row = Conversation((Turn("system", "Be kind."), Turn("user", "Hi")), "Yo")
    assert as_text(row, 0, 0) == Pair("Be kind.\n\nHi\n\n", "Yo")
    with pytest.raises(TrainingDataError, match="row 3 is a conversation of several turns"):
        as_text(Conversation((Turn("user", "a"), Turn("assistant", "b"), Turn("user", "c")), "d"), 2, 0)


def test_a_chat_model_learns_in_its_own_template(tmp_path: Path) -> None:
    tokenizer = tokenizer_of(save_tiny_model(tmp_path, is_chat=True))
    found = examples([Conversation((Turn("user", "Hi"),), "Yo")], tokenizer, Recipe())
    told = "".join(tokenizer.convert_ids_to_tokens(found.kept[0].tokens))
    assert (found.is_chat, told) == (True, "user> Hi</s>assistant> Yo</s>")
    assert found.kept[0].learned == 3


def test_a_part_of_the_vocabulary_trains_alike_and_a_whole_one_is_saved(
    base: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("self_instruct.training.vocabulary.COMMONEST", 8)
    rows, recipe = read_rows(data), Recipe("lora", epochs=4, batch_size=4, learning_rate=0.05)
    whole = train(rows, str(base), tmp_path / "whole", recipe)
    part = train(rows, str(base), tmp_path / "part", replace(recipe, cut_vocabulary=True))
    assert part.last_loss < part.first_loss < whole.first_loss  # it chooses among fewer
    assert part.steps == whole.steps
    assert {name: each.shape for name, each in weights(tmp_path / "part").items()} == {
        name: each.shape for name, each in weights(tmp_path / "whole").items()
    }
    before, after = weights(base), weights(tmp_path / "part")
    assert any(not torch.equal(before[name], after[name]) for name in before)
    assert_same_configuration(base, tmp_path / "part", "vocab_size")


def assert_same_configuration(one: Path, other: Path, name: str) -> None:
    read = [json.loads((folder / "config.json").read_text(encoding="utf-8"))[name] for folder in (one, other)]
    assert read[0] == read[1]


def test_rows_that_are_too_long_are_left_out_and_counted(base: Path) -> None:
    found = examples([*ROWS, Parts("Say it.", "", "x" * 300)], tokenizer_of(base), Recipe(max_length=100))
    assert (len(found.kept), found.too_long) == (len(ROWS), 1)


def test_a_training_that_was_killed_ends_with_the_weights_of_an_undisturbed_one(base: Path, data: Path, tmp_path: Path) -> None:
    class Killed(BaseException):
        pass

    def kill(at: TrainingSnapshot) -> None:
        if at.step == 8 and not (tmp_path / "killed" / "checkpoints" / "checkpoint-9").exists():
            (tmp_path / "killed" / "checkpoints" / "checkpoint-9").mkdir()  # one that was being written
            raise Killed

    done = train(read_rows(data), str(base), tmp_path / "whole", FULL, save_steps=3)
    assert done.last_loss < done.first_loss - 1
    with pytest.raises(Killed):
        train(read_rows(data), str(base), tmp_path / "killed", FULL, save_steps=3, on_progress=kill)
    seen: list[int] = []
    gone_on = train(
        read_rows(data), str(base), tmp_path / "killed", FULL, save_steps=3, on_progress=lambda at: seen.append(at.step)
    )
    assert (seen[0], seen[-1]) == (7, 12)
    assert gone_on.losses == done.losses
    expected, found = weights(tmp_path / "whole"), weights(tmp_path / "killed")
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_the_command_trains_and_the_model_is_measured(command: Command, base: Path, data: Path, tmp_path: Path) -> None:
    out, tasks = tmp_path / "tuned", tmp_path / "tasks.jsonl"
    asked = ["train", data, "--model", base, "--out", out, "--max-steps", 4, "--batch-size", 4]
    done = command(*asked)
    assert done.code == 0, done.err
    assert "4 steps over 8 rows" in done.out
    card = json.loads((out / "training.json").read_text())
    assert card["data"]["rows"] == 8
    assert (out / "adapter" / "adapter_model.safetensors").exists()
    assert card["data"]["sha256"] in (out / "README.md").read_text()
    tasks.write_text('{"id": "1", "instruction": "Say one.", "input": "", "references": ["one one"]}\n')
    scored = command(
        "evaluate",
        f"transformers:{out}",
        "--tasks",
        tasks,
        "--answer-tokens",
        5,
        "--likelihood",
        "--json",
        "--run",
        tmp_path / "run",
    )
    assert json.loads(scored.out)["log_likelihood"]["instances"] == 1, scored.err
    before = (out / "model.safetensors").stat().st_mtime_ns
    assert "4 steps" in command(*asked).out  # is done: nothing is trained again
    assert (out / "model.safetensors").stat().st_mtime_ns == before
    assert_refused(command(*asked[:-1], 2), "--batch-size 4, not 2")


def test_the_commands_of_the_readme_lead_to_a_measured_model_and_say_whether_it_was_worth_it(
    command: Command, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = README.read_text(encoding="utf-8").split("## Train on it\n")[1].split("\n## ")[0]
    generate, export, train_, evaluate, experiment = re.findall(r"^\.venv/bin/python run\.py (.*)$", section, re.MULTILINE)
    monkeypatch.chdir(tmp_path)
    one = {"id": "1", "instruction": "Say one.", "instances": [{"input": "", "output": "one"}]}
    Path("user_oriented_instructions.jsonl").write_text(json.dumps(one) + "\n", encoding="utf-8")
    for printed in (
        generate.replace("openai:gpt-4.1-mini", "offline").replace("1000", "4"),
        export,
        train_.replace("google/gemma-3-270m", str(base)) + " --max-steps 1",
        evaluate + " --answer-tokens 4",
    ):
        done = command(*shlex.split(printed))
        assert done.code == 0, done.err
    assert "log-likelihood" in done.out
    small = experiment.replace("google/gemma-3-270m", str(base)) + " --max-steps 1 --answer-tokens 4 --seeds 1"
    compared = command(*shlex.split(small))
    assert "less seeds alone" in compared.out, compared.err


@pytest.mark.parametrize(
    ("model", "out", "says"),
    [
        ("no/such/model", "new", "there is no such folder"),
        ("empty", "new", "has no config.json"),
        ("base", "empty-not", "holds something else than a training"),
    ],
)
def test_what_cannot_be_trained_is_refused(
    command: Command, base: Path, data: Path, tmp_path: Path, model: str, out: str, says: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty-not").mkdir()
    (tmp_path / "empty-not" / "thesis.txt").touch()
    shutil.copytree(base, tmp_path / "base")
    where = model if "/" in model else tmp_path / model
    done = command("train", data, "--model", where, "--out", tmp_path / out)
    assert done.code == 2
    assert says in done.err
    assert "Traceback" not in done.err


def test_a_misspelt_base_does_not_spoil_the_folder(command: Command, base: Path, data: Path, tmp_path: Path) -> None:
    done = command("train", data, "--model", tmp_path / "nosuch", "--out", tmp_path / "out")
    assert done.code == 2
    done = command("train", data, "--model", base, "--out", tmp_path / "out", "--max-steps", "2", "--full")
    assert (done.code, "2 steps" in done.out) == (0, True), done.err
    done = command("train", data, "--model", base, "--out", tmp_path / "out", "--max-steps", "3", "--full")
    assert_refused(done, "was begun with --max-steps 2, not 3")
