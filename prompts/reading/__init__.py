"""The output parsers: what a reply holds, however a model wrote it."""
