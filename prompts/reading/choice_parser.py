"""Read which of a few given words a reply is: nothing is guessed, and a reply that says more than the word is none.

Between the model and whoever asks for one of a closed set: an entry of a taxonomy, yes or no.
"""

from __future__ import annotations

import re

from self_instruct.prompts.reading.verdict_parser import StrictParser

_AROUND = " \t*_`\"'.“”„-"  # Markdown, quotes and the end of a sentence
_LABEL = re.compile(r"\A[\s*_#]*(?:answer|topic|kind|category)[*_]*\s*:[*_\s]*", re.IGNORECASE)


class ChoiceParser(StrictParser[str]):
    r"""Reads one of the `choices`, in any case; its first paragraph must be that and nothing else, but for "Answer:" before it.

    >>> parser = ChoiceParser(choices=("work", "work out"))
    >>> parser.parse("**Work out**."), parser.parse("Answer: work\n\nThe task is about an office."), parser.parse("work?").why
    ('work out', 'work', <Reason.UNREADABLE: 'unreadable'>)
    """

    choices: tuple[str, ...]

    def found(self, text: str) -> str | None:
        """Return the choice that a text is, or None."""
        said = _LABEL.sub("", text.split("\n\n")[0]).strip(_AROUND).casefold()
        return next((choice for choice in self.choices if choice.casefold() == said), None)
