"""What is never stored and never shown: keys, tokens and passwords, told by their names, their looks, and the environment.

Keys come from the environment alone. A setting that seems to hold one is refused (`seeds.configuration`), and a provider's
words are shown without those that they repeat.
"""

from __future__ import annotations

import os
import re
from urllib.parse import parse_qsl, urlsplit

HIDDEN = "(hidden)"
SHORTEST_SECRET = 8  # characters; what is shorter guards nothing, and may be a word like any other
_VARIABLE = re.compile(r"(KEY|TOKEN|SECRET|CREDENTIALS?|PASS(WORD|WD|PHRASE)?)$", re.IGNORECASE)
_NAME = re.compile(
    r"api.?key(?!_env)|(access|account|private|subscription).?key|authori[sz]ation|passw|secret|cookie"
    r"|credential(?!s?_(profile|path))|(access|api|auth|bearer|refresh|security|session).?token|(^|[._-])(ad|hf|hub|id).?token$",
    re.IGNORECASE,
)
_LOOKS = re.compile(
    r"\b(?:sk|rk|gsk|xai|nvapi|pplx|tgp|fw)[-_](?=[\w-]*\d)[\w-]{16,}|\bhf_\w{16,}|\bgh[opsu]_\w{20,}|\bA[KS]IA[0-9A-Z]{16}\b|\bAIza[\w-]{30,}"
    r"|(?<=\bBearer )[^\s'\"]{8,}|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)


def is_secret_variable(name: str) -> bool:
    """Return whether an environment variable of this name holds a secret: its value is hidden wherever it would be shown."""
    return _VARIABLE.search(name) is not None


def is_secret_name(name: str) -> bool:
    """Return whether a setting, a parameter or a header of this name would hold a secret.

    >>> [is_secret_name(name) for name in ("openai_api_key", "extra_headers.Authorization", "max_tokens", "eos_token_id")]
    [True, True, False, False]
    """
    return _NAME.search(name) is not None


def holds_secret(text: str) -> bool:
    """Return whether a text holds a secret of the environment, or something that looks like a key."""
    return without_secrets(text) != text


def address_holds_secret(address: str) -> bool:
    """Return whether a URL holds a key: by its looks, or by the name it has in the query."""
    names = [name for name, _ in parse_qsl(urlsplit(address).query, keep_blank_values=True)]
    return holds_secret(address) or any(is_secret_name(name) or name.lower() in ("key", "token", "sig") for name in names)


def without_secrets(words: str) -> str:
    """Return a text without the keys, tokens and passwords that the environment holds; some providers repeat them."""
    named = {value.strip() for name, value in os.environ.items() if is_secret_variable(name)}
    for secret in sorted(named, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            words = words.replace(secret, HIDDEN)
    return _LOOKS.sub(HIDDEN, words)
