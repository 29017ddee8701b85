"""What a file of records is while it is read as a stream: bytes that are counted, records, and faults.

The parts that `json_records` and `csv_records` share; `opening` opens a file with one of them. Nothing here holds more of
a file than one record.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Literal

from self_instruct.records.errors import InputError

MAX_RECORD_BYTES = 16 * 2**20  # far above any record of instructions; a longer one is a fault, and is never held whole
MAX_PASSED_OVER_BYTES = 2**30  # of one that is too long; what goes on after that, as /dev/zero does, may never end
_PASSED_OVER_AT_ONCE = 2**16
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
TOO_LONG = (
    f"is longer than {MAX_RECORD_BYTES // 2**20} MiB; expected one record of usual size. Is a line end or a quote missing?"
)


OnError = Literal["stop", "skip"]
"""What a fault does: it stops all, and nothing is written; or it is counted, and what it stands for is left out."""

MAX_FAULTS_NAMED = 10


class RecordFileError(InputError):
    """A file of records that cannot be used; the message begins with the file, and the line where there is one."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record: the line it begins in, counted from 1; the text of the chosen field; its bytes as they came; all its fields.

    The bytes of a line or a CSV row end with its line end, if it has one; those of an element of a JSON array are the element.
    """

    line: int
    text: str
    raw: bytes
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """What stands where a record was expected: the line it begins in, and a sentence without a subject saying what is wrong."""

    line: int
    problem: str


class Source:
    """The bytes of a file or a stream: `name` is what messages call it, `bytes_read` grows up to its size.

    Raises `RecordFileError` where the operating system cannot read on.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self.name = name
        self.bytes_read = 0

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes; none at the end."""
        return self._counted(self._file.read, size)

    def readline(self) -> bytes:
        """Return the next line with its line end, none at the end; of one over `MAX_RECORD_BYTES` only one byte more."""
        line = rest = self._counted(self._file.readline, MAX_RECORD_BYTES + 1)
        begin = self.bytes_read
        while len(line) > MAX_RECORD_BYTES and rest and not rest.endswith(b"\n"):
            rest = self._counted(self._file.readline, _PASSED_OVER_AT_ONCE)
            self.check_ends(self.bytes_read - begin)
        return line

    def check_ends(self, passed_over: int) -> None:
        """Raise `RecordFileError` where so much of one record was passed over that it is none, and may never end."""
        if passed_over > MAX_PASSED_OVER_BYTES:
            size = f"{MAX_PASSED_OVER_BYTES >> 30} GiB"
            raise RecordFileError(f"{self.name}: a record goes on for more than {size}; expected a file of records.")

    def _counted(self, read: Callable[[int], bytes], size: int) -> bytes:
        try:
            data = read(size)
        except OSError as error:
            raise unreadable(self.name, error) from error
        self.bytes_read += len(data)
        return data


@dataclass(frozen=True, slots=True)
class Records:
    """What a file holds: its records and faults, in order, to be read once.

    `head`, `between` and `tail` are the bytes around the records of another file of this format.
    """

    source: Source
    items: Iterator[Record | Fault]
    head: bytes = b""
    between: bytes = b""
    tail: bytes = b""


def unreadable(name: str, error: OSError) -> RecordFileError:
    """Return what the operating system says of a file as an error of ours."""
    return RecordFileError(f"{name}: cannot be read ({error.strerror or error}); expected JSONL, a JSON array or CSV.")


def decoded(raw: bytes) -> str:
    """Return the text of a record's bytes, or raise ValueError naming the first byte that is not UTF-8."""
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise ValueError(
            f"is not UTF-8 text (byte {error.start + 1} of the record is 0x{raw[error.start]:02x}); save the file as UTF-8."
        ) from None


def passed_over(fault: Fault, records: Records, on_error: OnError) -> str:
    """Return a fault with its place; raises `RecordFileError` where the first is to stop it all."""
    words = f"{records.source.name}:{fault.line}: {fault.problem}"
    if on_error == "stop":
        raise RecordFileError(f"{words} Nothing was written; `on_error=skip` leaves such records out.")
    return words
