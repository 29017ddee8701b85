"""Models: from a name, asking one, what providers answer and refuse, retrying."""

__all__: list[str] = []
