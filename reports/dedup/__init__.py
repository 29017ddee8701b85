"""The novelty filter on any file of records."""

__all__: list[str] = []
