"""A run: its plan, the loop, deciding, the pool, generating, importing, replaying, estimating."""

__all__: list[str] = []
