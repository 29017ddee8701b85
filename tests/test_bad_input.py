"""Wrong input: one line that says what, where and what to do; exit 2; nothing lost, and nothing left behind."""

import gzip
import json
import os
import pickle
import shutil
import sqlite3
import sys
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from support.command import WITHOUT_PRIVILEGES, Command, assert_refused, ended, started
from support.limits import address_space_limit

from self_instruct.ledger import LEDGER_FILE
from self_instruct.ledger.lock import RunLock
from self_instruct.ledger.schema import VERSION
from self_instruct.seeds.loading import seed_to_fields, shipped_seeds

PASSWORD = "canary-2718281828"


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    path = tmp_path / "seeds.jsonl"
    path.write_text("\n".join(json.dumps(seed_to_fields(one)) for one in shipped_seeds()[:12]), encoding="utf-8")
    return path


class _Trap:
    """Makes a directory where it is unpickled."""

    def __init__(self, sprung: Path) -> None:
        self.sprung = sprung

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.sprung),)


def written_as(kind: str, path: Path, sprung: Path) -> Path:
    """Return a file that is no file of records: an archive of one, or one that does something when it is loaded."""
    match kind:
        case "zip":
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("seeds.jsonl", "{}")
        case "gzip":
            path.write_bytes(gzip.compress(b"{}"))
        case "pickle":
            path.write_bytes(pickle.dumps(_Trap(sprung)))
        case "old pickle":
            path.write_bytes(pickle.dumps(_Trap(sprung), 0))
        case "YAML":
            path.write_text(f'!!python/object/apply:os.mkdir ["{sprung}"]')
    return path


@pytest.mark.parametrize("kind", ["zip", "gzip", "pickle", "old pickle", "YAML"])
def test_archives_and_pickles_are_no_input_and_nothing_in_them_is_run(
    command: Command, tmp_path: Path, seeds: Path, kind: str
) -> None:
    sprung, run, out = tmp_path / "sprung", tmp_path / "run", ("--out", tmp_path / "out", "--refused", tmp_path / "refused")
    file = written_as(kind, tmp_path / "file", sprung)
    for arguments in (
        ("seeds", "check", seeds, "--against", file),
        ("generate", "--model", "offline", "--run", run, "--config", file),
        ("generate", "--model", "offline", "--run", run, "--templates", file),
        ("import", file, "--run", run),
        *(("dedup", file, "--format", form, *out) for form in ("jsonl", "json", "csv")),
        ("status", file),
    ):
        assert_refused(command(*arguments), str(file))
    done = command("generate", "--model", "offline", "--run", run, "--seeds", file)  # a line for each line of it
    assert done.code == 2
    assert all(line.startswith((f"{file}:", "...")) for line in done.said)
    assert not sprung.exists()
    assert not run.exists()


# seed files


def corrupted(seeds: Path, number: int, line: str) -> None:
    lines = seeds.read_text(encoding="utf-8").splitlines()
    lines[number - 1] = line
    seeds.write_text("\n".join(lines), encoding="utf-8")


BAD_SEEDS: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (Path.unlink, ": cannot be read (No such file or directory); expected a JSONL file of seed tasks."),
    "empty": (lambda path: path.write_text("\n \n"), ": is empty; expected one seed task as a JSON object a line."),
    "not UTF-8": (lambda path: path.write_bytes(b"\n\n\xff"), ":3: is not UTF-8 text; save the file as UTF-8."),
    "not JSON": (lambda path: corrupted(path, 7, '{"id": '), ":7: is not JSON ("),
    "no object": (lambda path: corrupted(path, 3, "[1]"), ":3: is a JSON list; expected an object"),
    "no field": (
        lambda path: corrupted(path, 4, '{"id": "x", "name": "x"}'),
        ":4: field 'instruction' is missing; expected text.",
    ),
    "wrong type": (
        lambda path: corrupted(path, 5, '{"id": "x", "name": "x", "instruction": ["a"]}'),
        """:5: field 'instruction' is ["a"]; expected text.""",
    ),
    "too few": (
        lambda path: path.write_text("\n".join(path.read_text().splitlines()[:7])),
        ": a prompt shows 8 demonstrations, but there are only 7 seed tasks; add seeds, or set instructions.",
    ),
}


@pytest.mark.parametrize(("damage", "words"), BAD_SEEDS.values(), ids=BAD_SEEDS)
@pytest.mark.parametrize("name", ["generate", "import"])
def test_a_seed_file_that_cannot_be_used_is_named_and_leaves_no_run(
    command: Command, tmp_path: Path, seeds: Path, damage: Callable[[Path], object], words: str, name: str
) -> None:
    damage(seeds)
    batch = [tmp_path] if name == "import" else []
    assert_refused(command(name, *batch, "--run", tmp_path / "new", "--seeds", seeds), str(seeds) + words)
    assert not (tmp_path / "new").exists()


