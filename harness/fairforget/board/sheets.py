"""All sheets of a table: what Markdown and HTML print, and the terminal the first of."""

from __future__ import annotations

from fairforget.board.agreement_sheets import agreement, between, components, null
from fairforget.board.context_sheets import binnings, differences, problems, provenance
from fairforget.board.difficulty_sheets import lines, turns
from fairforget.board.pair_sheets import pairs, reversals, standing
from fairforget.board.price_sheets import cost, coverage, tuning
from fairforget.board.result_sheets import by_stratum, measured, ranking
from fairforget.board.sheet import Sheet
from fairforget.board.values import Table
from fairforget.board.way_sheets import forgetting, matched, on_the_way


def all_sheets(table: Table) -> list[Sheet]:
    """Return the sheets of a table that have something to say, in the order of the page."""
    results = (ranking, standing, matched, by_stratum, lines, turns, reversals, between, pairs)
    agreeing = (agreement, components, null)
    more = (on_the_way, forgetting, measured)
    behind = (cost, tuning, coverage, differences, binnings, problems, provenance)
    return [sheet for sheet in (make(table) for make in (*results, *agreeing, *more, *behind)) if sheet.lines]
