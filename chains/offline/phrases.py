"""The sentences that the rules say, and the words they know: `phrases.json`, by what they are for."""

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

_READ: Mapping[str, Any] = json.loads((files(__package__) / "phrases.json").read_text(encoding="utf-8"))
PHRASES: Mapping[str, Sequence[str]] = {name: said for name, said in _READ.items() if isinstance(said, list)}
NEAR_WORDS: Mapping[str, str] = _READ["near words"]
HARDER: Mapping[str, Sequence[str]] = _READ["harder"]
"""Ways to make a task harder, by words of the prompt that asks for one."""
