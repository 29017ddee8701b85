"""An instance whose input is none: a word for "nothing", or the instruction once more."""

import re

from self_instruct.chains.verifiers.example import Example, shown

FEWEST_WORDS = 3  # of an instruction that the input repeats
_LONGEST = 60  # characters of a way of saying that there is no input
_NOTHING = re.compile(
    r"[\W_]*(?:none|n\W?a|nil|null|nothing|empty|no ?input|not (?:applicable|needed|required|available|given|provided)"
    r"|(?:there is )?no (?:additional |further )?(?:input|context|text|information)(?: (?:is )?(?:needed|required|necessary"
    r"|given|provided|available))?|(?:this task )?(?:does not|doesn't) (?:need|require) (?:any |an )?input)?[\W_]*",
    re.IGNORECASE,
)


def needless_input(example: Example) -> str | None:
    """Find an input that says that there is none ("N/A", "no input needed"), or is the instruction again."""
    if not example.input.strip():
        return None
    if is_no_input(example.input) and not example.input.strip().isdigit():
        return shown(example.input)
    asked = example.instruction_words
    return shown(example.input) if len(asked) >= FEWEST_WORDS and example.input_words == asked else None


def is_no_input(text: str) -> bool:
    """Return whether an input is empty or a way of saying so.

    >>> is_no_input(""), is_no_input("<noinput>"), is_no_input("no sugar"), is_no_input("?!")
    (True, True, False, False)
    """
    bare = text.strip()
    if not bare:
        return True
    return len(bare) <= _LONGEST and any(map(str.isalpha, bare)) and _NOTHING.fullmatch(bare) is not None
