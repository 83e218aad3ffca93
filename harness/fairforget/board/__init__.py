"""Leaderboards: from the records of cells to tables, and from tables to pages."""