def test_every_fault_of_a_seed_file_is_a_line(command: Command, tmp_path: Path, seeds: Path) -> None:
    corrupted(seeds, 2, "{")
    corrupted(seeds, 9, "[]")
    done = command("generate", "--run", tmp_path / "new", "--seeds", seeds)
    assert done.code == 2
    assert [line.partition(": ")[0] for line in done.said] == [f"{seeds}:2", f"{seeds}:9"]
    done = command("seeds", "check", seeds)
    assert done.code == 2
    assert [line.partition(": ")[0] for line in done.said] == [f"{seeds}:2", f"{seeds}:9"]


BAD_SETTINGS = [
    (["--set", "novelty.treshold=0.5"], "--set: there is no setting 'novelty.treshold'; did you mean 'novelty.threshold'?\n"),
    (["--set", "novelty.threshold"], "--set novelty.threshold: expected key=value"),
    (["--set", "novelty.threshold=2"], "--set: novelty.threshold is 2; must be a decimal above 0 and at most 1"),
    (["--config", "no-such.yaml"], "no-such.yaml: cannot be read (No such file or directory); expected settings"),
    (["--profile", "modem"], "--profile: profile is 'modem'; input should be 'modern' or 'paper'."),
    (["--num-instructions", "0"], "--num-instructions: num_instructions is 0; input should be greater than 0."),
    (["--concurrency", "-1"], "--concurrency: concurrency is -1; input should be greater than 0."),
    (["--model", "nonsense:x"], "model 'nonsense:x': no such provider; expected PROVIDER:NAME, e.g. openai:gpt-4.1-mini"),
    (["--model", "anthropic:x"], "pip install langchain-anthropic"),
    (["--model", "ollama:x"], "pip install langchain-ollama"),
    (["--model", "openai:x"], "OPENAI_API_KEY"),
    (["--model", "openai-completion:x"], "OPENAI_API_KEY"),
    (["--base-url", f"http://me:{PASSWORD}@host/v1"], "--base-url: base_url must hold no user name or password"),
    (["--base-url", "localhost:8000"], "--base-url: base_url must be an address such as http://127.0.0.1:8000/v1"),
    (["--templates", "no-such-folder"], "no-such-folder: templates cannot be read"),
    (["--set", f"instructions.parameters.api_key={PASSWORD}"], "put a secret into the environment"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "words"), BAD_SETTINGS, ids=lambda value: value[-1] if isinstance(value, list) else "")
def test_a_wrong_setting_is_named_and_leaves_no_run(
    command: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    without_package: Callable[[str], None],
    arguments: list[str],
    words: str,
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY"):
        monkeypatch.delenv(name, raising=False)
    for package in ("langchain_anthropic", "langchain_ollama"):
        without_package(package)
    done = command("generate", "--run", tmp_path / "deep" / "new", *arguments)
    assert_refused(done, words)
    assert PASSWORD not in done.err
    assert not (tmp_path / "deep" / "new").exists()


def test_an_unknown_key_of_a_config_file_is_named_by_its_line(command: Command, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("seed: 1\ninstruction:\n  min_words: 3\n")
    done = command("generate", "--run", tmp_path / "new", "--config", tmp_path / "c.yaml")
    assert_refused(
        done, f"{tmp_path}/c.yaml:3: there is no setting 'instruction.min_words'; did you mean 'instructions.min_words'?"
    )


@pytest.mark.parametrize("name", ["generate", "replay", "import"])
def test_a_place_that_cannot_be_written_is_named(command: Command, tmp_path: Path, finished_run: Path, name: str) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "batch").mkdir()
    (tmp_path / "batch" / "machine_generated_instructions.jsonl").write_text('{"instruction": "Name a river in Asia."}\n')
    before = {"replay": [finished_run], "import": [tmp_path / "batch"], "generate": []}[name]
    for place in (tmp_path / "file" / "run", Path("/proc/run"), Path("/dev/null")):
        assert_refused(command(name, *before, "--run", place), str(place), "mend that, or choose another --run.")
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("arguments", [["status"], ["export", "--format", "alpaca"], ["replay", "--run", "new"]])
def test_a_directory_without_a_run_is_named(command: Command, tmp_path: Path, arguments: list[str]) -> None:
    name, *options = arguments
    assert_refused(command(name, tmp_path, *options), f"{tmp_path}: holds no ledger.sqlite; start a run with generate --run")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [["status"], ["export", "--format", "alpaca"], ["judge"], ["generate", "--run"], ["generate", "--dry-run", "--run"]],
)
def test_a_file_in_place_of_a_run_is_called_one(command: Command, tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "file").write_text("mine")
    assert_refused(command(*arguments, tmp_path / "file"), f"{tmp_path}/file: is a file; a run is a folder.")
    assert (tmp_path / "file").read_text() == "mine"


