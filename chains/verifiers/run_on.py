"""An answer that a second task follows, because the model did not stop."""

import re

from self_instruct.chains.verifiers.example import Example, shown

_TOKENS = re.compile(
    r"<\|(?:im_start|im_end|endoftext|eot_id|user|assistant|system|end)\|>|\[/?INST\]|</?s>|<(?:start|end)_of_turn>"
)
_HEADS = re.compile(
    r"^[#*> ]{0,6}(?P<head>instruction|input|output|task|response|human|user|assistant)(?: ?\d{1,3})?[*]{0,2}:"
    r"|^[#*> ]{0,6}(?P<numbered>example|task|problem|exercise) ?\d{1,3}[*]{0,2}[ \t]*[:.]?[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_OF_PROGRAMS = re.compile(
    r"\b(?:inputs?|outputs?|examples?|function|program|code|script|algorithm|tests?|spreadsheet|formula|prompts?|task)\b", re.I
)
_OF_TALK = re.compile(r"\b(?:dialogue|conversation|chat\w*|script|prompts?|user|assistant|interview|transcript|story)\b", re.I)
_OF_EXERCISES = re.compile(
    r"\b(?:exercises?|problems?|quiz|questions?|tasks?|worksheet|examples?|tests?|prompts?|instructions?|plan|schedule)\b", re.I
)
_MAY_STAND = {"input": _OF_PROGRAMS, "output": _OF_PROGRAMS, "human": _OF_TALK, "user": _OF_TALK, "assistant": _OF_TALK}


def run_on(example: Example) -> str | None:
    """Find a second task in an answer: a line such as "Instruction:", "Input:" or "Example 2", or a chat's own marks.

    The first line may be headed so, as may an answer whose task speaks of such things: of programs, which have inputs, of
    conversations, which have speakers, or of exercises.
    """
    text = example.answer
    begin = text.find("\n")
    found = _TOKENS.search(text) or next(
        (match for match in _HEADS.finditer(text, begin + 1 if begin >= 0 else len(text)) if not _may_stand(match, example)),
        None,
    )
    return None if found is None or found[0].casefold() in example.task else shown(text[found.start() :])


def _may_stand(head: re.Match[str], example: Example) -> bool:
    """Return whether the task speaks of what such a head announces."""
    about = _MAY_STAND.get((head["head"] or "").casefold(), _OF_EXERCISES)
    return about.search(example.request) is not None
