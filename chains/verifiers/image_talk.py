"""An answer that speaks of a picture or an attachment, which a language model neither sees nor sends."""

import re

from self_instruct.chains.verifiers.example import Example, shown

_THING = r"(?:image|picture|photo|photograph|figure|diagram|chart|screenshot|illustration|graph|video|attachment|attached file)"
_TALK = re.compile(
    rf"!\[[^\]\n]{{0,200}}\]\([^)\n]{{0,200}}\)|<img\b|\bas (?:shown|seen|depicted|illustrated) (?:in|on) (?:the"
    rf"|this) (?:\w+ )?{_THING}\b|\b(?:the|this) (?:\w+ )?{_THING} (?:above|below|shows|depicts|displays|attached"
    rf"|is attached)\b|\b(?:see|refer to|look at|find) (?:the|this) (?:attached|accompanying|following)? ?{_THING}\b"
    rf"|\[(?:image|picture|photo|video)\b[^\]\n]{{0,200}}\]|\bI(?:'ve| have) attached\b|\bplease find attached\b",
    re.IGNORECASE,
)
_PARTS = (
    "image", "picture", "photo", "figure", "diagram", "chart", "screenshot", "illustration", "graph", "video", "attach", "![",
    "<img",
)  # fmt: skip
_OF_IMAGES = re.compile(
    rf"\b{_THING}s?\b|\b(?:draw\w*|plot\w*|attach\w*|HTML|markdown|e-?mail|letter)\b",
    re.IGNORECASE,
)


def image_talk(example: Example) -> str | None:
    """Find talk of an image or an attachment ("as shown in the figure below") of which the task says nothing."""
    found = _TALK.search(example.answer) if example.says(*_PARTS) else None
    return None if found is None or _OF_IMAGES.search(example.task) else shown(found[0])
