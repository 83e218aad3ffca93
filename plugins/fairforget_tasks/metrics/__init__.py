"""Metrics of the first-party tasks, one a file."""
