"""Settings as somebody says them: by flag, in a file, under dotted keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from self_instruct.settings.config_file import from_config
from self_instruct.settings.layers import Layer
from self_instruct.settings.settling import settle


def said(origin: str = "--flag", **values: Any) -> Layer:
    """Return what flags say."""
    return Layer(values, dict.fromkeys(values, origin))


def dotted(values: dict[str, Any], origin: str = "config.yaml:1") -> Layer:
    """Return what a config file says under these keys."""
    return Layer(values, dict.fromkeys(values, origin))


def config(folder: Path, text: str) -> Layer:
    """Write a config file and return what it says."""
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return from_config(path)


STARTED = settle(said("--seed", seed=1, model="openai:a").over(dotted({"novelty.threshold": 0.6})))
"""The settings of a run that was started."""
