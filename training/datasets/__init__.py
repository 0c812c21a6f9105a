"""Readers of data sets: each turns a zip or a folder into examples and says what it refused and why."""

from training.datasets.base import DataSet, Example, Refused, open_data

__all__ = ["DataSet", "Example", "Refused", "open_data"]
