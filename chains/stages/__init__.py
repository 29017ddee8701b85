"""The stages, one file each with its rules beside it, and the runnables made from them."""

__all__: list[str] = []
