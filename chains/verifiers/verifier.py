"""What a verifier is: a name, and a pure function that says what gives a bad instance away."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from self_instruct.chains.verifiers.example import Example

Find: TypeAlias = Callable[[Example], str | None]
"""Returns the words that show what is wrong with an example, or None where the rule finds nothing. It never raises."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """A rule by its name, which is also its setting's (`verifiers.NAME`)."""

    name: str
    find: Find

    @property
    def description(self) -> str:
        """What the rule finds, in one line: the first of its docstring."""
        return (self.find.__doc__ or self.name).strip().splitlines()[0]