def make_foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")


def make_newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version=99")


def flip_the_middle(path: Path) -> None:
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 8192] = bytes(byte ^ 0xFF for byte in data[middle : middle + 8192])
    path.write_bytes(data)


BAD_LEDGERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "foreign": (make_foreign, "is not a ledger of self-instruct; choose another run directory with --run."),
    "newer": (make_newer, f"has ledger version 99, this program reads {VERSION}; use the program that wrote it."),
    "truncated": (lambda path: path.write_bytes(path.read_bytes()[:20_000]), "is damaged or no ledger ("),
    "flipped": (flip_the_middle, "is damaged or no ledger ("),
    "text": (lambda path: path.write_text("no database" * 1000), "is damaged or no ledger ("),
}
USES = [["generate", "--run"], ["status"], ["status", "--json"], ["export", "--format", "alpaca"], ["replay", "--run", "NEW"]]


@pytest.mark.parametrize(("damage", "words"), BAD_LEDGERS.values(), ids=BAD_LEDGERS)
@pytest.mark.parametrize("use", USES, ids=" ".join)
def test_a_ledger_that_cannot_be_used_is_named_by_whichever_command_meets_it(
    command: Command, tmp_path: Path, finished_run: Path, damage: Callable[[Path], object], words: str, use: list[str]
) -> None:
    damage(finished_run / LEDGER_FILE)
    before = (finished_run / LEDGER_FILE).read_bytes()
    name, *options = [str(tmp_path / "new") if option == "NEW" else option for option in use]
    arguments = [*options, finished_run] if name == "generate" else [finished_run, *options]
    assert_refused(command(name, *arguments), f"{finished_run / LEDGER_FILE}: ", words)
    assert (finished_run / LEDGER_FILE).read_bytes() == before
    assert not (tmp_path / "new").exists()


def test_a_run_that_another_process_holds_is_refused_and_can_be_looked_at(command: Command, finished_run: Path) -> None:
    lock = RunLock(finished_run)
    done = ended(started("generate", "--run", finished_run, "--num-instructions", 9))
    assert_refused(done, f"{finished_run}: another writer holds this run; wait, or choose another --run.")
    assert command("status", finished_run).code == 0
    lock.release()
    assert command("generate", "--run", finished_run, "--num-instructions", 9).code == 0


def test_a_batch_directory_that_is_none_is_named_and_leaves_no_run(command: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for batch in (tmp_path / "none", tmp_path / "empty"):
        done = command("import", batch, "--run", tmp_path / "new")
        assert done.code == 2
        assert str(batch) in done.said[-1]
        assert not (tmp_path / "new").exists()


def test_wrong_input_shows_no_traceback_in_a_process_of_its_own_either() -> None:
    assert_refused(ended(started("generate", "--run", "/dev/null/run")))


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="nobody says here what is mapped")
def test_too_little_memory_for_faiss_is_a_line_and_no_crash(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "faiss", raising=False)
    with address_space_limit(200 << 20):
        done = command("generate", "--model", "offline", "--num-instructions", "2", "--run", tmp_path / "run")
    assert done.code == 1
    assert "out of memory (FAISS takes 384 MiB of address space" in done.said[-1]


@pytest.mark.skipif(os.name != "posix" or (os.geteuid() == 0 and not shutil.which("setpriv")), reason="nothing stops us here")
def test_a_directory_that_its_user_may_not_write_is_named_and_can_be_looked_at(finished_run: Path) -> None:
    finished_run.chmod(0o555)
    before = WITHOUT_PRIVILEGES if os.geteuid() == 0 else ()
    try:
        arguments = ("--model", "offline", "--num-instructions", "99")
        goes_on = ended(started("generate", *arguments, "--run", finished_run, before=before))
        assert_refused(goes_on, str(finished_run), "nothing can be written there", "choose another --run")
        assert_refused(ended(started("export", finished_run, "--format", "alpaca", before=before)), "cannot be written")
        assert ended(started("status", finished_run, before=before)).code == 0
    finally:
        finished_run.chmod(0o755)
