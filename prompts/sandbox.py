"""A Jinja sandbox for templates that others wrote: what one rendering may make, and how long it may take, is bounded.

Jinja's own sandbox keeps a template out of Python's insides and bounds `range`. Here a step is also counted at each turn of a
loop, each macro, block and included template; no value, and no text, may grow beyond `MOST_TEXT`; what could make far more out
of little (`'a' * 10 ** 10`, `center`, `replace`, a format's width) is looked at before it is done. The calling thread does all
of it, so an endless template ends as an error and leaves nothing running.
"""

import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence, Set
from functools import wraps
from itertools import islice
from typing import Any

from jinja2 import BaseLoader, StrictUndefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

MOST_TEXT = 4_000_000  # characters and elements of one value, or of all that is rendered
MOST_STEPS = 1_000_000
MOST_SECONDS = 5.0  # of the thread's CPU; ours take less than 0.0001
_MOST_MADE = 2**28  # characters that one operation may make before its result is looked at
_MOST_BITS = 4_096  # of a number
_STEPS_BETWEEN = 1_024  # looks at the clock, which takes longer than a step
_DICT_ATTRIBUTES = frozenset(dir(dict))
_LOOP_ATTRIBUTES = frozenset({"index", "index0", "first", "last"})

_WIDENING = frozenset({
    "batch", "center", "expandtabs", "format", "format_map", "indent", "join", "ljust", "replace", "rjust", "round", "slice",
    "sum", "to_bytes", "tojson", "translate", "wordwrap", "zfill",
})  # fmt: skip
_WIDE_FORMAT = re.compile(r"%[-+ #0]*+(?:\d{0,4}\.)?(?:\d{5}|\*)|\{[^{}:]*+:[^{}]*?(?:\d{5}|\{)")


class TooMuchError(SecurityError):
    """A template makes too much, or takes too long."""


class _PlainNamespace(Namespace):
    """A namespace that does not show what is in it, which may be itself a thousand times over."""

    __repr__ = object.__repr__


class _CountingCode(CodeGenerator):
    """Compiles templates to code that counts its steps and has each value looked at that a template puts together."""

    def enter_frame(self, frame: Frame) -> None:
        super().enter_frame(frame)
        self.writeline("environment.step()")

    def visit_For(self, node: nodes.For, frame: Frame) -> None:  # noqa: N802
        if node.test is not None:  # it runs for elements that no turn of the loop is for
            counted = nodes.Call(nodes.EnvironmentAttribute("step"), [], [], None, None, lineno=node.lineno)
            node.test = nodes.And(nodes.Not(counted), node.test, lineno=node.lineno)
        super().visit_For(node, frame)

    def visit_List(self, node: nodes.List, frame: Frame) -> None:  # noqa: N802
        self._checked(super().visit_List, node, frame)

    def visit_Dict(self, node: nodes.Dict, frame: Frame) -> None:  # noqa: N802
        self._checked(super().visit_Dict, node, frame)

    def visit_Tuple(self, node: nodes.Tuple, frame: Frame) -> None:  # noqa: N802
        if node.ctx == "load":
            self._checked(super().visit_Tuple, node, frame)
        else:
            super().visit_Tuple(node, frame)

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802
        self._checked(super().visit_Concat, node, frame)

    def _checked(self, visit: Callable[[Any, Frame], None], node: nodes.Node, frame: Frame) -> None:
        self.write("environment.checked(")
        visit(node, frame)
        self.write(")")


