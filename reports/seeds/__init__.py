"""A report on a seed file."""

__all__: list[str] = []
