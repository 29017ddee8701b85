"""The report as a web page, with its figures."""
