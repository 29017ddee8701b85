"""Flag the instances of a run, or the rows of any dataset, by rules that need no model."""

__all__: list[str] = []
