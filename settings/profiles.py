"""The two profiles: named sets of values for the same settings, never a second code path.

`paper` decides as the published code does (Wang et al. 2023, arXiv:2212.10560, and the behaviour of its code); `modern`, the
default, is what a user wants today.
"""

from collections.abc import Mapping
from typing import Any

from self_instruct.settings.frozen import frozen
from self_instruct.settings.sections import DECIDED, RULES, SAMPLED, WRITTEN, ProfileName

PAPER: Mapping[str, Any] = frozen({
    "profile": "paper",
    "window": 5,
    "batched": True,
    "instructions": {
        "parameters": {
            "temperature": 0.7, "top_p": 0.5, "presence_penalty": 2, "max_tokens": 1024,
            "stop": ["\n\n", "\n16", "16.", "16 ."],
        },
        "form": "published", "casing": "capitalize", "any_start": False, "attempts": 1,
        "copies": "count",
    },
    "novelty": {"refuse": ">", "tokens": "ascii"},
    "classification": {
        "parameters": {"temperature": 0, "max_tokens": 3, "stop": ["\n", "Task"]},
        "form": "published", "attempts": 1, "decide_by": "text",
    },
    "instances": {
        "parameters": {
            "temperature": 0, "presence_penalty": 1.5, "max_tokens": 350, "stop": ["Example 6", "Task:"],
        },
        "classification_parameters": {
            "temperature": 0, "presence_penalty": 1.5, "max_tokens": 300, "stop": ["Example 6", "Task:"],
        },
        "form": "published", "conflicts": "task", "check_labels": False, "spread_labels": False, "attempts": 1,
        "copies": "count", "min_labels": 0,
    },
    "verifiers": dict.fromkeys(RULES, "off"),
    "finetuning": {"strip_field_names": True, "end_token": "<|endoftext|>"},
})  # fmt: skip

MODERN: Mapping[str, Any] = frozen(
    {
        "instructions": {"parameters": SAMPLED},
        "classification": {"parameters": DECIDED},
        "instances": {"parameters": WRITTEN, "classification_parameters": WRITTEN},
    }
)

GERMAN: Mapping[str, Any] = frozen({
    "instructions": {
        "banned_words": [
            "Bild", "Bilder", "Bildes", "Grafik", "Grafiken", "Diagramm", "Diagramme", "Foto", "Fotos", "Datei", "Dateien",
            "Landkarte", "Landkarten", "zeichne", "zeichnen", "geh zu", "gehe zu",
        ],
        "banned_starts": ["Schreib ein Programm", "Schreibe ein Programm"],
    },
    "classification": {"words": ["Klasse", "Text"]},
})  # fmt: skip

LANGUAGES: Mapping[str, Mapping[str, Any]] = frozen({"de": GERMAN})
"""What a language other than English sets, above the profile."""

PROFILES: Mapping[ProfileName, Mapping[str, Any]] = frozen({"modern": MODERN, "paper": PAPER})
