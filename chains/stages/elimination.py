"""Which evolved instructions are given up: those that say nothing new, or are no instruction at all.

Between `prompts.reading.proposal_parser` and the rules for every candidate; no model is called here.
Source: Xu et al. 2023, arXiv:2304.12244, section 3.2, "Elimination Evolving". Two of its four cases are about the answer, which
is written later here: a refusal and an answer without content are for the verifiers and the judge. Whether the evolution gains
information its authors ask a model; here a word of content that the parent lacks is a gain, the novelty index decides how
different is different enough, and `evolving` may ask a model too.
"""

from __future__ import annotations

import re

from self_instruct.records.tasks import Reason
from self_instruct.retrievers.rouge import tokens

FUNCTION_WORDS = frozenset({
    "a", "about", "above", "after", "again", "against", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be",
    "because", "been", "before", "being", "below", "between", "both", "but", "by", "can", "could", "did", "do", "does",
    "doing", "down", "during", "each", "either", "else", "every", "few", "for", "from", "further", "had", "has", "have",
    "having", "he", "her", "here", "hers", "him", "his", "how", "i", "if", "in", "into", "is", "it", "its", "itself", "just",
    "let", "like", "may", "me", "might", "more", "most", "much", "must", "my", "no", "nor", "not", "now", "of", "off", "on",
    "once", "one", "only", "or", "other", "our", "out", "over", "own", "per", "please", "same", "shall", "she", "should",
    "so", "some", "such", "than", "that", "the", "their", "them", "then", "there", "these", "they", "this", "those",
    "through", "to", "too", "under", "until", "up", "upon", "us", "very", "was", "we", "were", "what", "when", "where",
    "whether", "which", "while", "who", "whom", "whose", "why", "will", "with", "within", "without", "would", "you", "your",
})  # fmt: skip
"""English words that carry a sentence and say nothing by themselves."""
_OURS = re.compile(
    r"task to change|\b(?:changed|rewritten|evolved|original|given|above|old) (?:task|instruction|prompt)\b"
    r"|\bsomebody gave an assistant\b|aufgabe zum ändern|\bgeänderte aufgabe\b",
    re.IGNORECASE,
)
"""Words of the prompt, and what models call its parts."""


def eliminated(evolved: str, parent: str) -> tuple[Reason, dict[str, str]] | None:
    """Return why an evolved instruction is given up, with the evidence; None of one that goes on.

    >>> eliminated("Name the longest river.", "Name a river."), eliminated("Please name a river.", "Name a river.")
    (None, (<Reason.NOTHING_ADDED: 'adds nothing to its parent'>, {'parent': 'Name a river.'}))
    """
    said = _OURS.search(evolved)
    if said and not _OURS.search(parent):
        return Reason.PROMPT_REPEATED, {"words": said[0]}
    content = _content(evolved)
    if not content:
        return Reason.NO_CONTENT, {}
    return None if content - _content(parent) else (Reason.NOTHING_ADDED, {"parent": parent})


def _content(text: str) -> set[str]:
    return set(tokens(text)) - FUNCTION_WORDS
