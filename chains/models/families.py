"""Which family a model is of, by its name: a judge prefers what its own family wrote."""

import re

_OF_OPENAI = ("gpt", "chatgpt", "davinci", "babbage", "o")
_NAME = re.compile(r"(?P<name>[^\W\d_]+)")


def model_family(name: str | None) -> str | None:
    """Return the family of a model by the name a run has for it; None where the name does not tell.

    >>> model_family("openai:gpt-4.1-mini"), model_family("openai:o3"), model_family("openrouter:anthropic/claude-sonnet-4")
    ('gpt', 'gpt', 'claude')
    """
    last = re.split(r"[:/]", name or "")[-1]
    found = _NAME.match(last)
    if found is None:
        return None
    word = found["name"].casefold()
    return "gpt" if word in _OF_OPENAI else word


def same_family(author: str | None, judge: str | None) -> str | None:
    """Return a sentence that warns of a judge of the author's family; None where there is nothing to warn of."""
    family = model_family(judge)
    if family is None or family != model_family(author):
        return None
    return (
        f"the judge {judge!r} is of the same family as the model that wrote the outputs, {author!r}; judges prefer their own:"
        " name one of another family with judging.model"
    )
