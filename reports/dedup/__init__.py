"""The novelty filter on any file of records."""
