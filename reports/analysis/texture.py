"""What the texts of a dataset are like beyond their number: tokens, code, lists, near-duplicates, and how diversity grows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from self_instruct.chains.runs.pace import times_of
from self_instruct.chains.verifiers.example import Example
from self_instruct.ledger import Ledger
from self_instruct.records.replies import Reply
from self_instruct.reports.analysis.kept_tasks import KeptTask
from self_instruct.retrievers import NoveltyIndex
from self_instruct.retrievers.rouge import TokenKind, tokens
from self_instruct.settings.sections import NoveltySettings

NEAR = "0.6"  # ROUGE-L; 0.7 and more was refused
PARTS, DRAWN_PARTS = 4, 20
_ITEM = re.compile(r"^\s*(?:[-*•]|\d{1,3}[.)])\s+\S", re.M)


@dataclass(frozen=True, slots=True)
class Growth:
    """Of the pairs of neighbouring words in one part of the instructions, in the order of the pool, how many were new then."""

    instructions: int
    pairs: int
    new: int

    @property
    def share(self) -> float:
        """The share of them, 0.0 to 1.0; 0.0 where there is none."""
        return self.new / self.pairs if self.pairs else 0.0


@dataclass(frozen=True, slots=True)
class Texture:
    """What the texts are like.

    `tokens_per_word` is what the models counted over the words that they wrote, in all replies whose tokens they counted (None
    without any). `near` instructions have a ROUGE-L of 0.6 or more with one before them. `code` and `lists` count outputs with
    code, or with two items of a list. `growth` has four parts, `drawn_growth` twenty for a picture. `seconds` is how long
    requests were under way (None: unknown).
    """

    tokens_per_word: float | None
    instructions: int
    near: int
    outputs: int
    code: int
    lists: int
    growth: tuple[Growth, ...]
    drawn_growth: tuple[Growth, ...]
    seconds: float | None


def texture(ledger: Ledger, tasks: Sequence[KeptTask], kind: TokenKind = "unicode") -> Texture:
    """Return what the texts of a run are like; read within one `Ledger.snapshot`."""
    instructions = [task.instruction for task in tasks]
    outputs = [one.output for task in tasks for one in task.instances]
    return Texture(
        tokens_per_word=_tokens_per_word(ledger),
        instructions=len(instructions),
        near=_near(instructions, kind),
        outputs=len(outputs),
        code=sum(Example("", "", output).is_code for output in outputs),
        lists=sum(len(_ITEM.findall(output)) > 1 for output in outputs),
        growth=growth(instructions, kind),
        drawn_growth=growth(instructions, kind, DRAWN_PARTS),
        seconds=_seconds(ledger.spans(latest=-1)),
    )


def growth(instructions: Sequence[str], kind: TokenKind = "unicode", parts: int = PARTS) -> tuple[Growth, ...]:
    """Return how many pairs of words are new in each part; none where there are fewer instructions than parts.

    >>> [(one.pairs, one.new) for one in growth(["Name a river", "Name a lake"], parts=2)]
    [(2, 2), (2, 1)]
    """
    if len(instructions) < parts:
        return ()
    numbers: dict[str, int] = {}  # of words: two numbers in one take a quarter of the memory of two texts
    seen: set[int] = set()
    found = []
    for part in range(parts):
        own = instructions[len(instructions) * part // parts : len(instructions) * (part + 1) // parts]
        pairs, before = 0, len(seen)
        for text in own:
            words = [numbers.setdefault(word, len(numbers)) for word in tokens(text, kind)]
            seen.update(left << 32 | right for left, right in pairwise(words))
            pairs += max(len(words) - 1, 0)
        found.append(Growth(len(own), pairs, len(seen) - before))
    return tuple(found)


def _near(instructions: Sequence[str], kind: TokenKind) -> int:
    index = NoveltyIndex(NoveltySettings(threshold=NEAR, tokens=kind))
    near = 0
    for instruction in instructions:
        near += index.nearest_too_similar(instruction) is not None
        index.add(instruction)
    return near


def _tokens_per_word(ledger: Ledger) -> float | None:
    counted = words = 0
    for stored in ledger.replies():
        if isinstance(stored.reply, Reply) and stored.reply.usage.output_tokens and not stored.reply.usage.reasoning_tokens:
            counted += stored.reply.usage.output_tokens
            words += len(stored.reply.text.split())
    return counted / words if words else None


def _seconds(spans: Sequence[tuple[str, float, float]]) -> float | None:
    """Return how long at least one request was under way."""
    parallel = times_of(spans).parallel
    return sum(seconds for _, _, seconds in spans) / parallel if parallel else None
