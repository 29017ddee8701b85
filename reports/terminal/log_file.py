"""The events of a run as lines of JSON, in a file that is only ever added to: `generate --log-file FILE`.

A line holds `time` (UTC), `level`, `event` and the event's own fields. `JsonLines` serves any other handler of the logger
`self_instruct` as well.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from self_instruct.chains.runs.journal import LOGGER, Event
from self_instruct.records.errors import SettingsError
from self_instruct.reports.terminal.printing import say
from self_instruct.reports.text import readable_json
from self_instruct.reports.writing import is_of_ledger
from self_instruct.settings.secrets import without_secrets


class JsonLines(logging.Formatter):
    """Writes a log record as a JSON object in one line, without the secrets that the environment holds."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        event = record.msg if isinstance(record.msg, Event) else Event(record.getMessage())
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {"time": time, "level": record.levelname.lower(), "event": event.name, **event.fields}
        return without_secrets(readable_json(line, indent=None))


@contextmanager
def log_file(path: Path | None) -> Iterator[None]:
    """Add what the run inside says to the file at `path`, each line at once, in a folder made for it; None adds nothing.

    Raises `SettingsError` where the file cannot be written.
    """
    if path is None:
        yield
        return
    try:
        if is_of_ledger(path):
            raise SettingsError(f"--log-file {path}: is of a run's ledger, to which nothing else is added; name another file.")
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = _File(path, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise SettingsError(f"--log-file {path}: cannot be written ({error.strerror}).") from None
    handler.setFormatter(JsonLines())
    level = LOGGER.level
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    try:
        yield
    finally:
        LOGGER.setLevel(level)
        LOGGER.removeHandler(handler)
        handler.close()


class _File(logging.FileHandler):
    """A log file; when its disk is full that is said once, and the run goes on without it."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's own name)
        """Say that nothing more is logged, and why."""
        del record
        say(f"{self.baseFilename}: {sys.exc_info()[1]}; nothing more is logged.", is_error=True)
        self.setLevel(logging.CRITICAL + 1)
