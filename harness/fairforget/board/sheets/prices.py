"""The sheets that tell what the rows cost, and what they spent it on."""

from __future__ import annotations

import math

from fairforget.board import text
from fairforget.board.identity import options_text
from fairforget.board.sheets.sheet import Cell, Head, Line, Sheet, figure
from fairforget.board.values import Row, Table
from fairforget.board.way import Cost


def cost(table: Table) -> Sheet:
    """Return what the rows cost; a column that is empty in every row is left out."""
    rows = [(row, row.cost) for row in table.rows if row.cost is not None]
    looks = any(spent.looks for _, spent in rows)
    tuned = any(row.tuned is not None for row, _ in rows)
    heads = (
        Head("method", numeric=False),
        Head("updates"),
        Head("forward-equivalents", "Sequences forwarded; a backward pass counts as two."),
        Head("for difficulty", "Share of them spent on scoring difficulty, again at every refresh."),
        Head("for reference", "Share of them spent on passes through the target as it was."),
        *([Head("looks", "Forward-equivalents of looks on the way: the study's, in no budget.")] if looks else []),
        *([Head("tuning, once", "Forward-equivalents of all trials of the row together.")] if tuned else []),
        Head("time", "Without the evaluation."),
        Head("cells"),
    )
    lines = [
        Line(
            (
                Cell(text.shown(row.label)),
                _spent(text.count(spent.updates), spent.updates, spent),
                _spent(text.count(spent.forward_equivalents), spent.forward_equivalents, spent),
                Cell(text.share(spent.difficulty_share), spent.difficulty_share),
                Cell(text.share(spent.reference_share), spent.reference_share),
                *([Cell(text.count(spent.looks), spent.looks)] if looks else []),
                *([_tuning(row)] if tuned else []),
                _spent(text.seconds(spent.seconds), spent.seconds, spent),
                Cell(text.count(spent.cells), float(spent.cells)),
            ),
            row.reference is not None,
        )
        for row, spent in rows
    ]
    about = (
        "What one cell takes: the median over cells. Difficulty scores and reference passes are paid from the budget."
    )
    if any(spent.declared for _, spent in rows):
        about += " What is called declared was made elsewhere, and nobody measured it."
    return Sheet("cost", "Cost", about, heads, tuple(lines))


def tuning(table: Table) -> Sheet:
    """Return what was searched and chosen for every row."""
    heads = (
        Head("method", numeric=False),
        Head("trials"),
        Head("forward-equivalents", "Of all trials together."),
        Head("as given", "What trials are judged by, under the settings of the study."),
        Head("best", "The same under the settings chosen. The best of several trials: too good as an estimate."),
        Head("chosen", numeric=False),
    )
    lines = [
        Line(
            (
                Cell(text.shown(row.label)),
                Cell(f"{row.tuned.trials:,}", float(row.tuned.trials)),
                _tuning(row),
                Cell(text.number(row.tuned.given), row.tuned.given),
                Cell(text.number(row.tuned.best), row.tuned.best),
                Cell(text.shown(options_text(row.tuned.chosen), 300)),
            )
        )
        for row in table.rows
        if row.tuned is not None
    ]
    about = "Every row was searched for by as many trials, on forget sets that are used for nothing else."
    return Sheet("tuning", "Tuning", about, heads, tuple(lines))


def coverage(table: Table) -> Sheet:
    """Return how the curricula spread the updates over samples; empty where every row meets all of them alike."""
    heads = (
        Head("method", numeric=False),
        Head(
            "effective sample size",
            "(Σw)² / Σw² of the weights, mean over epochs.",
        ),
        Head("different samples", "That an update met."),
        Head("visits", "Of the sample met least and of the one met most."),
        Head("scorings", "Times the forget samples were scored by difficulty."),
        Head("without a score", "Samples of a scoring whose score is no number."),
        Head("completeness"),
        Head("of the worst quarter", "Of each forget set, by columns that have a value for every sample."),
    )
    rows = [(row, row.coverage) for row in table.rows if row.coverage is not None]
    usual = sum(stratum.draws for stratum in table.strata if stratum.weight > 0)
    uneven = any(found.effective < found.samples - 1e-6 or found.scorings for _, found in rows)
    lines = [
        Line(
            (
                Cell(text.shown(row.label)),
                Cell(f"{found.effective:,.1f} of {text.count(found.samples)}", found.effective),
                Cell(text.count(found.seen), found.seen),
                Cell(f"{text.count(found.fewest)}–{text.count(found.most)}", found.most),
                Cell(text.count(found.scorings), found.scorings),
                Cell(text.count(found.undefined), found.undefined),
                figure(row.headline.completeness, usual),
                figure(row.worst_quarter, usual),
            )
        )
        for row, found in rows
        if uneven
    ]
    about = (
        "A curriculum that prefers some samples meets fewer of them in as many updates, so what differs between them "
        "may be coverage, and a mean may hide samples that were never met. Means over cells; as many equal weights as "
        "the effective sample size would spread as far."
    )
    return Sheet("coverage", "Which samples the updates met", about, heads, tuple(lines))


def _spent(shown: str, value: float, cost: Cost) -> Cell:
    """Return a number that says where it comes from."""
    if not math.isfinite(value):
        return Cell(shown)
    return Cell(f"{shown} (declared)" if cost.declared else shown, value)


def _tuning(row: Row) -> Cell:
    spent = None if row.tuned is None else row.tuned.forward_equivalents
    return Cell("–" if spent is None else text.count(spent), spent)
