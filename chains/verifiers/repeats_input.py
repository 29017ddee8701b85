"""An answer that gives the input back instead of working on it."""

import re

from self_instruct.chains.verifiers.example import Example, shown

FEWEST_WORDS = 12  # of an input that a longer answer begins with, or that holds the answer
_MARK = re.compile(r"^\w[\w ]{0,30}:\s+")
_GOES_ON = re.compile(
    r"\b(?:continu|complet|finish|extend|add|append|expand|insert|fill|format|annotat|comment|document|number|label|tag"
    r"|highlight|repeat|copy|quote|reply|correct|fix|edit|proofread|improv|rewrit|rephras|replac|chang|convert|capitali"
    r"|punctuat|sort|order|arrang|remov|delet|translat|transcrib)\w*",
    re.IGNORECASE,
)
_TAKES_PART = re.compile(
    r"\b(?:extract|find|select|pick|choos|identif|quot|copy|cop(?:y|ies)|cut|shorten|trim|remov|delet|which|what|where|who"
    r"|when|summar|answer|highlight|return|list|first|last|sort|split|correct|edit|fix|filter|keep|clean)\w*",
    re.IGNORECASE,
)


def repeats_input(example: Example) -> str | None:
    """Find an answer that is the input, begins with all of it, or is a long piece of it.

    A copy counts with its case and punctuation, for to change those may be the task; a field's name before either does not. To
    begin with the input is right where a text is gone on with or edited, and a piece of it where one is looked for.
    """
    given, said = _bare(example.input), _bare(example.output)
    if not given or not said:
        return None
    if given == said:
        return shown(said)
    if said.startswith(given):
        is_right = _GOES_ON.search(example.request)
    elif said in given:
        is_right = _TAKES_PART.search(example.request)
    else:
        return None
    is_long = min(len(example.input_words), len(example.output_words)) >= FEWEST_WORDS
    return shown(said) if is_long and not is_right else None


def _bare(text: str) -> str:
    line = " ".join(text.split())
    return _MARK.sub("", line, count=1).strip("\"'“”‘’")
