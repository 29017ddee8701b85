"""Where the filter reads and writes: files that take their place whole, and standard streams."""

import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Self

from self_instruct.reports.writing import ExportError, new_file

_STANDARD_STREAM = "-"
_HELD_IN_MEMORY_BYTES = 8 * 2**20


@dataclass(frozen=True, slots=True)
class Places:
    """What is read, where the kept records go, and where the refused ones do; None: nowhere."""

    source: Path | BinaryIO
    out: Path | BinaryIO
    refused: Path | None = None

    @classmethod
    def named(cls, source: str, out: str | None = None, refused: Path | None = None) -> Self:
        """Return the places a command line names; `-` is standard input or output.

        Beside `data.csv` the others are `data.kept.csv` and `data.refused.jsonl`. What is no plain file has nothing beside
        it: its kept records go to standard output, its refused ones only where they are sent.
        """
        path = Path(source)
        if source == _STANDARD_STREAM or (path.exists() and not path.is_file()):
            out = out or _STANDARD_STREAM
        else:
            refused = refused or path.with_name(f"{path.stem}.refused.jsonl")
            out = out or str(path.with_name(f"{path.stem}.kept{path.suffix}"))
        return cls(
            sys.stdin.buffer if source == _STANDARD_STREAM else path,
            _standard_output() if out == _STANDARD_STREAM else Path(out),
            refused,
        )

    def check(self, against: Sequence[Path] = ()) -> None:
        """Raise `ExportError` where writing would destroy what is read, or one output the other."""
        refused, out = _real(self.refused), _real(self.out)
        pools = {_real(path) for path in against}
        if refused and refused in {out, _real(self.source), *pools}:
            raise ExportError(f"{self.refused}: is read or written already; name another file with `refused`.")
        if out in pools:
            raise ExportError(f"{self.out}: is a file of `against`, which is only read; name another with `out`.")


def _real(place: Path | BinaryIO | None) -> Path | None:
    return place.resolve() if isinstance(place, Path) else None


def _standard_output() -> BinaryIO:
    """Return standard output with a buffer of its own: what a closed pipe leaves there is not written again at exit."""
    return open(sys.stdout.fileno(), "wb", closefd=False)


class Output:
    """Bytes on their way to a place; raises `ExportError` with its name where they cannot be written."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file = file
        self._name = name

    def write(self, data: bytes) -> None:
        """Write all of these bytes."""
        with _named(self._name):
            self._file.write(data)


@contextmanager
def new_output(place: Path | BinaryIO, parameter: str = "out") -> Iterator[Output]:
    """Give an output that takes its place when the block ends well, and leaves nothing where it does not.

    `parameter` says where to write.

    What goes to a stream is gathered first, over 8 MiB of it in a temporary file: it cannot be taken back there.
    """
    if isinstance(place, Path):
        with new_file(place, parameter) as file:
            yield Output(file.buffer, str(place))
        return
    with tempfile.SpooledTemporaryFile(_HELD_IN_MEMORY_BYTES) as gathered:
        yield Output(gathered, f"a temporary file in {tempfile.gettempdir()}")
        gathered.seek(0)
        with _named("standard output"):
            shutil.copyfileobj(gathered, place)
            place.flush()


@contextmanager
def _named(name: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise ExportError(f"{name}: its reader has closed it; not all was written.") from None
    except OSError as error:
        raise ExportError(
            f"{name}: cannot be written ({error.strerror or error}); make room, or choose another place."
        ) from None
