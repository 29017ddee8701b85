"""Fixtures every folder's tests share."""

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import certifi
import pytest
from hypothesis import settings
from support.command import Command, Done, ended, started
from support.driver import Driver, driving

from self_instruct import run
from self_instruct.ledger import LEDGER_FILE

ROOT = Path(__file__).parent.parent

# Processes that tests start find their modules compiled: where the environment forbids to keep that, as that of a container
# does, each of them takes a second longer.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Commands that tests interrupt inherit this; a shell that runs the tests in the background has it ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("ours", deadline=None)  # how long an example takes says how busy the machine is
settings.load_profile("ours")


SLOW = ("test_kill", "test_concurrency", "test_bad_replies", "test_browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that it is not what one of two processes still does when the other has nothing left."""
    items.sort(key=lambda item: item.path.stem not in SLOW)


@pytest.fixture(scope="session", autouse=True)
def few_certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let every client, of commands too, know one certificate: to read all of them takes longer than what it does in a test."""
    path, end = tmp_path_factory.mktemp("certificates") / "one.pem", "-----END CERTIFICATE-----\n"
    path.write_text(Path(certifi.where()).read_text(encoding="utf-8").partition(end)[0] + end, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(path))
        yield


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of real data nobody here wrote: `$SELF_INSTRUCT_REFERENCE`, or `../shared/reference` beside the checkout."""
    folder = Path(os.environ.get("SELF_INSTRUCT_REFERENCE", ROOT.parent / "shared" / "reference"))
    if not folder.is_dir():
        pytest.skip(f"no reference data at {folder}")
    return folder


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """A function that runs a command of the command line in this process, which is quicker than in one of its own."""
    monkeypatch.setenv("COLUMNS", "80")

    def call(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["run.py", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            run.main()
        printed = capsys.readouterr()
        return Done(int(end.value.code or 0), printed.out, printed.err)

    return call


@pytest.fixture
def with_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key in the environment, for servers that ask for none."""
    monkeypatch.setenv("OPENAI_API_KEY", "none-is-needed")


@pytest.fixture(scope="session")
def finished_ledger(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of the ledger of a finished run of six tasks."""
    directory = tmp_path_factory.mktemp("finished") / "run"
    done = ended(started("generate", "--run", directory, "--num-instructions", 6))
    assert done.code == 0, done.err
    return (directory / LEDGER_FILE).read_bytes()


@pytest.fixture
def finished_run(tmp_path: Path, finished_ledger: bytes) -> Path:
    """A finished run of six tasks, for one test to do with as it likes."""
    directory = tmp_path / "run"
    directory.mkdir()
    (directory / LEDGER_FILE).write_bytes(finished_ledger)
    return directory


@pytest.fixture(scope="session")
def drive() -> Iterator[Driver]:
    """Runs commands that may be killed."""
    with driving() as driver:
        yield driver


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The Chromium of the system, of which each test opens pages of its own. While it is open, nothing else may run a loop."""
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: pip install -e '.[dev]'")
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not found:
        pytest.skip("no Chromium here: apt-get install chromium")
    quiet = [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
    ]  # fmt: skip
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=quiet)
        yield started
        started.close()


@pytest.fixture
def without_package(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """A function that lets a package look as if it were not installed; LangChain remembers those that it has found."""
    from langchain.chat_models import base

    def hide(package: str) -> None:
        monkeypatch.setitem(sys.modules, package, None)
        base._get_chat_model_creator.cache_clear()

    return hide
