"""What is never stored and never shown: keys, tokens and passwords, told by their names, their looks, and the environment.

Keys come from the environment alone. A setting that seems to hold one is refused (`settings.settling`), and a provider's words
are shown without those that they repeat.
"""

import os
import re
from base64 import b64encode
from functools import lru_cache
from urllib.parse import parse_qsl, quote, urlsplit

HIDDEN = "(hidden)"
SHORTEST_SECRET = 8  # characters; what is shorter guards nothing, and may be a word like any other
LONGEST_SHOWN = 80  # characters of a wrong value
LONGEST_WORDS = 300  # characters of what another program says
_VARIABLE = re.compile(r"(KEY|TOKEN|SECRET|CREDENTIALS?|PASS(WORD|WD|PHRASE)?)$", re.IGNORECASE)
_NAME = re.compile(
    r"api.?key(?!_env)|(access|account|private|subscription|functions|master).?key|authori[sz]ation|passw|secret|cookie"
    r"|credential(?!s?_(profile|path))|(access|api|auth|bearer|refresh|security|session).?token|(^|[._-])(ad|hf|hub|id).?token$"
    r"|(^|[._-])(x[_-]?)?auth$|(^|[._-])x[_-]?auth|auth.?(key|code)|headers\.[^.]*(key|token|auth|signature)$",
    re.IGNORECASE,
)
_LOOKS = re.compile(
    r"\b(?:sk|rk|gsk|xai|nvapi|pplx|tgp|fw)[-_](?=[\w-]*\d)[\w-]{16,}|\bhf_\w{16,}|\bgh[opsu]_\w{20,}|\bA[KS]IA[0-9A-Z]{16}\b|\bAIza[\w-]{30,}"
    r"|(?<=\bBearer )[^\s'\"]{8,}|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
_IN_A_QUERY = frozenset({"key", "token", "sig", "code", "signature"})
_NAMED = re.compile(  # `X-Auth: ...` and "api_key": "..." anywhere in a text; `code=...` in the query of an address
    r"""(?P<name>\b(?:x-auth[\w-]{0,40}|(?:proxy-)?authorization|[\w-]{0,40}(?:api[_-]?key|-key|(?:access|auth|session)[_-]token|password|secret))"""
    r"""['"]?\s*[:=]\s*['"]?(?:(?:Bearer|Basic|Token)\s+)?+|[?&](?:[\w.-]{0,40}[_.-])?(?:key|token|sig|code|signature)=)"""
    r"""(?!\(hidden\))[^\s'"&,;)}\]]{4,}""",
    re.IGNORECASE,
)


def is_secret_variable(name: str) -> bool:
    """Return whether an environment variable of this name holds a secret: its value is hidden wherever it would be shown."""
    return _VARIABLE.search(name) is not None


def is_secret_name(name: str) -> bool:
    """Return whether a setting, a parameter or a header of this name would hold a secret.

    >>> [is_secret_name(name) for name in ("openai_api_key", "default_headers.X-Auth", "max_tokens", "eos_token_id")]
    [True, True, False, False]
    """
    return _NAME.search(name) is not None


def holds_secret(text: str) -> bool:
    """Return whether a text holds a secret of the environment, or something that looks like a key."""
    return without_secrets(text) != text


def address_holds_secret(address: str) -> bool:
    """Return whether a URL holds a key: by its looks, or by the name it has in the query."""
    names = [name for name, _ in parse_qsl(urlsplit(address).query, keep_blank_values=True)]
    return holds_secret(address) or any(is_secret_name(name) or name.lower() in _IN_A_QUERY for name in names)


def without_secrets(words: str) -> str:
    """Return a text without the keys, tokens and passwords that the environment holds; some providers repeat them.

    They are hidden in base64 and in the form of an address too, and so is what looks like a key or is named as one.
    """
    named = {value.strip() for name, value in os.environ.items() if is_secret_variable(name)}
    for secret in sorted(named, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            for form in _forms(secret):
                words = words.replace(form, HIDDEN)
    return _NAMED.sub(rf"\g<name>{HIDDEN}", _LOOKS.sub(HIDDEN, words))


@lru_cache(maxsize=64)
def _forms(secret: str) -> tuple[str, ...]:
    """Return a secret as it may stand in a text: as it is, in an address, in base64 at each of three offsets."""
    content = secret.encode("utf-8", "replace")
    inside = []
    for offset in range(3):
        begin, end = -(-offset * 8 // 6), (offset + len(content)) * 8 // 6  # the letters that no neighbour changes
        inside.append(b64encode(bytes(offset) + content).decode()[begin:end])
    web_safe = [form.translate(str.maketrans("+/", "-_")) for form in inside]
    return tuple(dict.fromkeys([secret, quote(secret, safe=""), *inside, *web_safe]))


def cut(text: str) -> str:
    """Return a text as a message quotes it: without secrets, and cut at `LONGEST_SHOWN` characters."""
    text = without_secrets(text)
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}..."


def one_line(said: object) -> str:
    r"""Return what another program said as a message repeats it: without secrets, in one line, its beginning, no full stop.

    >>> one_line(ValueError("no such model:\n  'base'."))
    "no such model: 'base'"
    """
    return " ".join(without_secrets(str(said)).split())[:LONGEST_WORDS].rstrip(".")


def quoted(value: object) -> str:
    """Return a value as a message quotes it, on one line."""
    return cut(repr(value))
