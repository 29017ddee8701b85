"""Look past what a model thinks aloud before its answer, and past what follows the end of its turn.

For the `tolerant` form of the parsers. Nothing is cut out: what is ignored is blanked, so that positions stay.
"""

import re
from collections.abc import Iterable

_TAGS = "think|thinking|thought|reasoning|reflection"
_THINKING = re.compile(rf"\s*+(?:<(?P<tag>{_TAGS})>|(?P<bracket>\[THINK\])|(?P<mark>◁think▷))", re.IGNORECASE)
_CLOSING = {
    **{tag: re.compile(f"</{tag}>", re.IGNORECASE) for tag in _TAGS.split("|")},
    "bracket": re.compile(r"\[/THINK\]", re.IGNORECASE),
    "mark": re.compile("◁/think▷"),
}
# the rest of a sentence that speaks of the tag does not follow it
_THOUGHT_ALONE = re.compile(
    rf"(?:</(?:{_TAGS})>|\[/THINK\]|◁/think▷)(?![ \t]*+(?-i:[a-z])|[ \t]*+[,.;:?!'\"`)])", re.IGNORECASE
)
_FINAL = re.compile(r"<\|channel\|>\s*+final\s*+(?:<\|message\|>|$)")
_END_OF_TURN = re.compile(
    r"<\|(?:im_end|eot_id|endoftext|end_of_text|end|return|eom_id)\|>|<end_of_turn>|<｜end▁of▁sentence｜>|</s>(?=\s*+(?:\Z|\[INST\]|<))"
)


def without_thinking(text: str, *, may_begin_within: bool = True) -> str:
    """Return the text with leading `<think>` blocks, closed or not, and what follows the end of its turn blanked out.

    A block whose beginning is missing, since some servers put it into the prompt, ends with a `</think>` alone; where that
    cannot be (not `may_begin_within`), such an end is text. Of a reply in channels only the final one stays.
    """
    has_channels = text.lstrip().startswith(("<|channel|>", "<|start|>"))
    final = max((match.end() for match in _FINAL.finditer(text)), default=0) if has_channels else 0
    text = _without_other_turns(blanked(text, [(0, final)]), final)
    begin = 0
    while opening := _THINKING.match(text, begin):
        closing = _CLOSING[(opening["tag"] or opening.lastgroup or "").casefold()].search(text, opening.end())
        if closing is None:
            return blanked(text, [(0, len(text))])
        begin = closing.end()
    if not begin and may_begin_within:
        begin = next((end.end() for end in _THOUGHT_ALONE.finditer(text)), 0)
    return blanked(text, [(0, begin)])


def _without_other_turns(text: str, begin: int) -> str:
    """Return the text with all from its first end of a turn on blanked, if something was said before that."""
    said = len(text) - len(text[begin:].lstrip())
    end = _END_OF_TURN.search(text, said)
    return text if end is None or end.start() <= said else blanked(text, [(end.start(), len(text))])


def blanked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """Return the text with everything in the spans (ascending, not overlapping) but newlines replaced by spaces."""
    parts: list[str] = []
    position = 0
    for start, end in spans:
        if start < end:
            parts += text[position:start], re.sub(r"[^\n]", " ", text[start:end])
            position = end
    return "".join([*parts, text[position:]]) if parts else text
