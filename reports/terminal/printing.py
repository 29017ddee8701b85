"""All that is printed for a person goes through here: what comes from outside commands no terminal, and is no markup or emoji.

Errors name a library's parameters in backticks (`max_instances`); the command line says its flags instead.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from self_instruct.reports.text import printable
from self_instruct.settings.secrets import without_secrets

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_BLANKS = re.compile(r" +$", re.MULTILINE)
_PARAMETER = re.compile(r"`([a-z_]+)(?:=([^`\s]+))?`")


def say(words: str, *, is_error: bool = False) -> None:
    """Print words in a line of their own, at once, without secrets; an error on standard error."""
    print(printable(without_secrets(words)), file=sys.stderr if is_error else sys.stdout, flush=True)


def show(tables: RenderableType, *, crop: bool = True) -> None:
    """Print tables on standard output, but to a terminal without the blanks that fill up their lines.

    Without `crop` a line is left as it is, also one that is too long.
    """
    screen = console()
    if screen.is_terminal or not crop:
        screen.print(tables, crop=crop)
        return
    with screen.capture() as shown:
        screen.print(tables)
    sys.stdout.write(_BLANKS.sub("", shown.get()))


def console(*, stderr: bool = False) -> Console:
    """Return a terminal to print on: it takes no text for markup, emoji or something to highlight."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)


def with_flags(words: str, flags: Mapping[str, str]) -> str:
    """Return a message in which each parameter in backticks that has a flag is called by that.

    >>> with_flags("`max_instances` 0: expected 1 or more; see `on_error=skip`", {"max_instances": "--max-instances"})
    '--max-instances 0: expected 1 or more; see `on_error=skip`'
    """

    def flag(found: re.Match[str]) -> str:
        name, value = found.groups()
        return " ".join(filter(None, (flags[name], value))) if name in flags else found[0]

    return _PARAMETER.sub(flag, words)
