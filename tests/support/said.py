"""Settings as somebody says them: by flag, in a file, under dotted keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from self_instruct.settings.config_file import from_config
from self_instruct.settings.configuration import settle
from self_instruct.settings.given import Given


def said(origin: str = "--flag", **values: Any) -> Given:
    """Return what flags say."""
    return Given(values, dict.fromkeys(values, origin))


def dotted(values: dict[str, Any], origin: str = "config.yaml:1") -> Given:
    """Return what a config file says under these keys."""
    return Given(values, dict.fromkeys(values, origin))


def config(folder: Path, text: str) -> Given:
    """Write a config file and return what it says."""
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return from_config(path)


STARTED = settle(said("--seed", seed=1, model="openai:a").over(dotted({"novelty.threshold": 0.6})))
"""The settings of a run that was started."""
