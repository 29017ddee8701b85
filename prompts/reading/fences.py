"""Find the code fences of a reply: what stands in one is text, whatever it looks like."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_FENCE = re.compile(r"^(?:[ \t]*+|(?P<marker>[^`~\n]*[:：][ \t]*+))(?P<ticks>`{3,}+|~{3,}+)(?P<info>[^`\n]*+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Fence:
    """A code fence: opened by the line `[start, inside)`, closed by `[outside, end)`, which is empty if it never was."""

    start: int
    inside: int
    outside: int
    end: int

    @property
    def is_closed(self) -> bool:
        """Return whether the fence has a closing line."""
        return self.outside < self.end

    @property
    def lines(self) -> list[tuple[int, int]]:
        """The spans of the opening and closing lines."""
        return [(self.start, self.inside), (self.outside, self.end)]


def find_fences(text: str) -> list[Fence]:
    """Return the code fences of a text in order.

    One may open on the line of a marker ("Output: ```sql"). A second opening line with a language says the first was never
    closed.
    """
    if "```" not in text and "~~~" not in text:
        return []
    fences: list[Fence] = []
    opening: re.Match[str] | None = None
    for line in _FENCE.finditer(text):
        if opening is None:
            opening = line
        elif line["ticks"].startswith(opening["ticks"]):
            start = line.start("ticks")
            is_opening = bool(line["info"].strip() or line["marker"])
            fences.append(Fence(opening.start("ticks"), opening.end(), start, start if is_opening else line.end()))
            opening = line if is_opening else None
    if opening is not None:
        fences.append(Fence(opening.start("ticks"), opening.end(), len(text), len(text)))
    return fences


def outside(matches: Iterable[re.Match[str]], fences: Sequence[Fence]) -> Iterator[re.Match[str]]:
    """Yield those of the matches (ascending) that begin in none of the fences."""
    for match in matches:
        at = bisect_right(fences, match.start(), key=lambda fence: fence.end)
        if at == len(fences) or match.start() < fences[at].start:
            yield match
