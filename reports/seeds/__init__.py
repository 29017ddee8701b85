"""A report on a seed file."""
