"""A program was asked for, or is shown, that does not parse: Python, JSON, SQL, a regular expression."""

import ast
import re
import warnings
from collections.abc import Callable, Iterator, Mapping

import regex  # type: ignore[import-untyped]

from self_instruct.chains.verifiers.example import Example
from self_instruct.chains.verifiers.not_json import why_no_json

MOST_PARSED = 20_000  # characters; a longer program is not judged
MOST_PATTERN = 500
_ASKED = {
    "python": re.compile(r"\bpython\b", re.IGNORECASE),
    "sql": re.compile(r"\bSQL\b"),
    "regex": re.compile(r"\b(?:regex|regexp|regular expression)\b", re.IGNORECASE),
}
_NAMES = {
    "py": "python",
    "python3": "python",
    "python": "python",
    "json": "json",
    "sql": "sql",
    "regex": "regex",
    "regexp": "regex",
}
_BEGINS = {
    "python": re.compile(r"(?:def|import|from|class|for|while|if|with|try|async|@\w|print\(|[a-z_]\w* ?=)[ (\w]?"),
    "sql": re.compile(r"(?:SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|WITH)\b", re.IGNORECASE),
}
_REPAIRS = re.compile(r"\b(?:fix|correct|repair|debug|add|rewrite)\b", re.IGNORECASE)
_WRONG_ON_PURPOSE = re.compile(
    r"\b(?:error|bug|wrong|mistake|incorrect|invalid|broken|pseudo-?code|explain|difference|why|what (?:does|is)"
    r"|which language|python 2|traceback|snippet|shell|doctest|interactive|REPL|stored procedure|PL/SQL|trigger)\w*\b",
    re.IGNORECASE,
)
_PROSE = re.compile(r"^\s*[A-Z][\w',-]*(?: [\w',()`-]+){3,}[.:]?$", re.MULTILINE)
_PATTERN = re.compile(r"[\\\[\](){}*+?^$|]")


def broken_code(example: Example) -> str | None:
    """Find Python, JSON, SQL or a regular expression that does not parse.

    Looked at is a fenced block that names its language, or the whole output where the instruction names it and no prose is
    mixed in. Code that the task says is wrong, or asks to explain, is not judged, nor what is longer than 20,000 characters.
    """
    if not example.fences and not example.mentions("python", "sql", "regex", "regular expression"):
        return None
    if example.is_classification or len(example.answer) > MOST_PARSED or _is_about_code(example.request):
        return None
    for language, code in _programs(example):
        why = _WHY[language](code)
        if why:
            return f"{language}: {why}"
    return None


def _is_about_code(request: str) -> bool:
    """Return whether code is talked about rather than written, so that it may be wrong on purpose."""
    return _WRONG_ON_PURPOSE.search(request) is not None and _REPAIRS.match(request) is None


def _programs(example: Example) -> Iterator[tuple[str, str]]:
    asked = [name for name, pattern in _ASKED.items() if pattern.search(example.request)]
    for named, code in example.fences:
        language = _NAMES.get(named) or (asked[0] if not named and len(asked) == 1 else None)
        if language and "..." not in code:
            yield language, code
    if not example.fences and len(asked) == 1:
        yield from _bare_program(asked[0], example)


def _bare_program(language: str, example: Example) -> Iterator[tuple[str, str]]:
    text = example.answer
    if language == "regex":
        first = re.findall(r"`([^`\n]+)`", text) or example.lines[:1]
        yield from ((language, code) for code in first[:1] if _PATTERN.search(code) and " " not in code)
    elif _BEGINS[language].match(text) and not _PROSE.search(text) and "..." not in text and "`" not in text:
        yield language, text


def _why_no_python(code: str) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an odd escape in a string is a warning, and no fault
            ast.parse(_unindented(code))
    except SyntaxError as error:
        return f"{error.msg}, line {error.lineno}"
    except (ValueError, RecursionError, MemoryError):
        return None  # a NUL, or nested beyond what the parser takes
    return None


def _unindented(code: str) -> str:
    lines = code.splitlines()
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(line[margin:] for line in lines)


def _why_no_sql(code: str) -> str | None:
    """Return why no dialect of SQL has such statements; None where one of them may."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    first = None
    for dialect in (None, "mysql", "postgres", "tsql"):
        try:
            sqlglot.parse(code, read=dialect)
        except SqlglotError as error:
            first = first or " ".join(str(error).split())[:60]
        except RecursionError:
            return None
        else:
            return None
    return first


def _why_no_pattern(code: str) -> str | None:
    body = re.fullmatch(r"/(.*)/[a-z]*", code.strip())
    pattern = body[1] if body else code.strip().removeprefix("r").strip("\"'")
    if len(pattern) > MOST_PATTERN or "\n" in pattern:
        return None
    try:
        regex.compile(pattern)
    except regex.error as error:
        return str(error.msg)
    except (RecursionError, OverflowError, MemoryError):
        return None
    return None


_WHY: Mapping[str, Callable[[str], str | None]] = {
    "python": _why_no_python, "sql": _why_no_sql, "regex": _why_no_pattern, "json": why_no_json,
}  # fmt: skip
