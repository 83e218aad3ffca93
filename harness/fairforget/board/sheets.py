"""All sheets of a table: what Markdown and HTML print, and the terminal the first of."""

from __future__ import annotations

from fairforget.board.context_sheets import binnings, cost, differences, problems, provenance
from fairforget.board.result_sheets import by_stratum, measured, ranking
from fairforget.board.sheet import Sheet
from fairforget.board.values import Table


def all_sheets(table: Table) -> list[Sheet]:
    """Return the sheets of a table that have something to say, in the order of the page."""
    made = (ranking, by_stratum, measured, cost, differences, binnings, problems, provenance)
    return [sheet for sheet in (make(table) for make in made) if sheet.lines]
