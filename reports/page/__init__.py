"""The report as a web page, with its figures."""

__all__: list[str] = []
