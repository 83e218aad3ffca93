"""Sentences about a comparison, the same on every page."""

from __future__ import annotations

from collections import Counter

from fairforget.board import text
from fairforget.board.identity import bare, comparison
from fairforget.board.loose import mapping, number
from fairforget.compare.values import ALL_STRATA, Comparison, Control, Difference, Row, Section, Verdict
from fairforget.stats.intervals import Estimate
from fairforget.store.record import Record

_ORDER: tuple[Verdict, ...] = ("worse", "cannot tell", "not worse", "same", "better")


def setting_text(record: Record) -> str:
    """Return what every cell of a section has in common, in words."""
    shared = comparison(record)
    size = text.plural(shared["forget size"], "sample")
    budget = mapping(shared["budget"])
    amount, kind = budget.get("amount"), str(budget.get("kind")).replace("_", "-")
    spent = "no budget recorded"
    if number(amount) is not None:
        goal = number(budget.get("completeness"))
        until = "" if goal is None else f"until completeness {goal:g}, "
        spent = f"{until}at most {amount:,g} {text.shown(kind)}"
    return f"forget sets of {size}, {spent}"


def title(section: Section) -> str:
    """Return what a section is about."""
    return f"{text.shown(bare(section.task))} v{section.version}, {section.setting}"


def summary(found: Comparison) -> str:
    """Return in one sentence how it went."""
    counts = Counter(difference.verdict for _, _, difference in found.differences())
    parts = [f"{counts[verdict]} {verdict}" for verdict in _ORDER if counts[verdict]]
    total = text.plural(sum(counts.values()), "comparison")
    cells = text.plural(found.cells, "pair")
    return f"{total} from {cells} of cells: {', '.join(parts)}." if parts else f"{cells} of cells, and no row to judge."


def about(found: Comparison) -> str:
    """Return how the table is to be read."""
    what = {"score": "the harmonic mean of completeness and utility, or utility where completeness was matched"}
    named = f"{text.shown(found.score)} ({what[found.score]})" if found.score in what else text.shown(found.score)
    margin = f" A loss of less than {text.number(found.margin)} is none." if found.margin else ""
    return (
        f"HEAD minus BASE in {named}, in pairs of the same forget set and seed; positive is better. "
        "± is half the 95 % t-interval over forget sets; below three of them there is none. "
        f"All verdicts are tested together (Holm).{margin}"
    )


def headline(section: Section, row: Row, found: Difference) -> str:
    """Return a verdict with its figures, in one line."""
    where = f"{text.shown(bare(section.task))} v{section.version}, {row.label}, {found.stratum}"
    figures = [] if found.difference is None else [f"{signed(found.difference)}, n = {found.difference.n}"]
    said = [*figures, *([found.reason] if found.reason else [])]
    return f"{where}: {found.verdict}" + (f" ({'; '.join(said)})" if said else "")


def is_unchanged(row: Row) -> bool:
    """Return whether every cell of a row is the same."""
    return all(difference.verdict == "same" and not difference.lost for difference in row.differences)


def unchanged(section: Section) -> str:
    """Return which rows are the same; empty where none is."""
    rows = [row for row in section.rows if is_unchanged(row)]
    pairs = sum(d.cells for row in rows for d in row.differences if d.stratum != ALL_STRATA)
    if not rows:
        return ""
    cells = text.plural(pairs, "pair")
    return f"The same to the last bit in all {cells} of cells: {text.listed([row.label for row in rows])}."


def takes(found: Difference) -> str:
    """Return what it would take to tell."""
    if found.verdict != "cannot tell":
        return ""
    if found.p_better is None:
        return found.reason or ""
    sets = "no number of sets"
    if found.draws_needed is not None:
        sets = f"{found.draws_needed:,} sets"
    elif found.draws_apart is not None:
        sets = f"{found.draws_apart:,} sets that share no sample"
    return sets if found.detectable is None else f"{sets} (these show ±{text.number(found.detectable)})"


def signed(estimate: Estimate) -> str:
    """Return a difference with its sign and half its interval: ``+0.012 ± 0.008``."""
    mean = text.mean(estimate)
    plus = "+" if estimate.mean > 0 else ""
    return f"{plus}{mean} {text.aside(estimate, estimate.n)}".strip()


def control_text(control: Control) -> str:
    """Return what became of a reference row."""
    if not control.changed:
        return f"{control.label}: the same in {text.plural(control.cells, 'pair')} of cells"
    size = (
        "a value is there on one side alone"
        if control.largest is None
        else f"by at most {text.number(control.largest)}"
    )
    return f"{control.label}: another in {control.changed:,} of {text.plural(control.cells, 'pair')} of cells, {size}"
