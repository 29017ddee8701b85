"""What the README and the pages of docs/ show, done as printed; and what they take from the code, as the code has it now."""

import json
import re
import runpy
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from support.command import Command

from self_instruct import run
from self_instruct.chains import instruction_chain, load_model
from self_instruct.reports.exports.export import FORMATS
from self_instruct.seeds.loading import parse_seeds
from self_instruct.settings.config_file import from_config
from self_instruct.settings.dotted_keys import known_keys
from self_instruct.settings.settings import Settings
from self_instruct.settings.settling import settle

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))


def found(pattern: str, *more: Path) -> list[Any]:
    """What a pattern finds in the pages (and files), each with the name of its page for the test's."""
    return [
        pytest.param(match, id=f"{page.name}-{number}")
        for page in (*PAGES, *more)
        for number, match in enumerate(re.findall(pattern, page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE))
    ]


def read_by_the_command_line(words: list[str]) -> None:
    """Read a command's words as the command line does, without doing it; raises where it would refuse them."""
    command: Any = typer.main.get_command(run.app)
    while hasattr(command, "commands"):
        command, words = command.commands[words[0]], words[1:]
    command.make_context("run.py", words)


def examples() -> list[Any]:
    """The Python examples, each of which stands alone; those of adding-a-stage.md are one package (test_adding_a_stage.py)."""
    return [example for example in found(r"```python\n(.*?)```") if not example.id.startswith("adding-a-stage")]


@pytest.mark.parametrize("code", examples())
def test_each_python_example_runs_as_printed(
    code: str, tmp_path: Path, finished_run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "runs").mkdir()
    finished_run.rename(tmp_path / "runs" / "default")  # as `make run` leaves one
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "example", "exec"), {"__name__": "example"})
    assert capsys.readouterr().out.strip()


@pytest.mark.parametrize("text", found(r"```yaml\n(.*?)```"))
def test_each_config_settles_as_printed(text: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    given = from_config(tmp_path / "config.yaml")
    assert given.values
    assert settle(given)


@pytest.mark.parametrize("command", found(r"^(?:# )?\.venv/bin/python run\.py ([^\n]*)$", *EXAMPLES))
def test_each_command_is_one_that_the_command_line_takes(command: str) -> None:
    read_by_the_command_line(shlex.split(command))


def test_a_flag_that_is_not_there_would_be_noticed() -> None:
    with pytest.raises(Exception, match="No such option"):
        read_by_the_command_line(["generate", "--sead", "1"])


def test_the_statement_is_printed_as_shown_but_for_its_figures(finished_run: Path, command: Command) -> None:
    commands = re.findall(r"run\.py (\w+) runs/default\n", README)
    assert commands.index("judge") + 1 == commands.index("quality")
    command("judge", finished_run)
    printed = command("quality", finished_run).out
    [shown] = re.findall(r"```\n(\d+ instances: .*?)```", README, re.DOTALL)
    [whole] = re.findall(r".*?so how often the judge is wrong is\s+not known\.", printed, re.DOTALL)
    assert _without_figures(whole) == _without_figures(shown)


def _without_figures(text: str) -> list[str]:
    return re.sub(r"\(\d+ unread\)|[\d,─]+", "", text).split()


@pytest.mark.parametrize("lines", found(r"```jsonl\n(.*?)```"))
def test_each_seed_task_is_read_as_printed(lines: str) -> None:
    seeds, faults = parse_seeds(lines.splitlines(), "docs")
    assert seeds
    assert faults == []


@pytest.mark.parametrize("rows", found(r"```json\n(.*?)```"))
def test_each_row_shown_is_json(rows: str) -> None:
    assert json.loads(rows)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_readme_links_every_page() -> None:
    assert [page.name for page in PAGES[1:] if f"(docs/{page.name})" not in README] == []


def test_every_format_is_described() -> None:
    assert all(f"`{name}`" in README for name in FORMATS)


def test_what_is_generated_is_as_the_code_has_it_now() -> None:
    pages: dict[Path, str] = runpy.run_path(str(ROOT / "docs" / "generate.py"))["pages"]()
    stale = [path.name for path, text in pages.items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "run `make docs`"


@pytest.mark.parametrize(("attempts", "asks_again"), [(1, False), (2, True)])
def test_the_picture_is_drawn_from_the_runnables(attempts: int, asks_again: bool) -> None:
    chain = instruction_chain(load_model("offline"), Settings(instructions={"attempts": attempts}))
    drawn = runpy.run_path(str(ROOT / "docs" / "generate.py"))["Drawing"](chain)
    prompt, model, reading = (f"instructions {step}" for step in ("prompt", "model", "reading"))
    assert (drawn.entries, drawn.exits) == ([prompt], [reading])
    assert {(prompt, model), (model, reading)} <= drawn.edges
    assert ((reading, prompt) in drawn.edges) is asks_again


def test_every_setting_is_in_the_reference_with_its_meaning() -> None:
    rows = re.findall(
        r"^\| `([^`]+)` \|.* ([^|]+) \|$", (ROOT / "docs/configuration.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert {key for key, meaning in rows if meaning.strip()} == {key.rstrip(".") for key in known_keys()}
