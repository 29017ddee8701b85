"""Take away the quotes that a model puts around the whole of what it was asked for."""

_CLOSING = {'"': '"', "“": '”"', "'": "'", "‘": "’", "„": '“”"', "«": "»"}


def unquoted(text: str) -> str:
    """Return a text without quotes around all of it; quotes that belong to it stay.

    >>> unquoted('"Name a river."'), unquoted('Say "yes" or "no"')
    ('Name a river.', 'Say "yes" or "no"')
    """
    is_quoted = len(text) > 1 and text[-1] in _CLOSING.get(text[0], "") and not set(text[1:-1]) & {text[0], text[-1]}
    return text[1:-1].strip() if is_quoted else text
