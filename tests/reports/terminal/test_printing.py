"""What comes from outside commands no terminal, and is no markup or emoji; flags stand for the parameters of libraries."""

import ast
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import typer.main
from rich.console import Console, Group, RenderableType
from rich.text import Text
from support.command import Command
from support.held_server import refusing
from support.scripted import plan

from self_instruct import run
from self_instruct.chains.models.retrying import RetryState
from self_instruct.chains.runs.estimating import estimate
from self_instruct.chains.runs.outcome import Snapshot
from self_instruct.ledger import Ledger, RequestId, Spent, StoredTask, TaskId
from self_instruct.records.tasks import Instance, Reason, Rejection, SeedTask, StageName
from self_instruct.reports.analysis.comparison import compare
from self_instruct.reports.analysis.status import status
from self_instruct.reports.dedup.dedup import DedupSummary
from self_instruct.reports.seeds.seed_check import check_seeds
from self_instruct.reports.terminal.command_line import show_fault
from self_instruct.reports.terminal.comparison import comparison_tables
from self_instruct.reports.terminal.dedup_progress import DedupProgress
from self_instruct.reports.terminal.estimate import estimate_tables, first_prompts
from self_instruct.reports.terminal.printing import console, say, show, with_flags
from self_instruct.reports.terminal.run_progress import RunProgress
from self_instruct.reports.terminal.seed_check import seed_tables
from self_instruct.reports.terminal.status import status_tables
from self_instruct.reports.terminal.tables import table

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\u2066\r:x: [red]"
COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
REPORTS = Path(__file__).parents[3] / "reports"


def assert_harmless(said: str) -> None:
    assert COMMANDS.search(said) is None
    assert ":x:" in said
    assert "[red]" in said


def status_of(ledger: Ledger) -> RenderableType:
    return status_tables(status(ledger))


def comparison_of(ledger: Ledger) -> RenderableType:
    with Ledger.create(ledger.path.parent / "other", plan().facts()) as other:
        return comparison_tables(compare(ledger, other))


def estimate_of(ledger: Ledger) -> RenderableType:
    seeds = tuple(replace(seed, instruction=f"{HOSTILE} {seed.instruction}") for seed in plan().seeds)
    found = estimate(replace(plan(num_instructions=4), seeds=seeds), None)
    return Group(estimate_tables(found), first_prompts(found))


def seeds_of(ledger: Ledger) -> RenderableType:
    seeds = [SeedTask(f"{HOSTILE}{n}", HOSTILE, HOSTILE, (Instance("", "a"),), False, HOSTILE) for n in range(2)]
    return seed_tables(check_seeds(seeds, [HOSTILE], [HOSTILE]))


