"""Which parts of speech a word can be, and its base form: HanTa's English model, word by word, each distinct word once.

HanTa ships its model inside its package (LGPL, the extra `report`), so nothing is fetched. Its sentence tagger takes 2 ms a
sentence and, trained on news and books, reads most imperatives ("Name two rivers") as nouns; what a single word *can* be is
asked of it instead, and `root_verbs` decides.
"""

from functools import cache
from typing import Any

from self_instruct.reports.analysis.extra_packages import from_extra

_LEAST = 8.0  # natural log: a reading 3,000 times less likely than the best is none


@cache
def _tagger() -> Any:
    return from_extra("HanTa.HanoverTagger").HanoverTagger("morphmodel_en.pgz")


@cache
def tags(word: str) -> frozenset[str]:
    """Return what a word can be, in the CLAWS 5 tags of the British National Corpus; empty where nothing is known.

    >>> sorted(tags("list"))
    ['NN1', 'VVB', 'VVI']
    """
    found = _tagger().tag_word(word)
    best = max((score for _, score in found), default=0.0)
    return frozenset(tag for tag, score in found if score > best - _LEAST)


@cache
def noun_lemma(word: str) -> str:
    """Return the singular of a noun.

    >>> noun_lemma("countries")
    'country'
    """
    kind = "NN2" if "NN2" in tags(word) else "NN1"
    lemma: str = _tagger().analyze(word, pos=kind)[0]
    return lemma.lower()
