"""Rules that flag an instance without a model: one file a rule, a registry, and what a run refuses by them."""

__all__: list[str] = []
