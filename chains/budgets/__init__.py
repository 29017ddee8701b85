"""What a run may spend: bounds, prices, the budget and the meter."""

__all__: list[str] = []