@pytest.mark.parametrize("tables", [status_of, comparison_of, estimate_of, seeds_of])
def test_no_table_lets_a_text_command_the_terminal(
    tables: Callable[[Ledger], RenderableType], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Ledger.create(tmp_path / "run", plan(model=f"openai{HOSTILE}").facts()) as ledger:
        ledger.add_task(StoredTask(TaskId(0, 0), HOSTILE, None, RequestId(StageName.CLASSIFICATION, 0)))
        refused = Rejection(HOSTILE, HOSTILE, HOSTILE, 0, {HOSTILE: HOSTILE})
        ledger.add_rejections(0, [(0, replace(refused, stage=StageName.INSTRUCTIONS, reason=Reason.TOO_SIMILAR))])
        show(tables(ledger))
    assert_harmless(capsys.readouterr().out)


@pytest.mark.parametrize("is_terminal", [False, True])
def test_no_progress_lets_a_text_command_the_terminal(is_terminal: bool) -> None:
    rough = RetryState(4, 16, {HOSTILE: 2}, waiting=3, next_try_s=11.4, why=HOSTILE)
    snapshot = Snapshot(7, 50, 2, Spent(30), 16, {(StageName.INSTRUCTIONS, HOSTILE): 3}, rough)
    for use in (snapshots(snapshot), summaries(DedupSummary(skipped=1, faults=(f"{HOSTILE}:1: is wrong.",)))):
        out = io.StringIO()
        screen = Console(file=out, width=200, force_terminal=is_terminal, color_system=None, legacy_windows=False)
        next(use)(screen)
        said = re.sub(r"\x1b\[[0-9?]*[A-Zhlm]|\r", "", out.getvalue())  # Rich's own: where a live table stands
        assert_harmless(said)


def snapshots(snapshot: Snapshot) -> Iterator[Callable[[Console], None]]:
    def use(screen: Console) -> None:
        with RunProgress(screen) as progress:
            progress(snapshot)
            progress.warn(HOSTILE)
            progress.say(HOSTILE)

    yield use


def summaries(summary: DedupSummary) -> Iterator[Callable[[Console], None]]:
    def use(screen: Console) -> None:
        with DedupProgress(screen, io.BytesIO()) as progress:
            progress(summary)

    yield use


def test_a_line_is_said_without_secrets_and_without_commands(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "canary-31415926")
    say(f"{HOSTILE}\ud83d canary-31415926 漢字　é", is_error=True)
    said = capsys.readouterr().err
    assert_harmless(said)
    assert said.endswith(" (hidden) 漢字　é\n")


def test_a_terminal_of_ours_takes_nothing_for_markup_or_emoji(capsys: pytest.CaptureFixture[str]) -> None:
    console().print("openai:x: [red]12[/red]")
    assert capsys.readouterr().out == "openai:x: [red]12[/red]\n"


def test_a_title_is_as_wide_as_the_terminal_and_a_table_without_rows_is_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    show(Group(table("A title longer than its table", ("a", "b"), [("1", "2")]), table("Nobody", ("a", "b"), [])))
    said = capsys.readouterr().out
    assert said.startswith("A title longer than its table\n\n  a   b\n")
    assert "Nobody" not in said


def test_blanks_fill_up_no_line_that_goes_to_a_pipe_and_a_prompt_keeps_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    show(table("", ("a", "b"), [("long enough", "1"), ("x", "")]))
    assert not re.search(r" $", capsys.readouterr().out, re.MULTILINE)
    show(Text("Task:  "), crop=False)
    assert capsys.readouterr().out == "Task:  \n"


def test_what_a_provider_says_is_told_without_its_commands(command: Command, tmp_path: Path) -> None:
    for status_code in (401, 503):
        with refusing(status_code, "go \x1b[31maway\u202e :x: [red]") as base_url:
            done = command("generate", "--run", tmp_path / "run", "--model", "openai:x:", "--base-url", base_url,
                           "--set", "retries=0", "--log-file", tmp_path / "log")  # fmt: skip
        assert_harmless(done.err + done.out)
    assert_harmless(command("status", tmp_path / "run").out.replace("openai:x:", "openai:x: [red]"))
    assert COMMANDS.search((tmp_path / "log").read_text(encoding="utf-8")) is None


def test_json_for_programs_says_the_same_without_commands(command: Command, tmp_path: Path) -> None:
    Ledger.create(tmp_path / "run", plan(model=f"openai:{HOSTILE}").facts()).close()
    said = command("status", tmp_path / "run", "--json").out
    assert_harmless(said)
    assert "\\u001b]0;owned\\u0007" in said


def test_a_fault_of_our_own_is_a_traceback_without_commands(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise ValueError(HOSTILE)
    except ValueError as error:
        show_fault(ValueError, error, error.__traceback__)
    said = capsys.readouterr().err
    assert_harmless(said)
    assert said.startswith("Traceback (most recent call last):\n")


# flags

BACKTICKED = re.compile(r"`([a-z_]+)(?:=[^`\s]+)?`")


def texts_of(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the module and the text of every string in the code below a folder, but for docstrings."""
    for path in folder.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
                yield path.stem, node.value


def test_the_libraries_name_parameters_and_no_flags() -> None:
    flagged = {
        module
        for room in ("analysis", "dedup", "exports", "page", "seeds")
        for module, text in texts_of(REPORTS / room)
        if re.search(r"(?<![\w-])--[a-z][a-z-]+", text)
    }
    assert flagged == {"export"}  # the command on a dataset card


def test_every_parameter_that_a_message_names_has_a_flag() -> None:
    named = {
        name
        for room in ("dedup", "exports")
        for module, text in texts_of(REPORTS / room)
        for name in BACKTICKED.findall(text)
        if not (module == "export" and text.startswith(("`", "an `")))  # the columns of a format
    }
    group = typer.main.get_group(run.app)
    options = {str(option.name).rstrip("_") for command in group.commands.values() for option in command.params}
    assert {"field", "held_out", "on_error", "license"} <= named
    assert named - options == set()


def test_only_names_that_have_a_flag_are_changed() -> None:
    flags = {"out": "--out", "model": "--model"}
    said = with_flags("/a/`x`: name it with `out` or `model=PROVIDER:NAME`.", flags)
    assert said == "/a/`x`: name it with --out or --model PROVIDER:NAME."
