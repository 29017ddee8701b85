"""Read a text file that a user wrote; what is wrong with it is one line that names the file."""

from pathlib import Path

from self_instruct.records.errors import InputError

MOST_BYTES = 64 * 2**20  # of a file, far above any that people write


def user_text(path: Path, expected: str, fault: type[InputError], most_bytes: int | None = MOST_BYTES) -> str:
    """Return the text of a file in UTF-8, its lines ended by line feeds; None bounds it by nothing.

    Raises `fault` where it cannot be read, is too large or no UTF-8; it says what was `expected`.
    """
    try:
        with path.open("rb") as file:
            content = file.read(-1 if most_bytes is None else most_bytes + 1)
    except OSError as error:
        raise fault(f"{path}: cannot be read ({error.strerror}); expected {expected}.") from None
    if most_bytes is not None and len(content) > most_bytes:
        raise fault(f"{path}: is larger than {most_bytes // 2**20} MiB; expected {expected}.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise fault(f"{path}:{line}: is not UTF-8 text; save the file as UTF-8.") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")
