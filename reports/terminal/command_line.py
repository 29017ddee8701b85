"""How the command line ends: errors become one line and an exit code, a run that stops short says how to go on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn

import typer

from self_instruct.records.errors import InputError, ModelDeniedError, SelfInstructError
from self_instruct.reports.terminal.printing import say, with_flags

if TYPE_CHECKING:
    from self_instruct.chains.runs.outcome import Outcome

EXIT_STOPPED_SHORT, EXIT_WRONG_INPUT, EXIT_INTERRUPTED = 1, 2, 130


def leave_with(outcome: Outcome, run: Path, *, is_error: bool = False) -> None:
    """Say how a run ended and how to go on, on standard error if `is_error`, and leave with its exit code unless it is done."""
    from self_instruct.chains.runs.outcome import Ending

    how_to_go_on = {
        Ending.BUDGET: f"raise --{str(outcome.short_of).replace('_', '-')} and run it again to go on ({run})",
        Ending.FRUITLESS: f"run it again to grant it more, or change seeds, model or rules in a new --run ({run})",
        Ending.POOR: f"run it again to grant it more, lower min_yield, or change seeds, model or rules in a new --run ({run})",
        Ending.USED_UP: f"give a new --run more texts, or another --proposer beside them ({run})",
        Ending.UNREAD: f"look at what the judge says, choose another, or raise judging.max_unread to go on ({run})",
        Ending.UNAVAILABLE: f"what was answered is stored; run it again to go on ({run})",
        Ending.INTERRUPTED: f"what was answered is stored; run it again to go on ({run})",
    }
    more = how_to_go_on.get(outcome.ending)
    say(f"{outcome.sentence}; {more}" if more else f"done: {outcome.sentence} in {run}", is_error=is_error)
    if outcome.ending is Ending.INTERRUPTED:
        raise typer.Exit(EXIT_INTERRUPTED)
    if more:
        raise typer.Exit(EXIT_STOPPED_SHORT)


@contextmanager
def going_on_later(run: Path) -> Iterator[None]:
    """Say how to go on with a run where the second Ctrl-C stops it at once, and leave."""
    try:
        yield
    except KeyboardInterrupt:
        say(f"stopped at once; what was answered is stored; run it again to go on ({run})")
        raise typer.Exit(EXIT_INTERRUPTED) from None


def run_command_line(app: typer.Typer) -> NoReturn:
    """Run a command line; errors become one line on stderr, and an exit code."""
    sys.excepthook = show_fault
    try:
        code = _exit_code(app)
        sys.stdout.flush()
    except OSError as error:
        if error.filename is not None:  # not of standard output, and so a fault of ours
            raise
        code = _output_lost(error)
    if code == EXIT_INTERRUPTED:
        _leave_at_once()
    raise SystemExit(code)


def show_fault(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Show the traceback of a fault of our own."""
    import traceback

    say("".join(traceback.format_exception(kind, error, trace)), is_error=True)


def _exit_code(app: typer.Typer) -> int:
    try:
        app()
    except SelfInstructError as error:
        say(_in_words_of_the_command_line(error, app), is_error=True)
        return EXIT_WRONG_INPUT if isinstance(error, InputError) else EXIT_STOPPED_SHORT
    except MemoryError as error:
        say(f"out of memory{f' ({error})' if str(error) else ''}; what was answered is stored", is_error=True)
        return EXIT_STOPPED_SHORT
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def _in_words_of_the_command_line(error: SelfInstructError, app: typer.Typer) -> str:
    """Return an error's message, in which a parameter of ours is called by its flag; a provider's words stay as they are."""
    if isinstance(error, ModelDeniedError) or not isinstance(error, InputError):
        return str(error)
    return with_flags(str(error), dict(_flags(app)))


def _flags(app: typer.Typer) -> Iterator[tuple[str, str]]:
    """Yield the parameter and the flag of every option of every command."""
    groups = [app, *(group.typer_instance for group in app.registered_groups if group.typer_instance)]
    for group in map(typer.main.get_group, groups):
        for command in group.commands.values():
            for option in command.params:
                if option.opts[0].startswith("--"):
                    yield str(option.name).rstrip("_"), option.opts[0]


def _output_lost(error: OSError) -> int:
    """Say that standard output took no more, unless nobody reads it, and let what is left of it go."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if not isinstance(error, BrokenPipeError):
        say(f"standard output cannot be written ({error.strerror or error})", is_error=True)
    return EXIT_STOPPED_SHORT


def _leave_at_once() -> NoReturn:
    """Leave without waiting for the threads of models that still answer; the ledger is closed by now."""
    sys.stderr.flush()
    os._exit(EXIT_INTERRUPTED)
