"""Leaderboards: from the records of cells to tables, and from tables to pages."""

from fairforget.rooms import make_callable

make_callable(__name__)
