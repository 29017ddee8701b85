"""An answer that gives the instruction back instead of following it."""

from self_instruct.chains.verifiers.example import Example, shown

FEWEST_WORDS = 3  # of an instruction that is given back whole
FEWEST_BEFORE_MORE = 5  # of one that more text follows


def repeats_instruction(example: Example) -> str | None:
    """Find an answer that is the instruction, or begins with it.

    Words are compared, without case and punctuation.
    """
    asked, said = example.instruction_words, example.output_words
    if len(asked) < FEWEST_WORDS or said[: len(asked)] != asked:
        return None
    is_whole = len(said) == len(asked)
    return shown(example.answer) if is_whole or len(asked) >= FEWEST_BEFORE_MORE else None