class _Spent(threading.local):
    """What the rendering of this thread has taken so far, and its CPU time at the first look at the clock."""

    steps = 0
    since: float | None = None


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """A strict sandbox; `begin` comes before each rendering. What goes beyond a bound is a `TooMuchError`."""

    code_generator_class = _CountingCode
    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, loader: BaseLoader) -> None:
        super().__init__(
            loader=loader, undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False, auto_reload=False
        )
        self._spent = _Spent()
        self.globals["namespace"] = _PlainNamespace
        del self.globals["lipsum"]
        self.filters = {name: self._bounded(name, function) for name, function in self.filters.items()}

    def begin(self) -> None:
        """Count from nothing again."""
        self._spent.steps = 0
        self._spent.since = None

    def make_globals(self, d: Mapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return what a template finds besides its variables, in one dict: each rendering copies it."""
        return {**self.globals, **(d or {})}

    def step(self) -> None:
        """Count one step."""
        spent = self._spent
        spent.steps += 1
        if not spent.steps % _STEPS_BETWEEN:
            self._look_at_the_clock()

    def _look_at_the_clock(self) -> None:
        if self._spent.steps > MOST_STEPS:
            raise TooMuchError(f"it takes more than {MOST_STEPS:,} steps")
        self._spent.since = self._spent.since or time.thread_time()
        if time.thread_time() - self._spent.since > MOST_SECONDS:
            raise TooMuchError(f"it takes more than {MOST_SECONDS:g} seconds")

    def checked(self, value: Any) -> Any:
        """Return a value that is not too large."""
        if type(value) is int:
            return value
        if isinstance(value, bytes):
            raise TooMuchError("a template makes text, not bytes")
        size = len(value) if type(value) is str else _size(value)
        if size > MOST_TEXT:
            raise TooMuchError(f"a value has more than {MOST_TEXT:,} characters or elements")
        if size > _STEPS_BETWEEN:
            self._look_at_the_clock()
        return value

    def concat(self, parts: Iterable[str]) -> str:
        """Return the parts of a text, of a whole template or a macro, as one."""
        taken: list[str] = []
        size = 0
        coming = iter(parts)
        while batch := list(islice(coming, _STEPS_BETWEEN)):
            size += sum(map(len, batch))
            if size > MOST_TEXT:
                raise TooMuchError(f"it renders more than {MOST_TEXT:,} characters")
            taken += batch
        return "".join(taken)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return an attribute or an item; what prompts ask for most is known to be safe and found at once."""
        if type(obj) is dict and attribute in obj and attribute not in _DICT_ATTRIBUTES:
            return obj[attribute]
        if type(obj) is LoopContext and attribute in _LOOP_ATTRIBUTES:
            return getattr(obj, attribute)
        return super().getattr(obj, attribute)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002
        """Return what an operator makes of two values."""
        if operator != "+":
            _check_operands(operator, left, right)
        return self.checked(self.binop_table[operator](left, right))

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        """Return what a function, a method or a macro returns."""
        called = getattr(__obj, "__wrapped__", __obj)  # the sandbox wraps `str.format`
        name = getattr(called, "__name__", "")
        if name in _WIDENING:
            _check_made(name, [getattr(called, "__self__", None), *args, *kwargs.values()])
        return __self.checked(super().call(__context, __obj, *args, **kwargs))

    def _bounded(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def bounded(*args: Any, **kwargs: Any) -> Any:
            if is_widening:
                _check_made(name, [*args, *kwargs.values()])
            return self.checked(function(*args, **kwargs))

        is_widening = name in _WIDENING
        return bounded


def _check_made(name: str, values: Sequence[Any]) -> None:
    """Raise where an operation may make too much of its values: as much as the two largest multiply to."""
    is_format = name.startswith("format")
    if is_format and isinstance(values[0], str) and _WIDE_FORMAT.search(values[0]):
        raise TooMuchError("a format's width is taken from a variable, or above 9,999")
    sizes = sorted(_factor(value, is_format) for value in values)[-2:]
    if name == "sum":  # of lists: each is copied as often as others follow
        sizes = [sizes[-1], sizes[-1]]
    if len(sizes) > 1 and sizes[0] * sizes[1] > _MOST_MADE:
        raise TooMuchError(f"{name!r} would make too large a value")


def _factor(value: Any, is_format: bool) -> int:
    return abs(value) if isinstance(value, int) and not is_format else _size(value) + 1


def _check_operands(operator: str, left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int) and operator != "%":
        bits = left.bit_length() * abs(right) if operator == "**" else left.bit_length() + right.bit_length()
        if bits > _MOST_BITS:
            raise TooMuchError("a number is too large")
    elif operator == "*" or isinstance(left, str):
        _check_made("format" if operator == "%" else operator, [left, right])


def _size(value: Any) -> int:
    """Return the characters and elements of a value, counted no further than the most there may be."""
    size = 0
    waiting = [value]
    while waiting and size <= MOST_TEXT:
        one = waiting.pop()
        size += 1
        if isinstance(one, str):
            size += len(one)
        elif isinstance(one, int):
            size += one.bit_length() // 3
        elif isinstance(one, range):
            size += len(one)
        elif isinstance(one, Mapping):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, Sequence | Set):
            waiting += one
    return size
