"""A row of a table, by its name."""

from __future__ import annotations


def row(table, label):
    return next(row for row in table.rows if row.label == label)
