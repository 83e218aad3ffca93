"""The sheets that tell of the way: at equal completeness, after so many updates, sample by sample."""

from __future__ import annotations

from fairforget.board import text, words
from fairforget.board.making.trajectory import thinned
from fairforget.board.sheets.sheet import Cell, Head, Line, Sheet, figure
from fairforget.board.values import Row, Table
from fairforget.board.way import Forgetting, Look, Quantiles

MOST_COLUMNS = 7


def matched(table: Table) -> Sheet:
    """Return what rows are worth at equal completeness, and which never get there."""
    goal = f"{table.goal:g}" if table.goal is not None else "–"
    usual = sum(stratum.draws for stratum in table.strata if stratum.weight > 0)
    heads = (
        Head("method", numeric=False),
        Head("reached", "Cells in which completeness got there, of those that ran."),
        Head(f"utility at {goal}", "Over forget sets of which every seed reached it."),
        Head("updates", "Median over cells (Kaplan–Meier, 95 % interval); > where so many never got there."),
        Head("highest completeness", "In the cells that never reached the goal."),
    )
    lines = []
    for row in table.rows:
        found = row.matched
        if found is None:
            continue
        failed = found.cells - found.reached
        told = "never" if not found.reached else "" if not failed else f"{failed:,} failed"
        most = row.cost.updates if row.cost is not None else None
        lines.append(
            Line(
                (
                    Cell(text.shown(row.label)),
                    Cell(f"{found.reached:,} of {found.cells:,}", float(found.reached), told and f"({told})"),
                    figure(found.utility, usual),
                    _median(found.updates, most),
                    Cell(text.number(found.best), found.best),
                )
            )
        )
    about = (
        f"A run goes on until completeness is {goal} or its budget is spent; utility is taken there, between two "
        "looks. A method that does not get there has failed at this, and no value stands in for it."
    )
    return Sheet("matched", f"At completeness {goal}", about, heads, tuple(lines))


def on_the_way(table: Table) -> Sheet:
    """Return completeness and utility after some updates."""
    usual = sum(stratum.draws for stratum in table.strata if stratum.weight > 0)
    looked = sorted({look.update for row in table.rows for look in row.way})
    updates = thinned(looked, MOST_COLUMNS)
    heads = (
        Head("method", numeric=False),
        Head("average of", numeric=False),
        *(Head("target" if update == 0 else f"{update:,.6g} updates") for update in updates),
    )
    lines = [
        Line(
            (
                Cell(text.shown(row.label)),
                Cell(role),
                *(figure(getattr(look, role) if look else None, usual) for look in (_at(row, u) for u in updates)),
            )
        )
        for row in table.rows
        if len(row.way) > 1
        for role in ("completeness", "utility")
        if any(getattr(look, role) is not None for look in row.way)
    ]
    about = "Means over forget sets on the way; a run that ended keeps what it delivered. " + _columns(table)
    return Sheet("way", "On the way", about, heads, tuple(lines))


def forgetting(table: Table) -> Sheet:
    """Return after how many updates samples were forgotten."""
    beside = [s for s in table.strata if not (s.weight > 0 and sum(t.weight > 0 for t in table.strata) == 1)]
    heads = (
        Head("method", numeric=False),
        Head("samples", "Of all cells together."),
        Head("forgotten", "By the end of their run."),
        Head("a quarter after"),
        Head(f"half after, {words.headline_name(table)}", "With its 95 % interval over forget sets."),
        Head("three quarters after"),
        *(Head(f"half after, {text.shown(s.label)}", stratum=s.label) for s in beside),
    )
    lines = []
    for row in table.rows:
        whole = row.forgetting.get("")
        if whole is None:
            continue
        asked = whole.quantiles
        strata = [row.forgetting.get(s.label) for s in beside]
        lines.append(
            Line(
                (
                    Cell(text.shown(row.label)),
                    Cell(f"{whole.samples:,}", float(whole.samples)),
                    Cell(text.share(whole.forgotten / whole.samples), whole.forgotten / whole.samples),
                    _after(asked.quarter, whole.cap),
                    _median(asked, whole.cap),
                    _after(asked.three_quarters, whole.cap),
                    *(_of_stratum(found) for found in strata),
                )
            )
        )
    about = (
        "Updates until samples count as forgotten (Kaplan–Meier). One that is not forgotten when its run ends counts "
        "as taking longer than that, and as no number: > is the last look of any run."
    )
    return Sheet("forgetting", "Updates until samples are forgotten", about, heads, tuple(lines))


def _at(row: Row, update: float) -> Look | None:
    """Return the last look up to an update."""
    return next((look for look in reversed(row.way) if look.update <= update), None)


def _median(found: Quantiles | None, cap: float | None) -> Cell:
    if found is None:
        return Cell("–")
    cell = _after(found.median, cap)
    if found.low is None:
        return cell
    ends = (
        f"({text.count(found.low)}–{text.count(found.high)})"
        if found.high is not None
        else f"(from {text.count(found.low)})"
    )
    return Cell(cell.text, cell.order, ends)


def _after(updates: float | None, cap: float | None) -> Cell:
    """Return a number of updates, or that it takes more than were looked at."""
    if updates is not None:
        return Cell(text.count(updates), updates)
    return Cell("–") if cap is None else Cell(f"> {text.count(cap)}", cap + 1)


def _of_stratum(found: Forgetting | None) -> Cell:
    return Cell("–") if found is None else _median(found.quantiles, found.cap)


def _columns(table: Table) -> str:
    completeness = {column.name for column in table.columns if column.role == "completeness"}
    if set(table.on_the_way) == {column.name for column in table.columns if column.average}:
        return "The averages are those of the ranking."
    parts = [
        f"{role} of {text.listed([text.shown(n) for n in table.on_the_way if (n in completeness) == of]) or 'nothing'}"
        for role, of in (("completeness", True), ("utility", False))
    ]
    return f"The averages are not those of the ranking, but of what was looked at: {' and '.join(parts)}."
