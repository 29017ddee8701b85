"""An export takes its place whole, or what stood there stays."""

import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from self_instruct.records.errors import InputError
from self_instruct.reports.writing import ExportError, new_file, new_folder

NAMES = ("one.jsonl", "two.jsonl")


def killed_while(write: Callable[[], None]) -> None:
    """Run `write` in a process that is expected to die of SIGKILL in it."""
    child = os.fork()
    if child == 0:
        write()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGKILL


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def write_folder(folder: Path, *contents: str) -> None:
    with new_folder(folder, NAMES) as files:
        for file, content in zip(files, contents, strict=True):
            file.write(content)


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "new" / "rows.jsonl"
    with new_file(target) as file:
        file.write("a\n")
        file.flush()
        assert not target.exists()
    assert target.read_bytes() == b"a\n"
    assert list(target.parent.iterdir()) == [target]


def test_a_file_is_readable_to_whom_the_umask_allows(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with new_file(tmp_path / "rows.jsonl"):
            pass
    finally:
        os.umask(before)
    assert (tmp_path / "rows.jsonl").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path, failure: type[BaseException]) -> None:
    target = tmp_path / "rows.jsonl"
    target.write_text("old")

    def write() -> None:
        with new_file(target) as file:
            file.write("new")
            raise failure

    with pytest.raises(failure):
        write()
    assert texts(tmp_path) == {"rows.jsonl": "old"}


def test_a_kill_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "rows.jsonl"
    target.write_text("old")

    def write() -> None:
        with new_file(target) as file:
            file.write("new")
            file.flush()
            die()

    killed_while(write)
    assert target.read_text() == "old"


def test_a_kill_while_writing_leaves_the_old_folder(tmp_path: Path) -> None:
    write_folder(tmp_path / "out", "old 1", "old 2")

    def write() -> None:
        with new_folder(tmp_path / "out", NAMES) as (first, _):
            first.write("new")
            first.flush()
            die()

    killed_while(write)
    assert texts(tmp_path / "out") == {"one.jsonl": "old 1", "two.jsonl": "old 2"}


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    write_folder(tmp_path / "out", "old 1", "old 2")
    write_folder(tmp_path / "out", "new 1", "new 2")
    assert texts(tmp_path / "out") == {"one.jsonl": "new 1", "two.jsonl": "new 2"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    write_folder(tmp_path / "out", "1", "2")
    assert texts(tmp_path / "out") == {"one.jsonl": "1", "two.jsonl": "2"}


def test_a_folder_that_cannot_take_its_place_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_folder(tmp_path / "out", "old 1", "old 2")
    rename = Path.rename

    def fail_for_the_new(self: Path, target: Path) -> Path:
        if self.suffix == ".new":
            raise PermissionError(1, "Operation not permitted")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_for_the_new)
    with pytest.raises(ExportError, match="Operation not permitted"):
        write_folder(tmp_path / "out", "new 1", "new 2")
    assert texts(tmp_path / "out") == {"one.jsonl": "old 1", "two.jsonl": "old 2"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_with_other_files_is_refused_and_untouched(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(ExportError, match=r"holds 'thesis.tex', which is not of this export; name a new folder with `out`\.$"):
        write_folder(tmp_path, "1", "2")
    assert texts(tmp_path) == {"thesis.tex": "years of work"}


def test_the_current_directory_is_not_pulled_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ExportError, match="current directory"):
        write_folder(Path(), "1", "2")


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.jsonl").write_text("old")
    (tmp_path / "link.jsonl").symlink_to("real.jsonl")
    with new_file(tmp_path / "link.jsonl") as file:
        file.write("new")
    assert (tmp_path / "link.jsonl").is_symlink()
    assert (tmp_path / "real.jsonl").read_text() == "new"


def test_a_full_disk_half_way_is_one_line_and_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "rows.jsonl"
    target.write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))  # the real thing, but for the errno: EFBIG
    try:
        with pytest.raises(ExportError) as raised, new_file(target) as file:
            file.writelines("x" * 1000 for _ in range(1000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (
        str(raised.value) == f"{target}: cannot be written (File too large); choose another place with `out` and run it again."
    )
    assert texts(tmp_path) == {"rows.jsonl": "old"}


def test_a_full_disk_asks_for_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with (
        pytest.raises(ExportError, match=r"\(No space left on device\); make room and run it again\.$"),
        new_file(tmp_path / "f"),
    ):
        pass


def test_a_target_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for target, said in (
        (tmp_path, f"{tmp_path}: is no file; name the file to write with `out`."),
        (Path(os.devnull), f"{os.devnull}: is no file; name the file to write with `out`."),
        (tmp_path / "file" / "rows", f"{tmp_path}/file: is a file, not a folder to write in; choose another place with `out`."),
        (tmp_path / ("x" * 300), f"{tmp_path}/{'x' * 300}: cannot be written (File name too long); choose another place with"
         " `out` and run it again."),
    ):  # fmt: skip
        with pytest.raises(InputError) as raised, new_file(target):
            pass
        assert str(raised.value) == said
    with pytest.raises(ExportError, match="is a file; this format writes a folder"):
        write_folder(tmp_path / "file", "1", "2")
