"""An answer that mentions people, for whoever wants to look at all that speaks of somebody; off unless a setting says so."""

from self_instruct.chains.verifiers.example import Example, shown
from self_instruct.chains.verifiers.people import mentions


def mentions_people(example: Example) -> str | None:
    """Find an answer with first names, words of gender, places or professions of the lexicon that ships.

    That is no fault: it tells where to look for one, as `who_appears` tells how often.
    """
    found = {f"{one.word} ({one.aspect})" for one in mentions(example.answer)}
    return shown(", ".join(sorted(found))) if found else None
