"""All sheets of a table: what Markdown and HTML print, and the terminal the first of."""

from __future__ import annotations

from fairforget.board.sheets.agreement import agreement, between, components, null
from fairforget.board.sheets.context import binnings, differences, problems, provenance
from fairforget.board.sheets.difficulty import lines, turns
from fairforget.board.sheets.pairs import pairs, reversals, standing
from fairforget.board.sheets.prices import cost, coverage, tuning
from fairforget.board.sheets.results import by_stratum, measured, ranking
from fairforget.board.sheets.sheet import Sheet
from fairforget.board.sheets.way import forgetting, matched, on_the_way
from fairforget.board.values import Table


def all_sheets(table: Table) -> list[Sheet]:
    """Return the sheets of a table that have something to say, in the order of the page."""
    results = (ranking, standing, matched, by_stratum, lines, turns, reversals, between, pairs)
    agreeing = (agreement, components, null)
    more = (on_the_way, forgetting, measured)
    behind = (cost, tuning, coverage, differences, binnings, problems, provenance)
    return [sheet for sheet in (make(table) for make in (*results, *agreeing, *more, *behind)) if sheet.lines]
