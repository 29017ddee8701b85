"""What the command line shows."""

__all__: list[str] = []
