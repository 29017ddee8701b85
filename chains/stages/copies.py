"""Find what a model copied from its own prompt: a demonstration given back as if it were new.

For instructions the demonstrations are those of the one prompt; for instances all that the few-shot prompts show. Texts are
compared by their tokens, so neither case nor punctuation nor a number in front hides a copy.
"""

from collections.abc import Iterable

from self_instruct.retrievers.rouge import TokenKind, tokens

FEW_WORDS = 5
"""A text of so many tokens or fewer is nobody's: a label, a name, a number."""
LONGEST_MARK = 3
"""Tokens that may stand in front of a demonstration or of its copy, such as "Example task 12:"."""
SHORTEST_MARKED = 4
"""Tokens from which a mark is looked for: with one, the two are then too similar by the paper's threshold (2 * 4 / 11)."""


class ShownInstructions:
    """The instructions that one prompt shows: as a list, or as the lines of the prompt as it was sent.

    >>> shown = ShownInstructions(["1. Name three rivers of Asia.", "2. Sort these words."], "unicode")
    >>> shown.copied("name three rivers of asia"), shown.copied("Name three rivers of Africa.")
    ('1. Name three rivers of Asia.', None)
    """

    def __init__(self, lines: Iterable[str], kind: TokenKind) -> None:
        self._kind = kind
        self._lines = [(found, line.strip()) for line in lines if (found := tokens(line, kind))]

    def copied(self, instruction: str) -> str | None:
        """Return the line that an instruction repeats, but for a short mark in front of either; None where it is no copy."""
        own = tokens(instruction, self._kind) if self._lines else []
        return next((line for shown, line in self._lines if _are_same(own, shown)), None)


def _are_same(left: list[str], right: list[str]) -> bool:
    shorter, longer = sorted((left, right), key=len)
    mark = len(longer) - len(shorter)
    if mark and (mark > LONGEST_MARK or len(shorter) < SHORTEST_MARKED):
        return False
    return longer[mark:] == shorter


class ShownTexts:
    """The instructions, inputs and outputs of few-shot tasks, but for those of a few words.

    >>> "The sky was red in the morning." in ShownTexts(["Yes", "the sky was red in the morning"])
    True
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._known = {tuple(found) for text in texts if len(found := tokens(text)) > FEW_WORDS}

    def __contains__(self, text: object) -> bool:
        return bool(self._known) and tuple(tokens(str(text))) in self._known
