"""The sheets that say how rows compare: each among the others, by pairs, and where a kind of forget set disagrees."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from fairforget.board import text, words
from fairforget.board.agreed import Chance, Share
from fairforget.board.compared import Compared, Pair, RankSet, StratumDifference
from fairforget.board.sheets.sheet import Cell, Head, Line, Sheet, figure
from fairforget.board.values import Row, Stratum, Table
from fairforget.stats.intervals import LEVEL

MOST_ALL: Final = 8
"""Up to so many rows every pair is printed, of more rows the neighbours."""
MOST_REVERSALS: Final = 30


def standing(table: Table) -> Sheet:
    """Return each row among the others."""
    found = table.compared
    labels = {row.id: row.label for row in table.rows}
    several = [] if found is None or len(found.strata) < 2 else list(found.rows.values())
    strata = [stratum for stratum in table.strata if any(stratum.label in one.strata for one in several)]
    seeds = found is not None and any(row.sd_seeds is not None for row in found.rows.values())
    rows = {row.id: row for row in table.rows}
    normalised = any(rows[row].normalised for row in (() if found is None else found.rows))
    counts = {stratum.draws for stratum in strata}
    usual = counts.pop() if len(counts) == 1 else None
    heads = (
        Head("method", numeric=False),
        Head("rank 1", "How often the row has the highest mean when forget sets, seeds and runs are resampled."),
        Head("could rank", "Where new forget sets and runs could bring this row, 95 %, for each row by itself."),
        Head("to the best", "Mean difference to the highest row, paired by forget set."),
        *(
            [
                Head(
                    "normalised",
                    "The score between the reference rows, 0 = untouched, 1 = oracle; the noise of both counts.",
                )
            ]
            if normalised
            else []
        ),
        *(
            [
                Head(
                    "weakest" if usual is None else f"weakest (n = {usual})",
                    "The kind of forget set with its lowest mean; picked as that, it is more likely too low.",
                )
            ]
            if strata
            else []
        ),
        Head("beats the next", "Probability to beat the row below on a new forget set, with its 95 % interval."),
        Head("sd, forget sets", "Standard deviation between forget sets of one kind."),
        *([Head("sd, seeds", "Standard deviation between seeds on the same forget set.")] if seeds else []),
        *(Head(f"rank, {words.draws_label(s)}", f"On {text.shown(s.label)} alone.", stratum=s.label) for s in strata),
        Head("n", "Forget sets behind it."),
    )
    lines = []
    n = 0 if found is None else found.agreement.draws
    for row, one in found.rows.items() if found is not None else ():
        cells = [
            Cell(text.shown(labels[row])),
            Cell(text.share(one.first), one.first),
            Cell(f"{one.low}–{one.high}", float(one.low)),
            Cell("best", 0.0) if one.to_best is None else figure(one.to_best, n),
            *([figure(rows[row].normalised, n)] if normalised else []),
            *([_weakest(rows[row], strata, usual)] if strata else []),
            Cell("–") if one.beats_next is None else chance(one.beats_next),
            Cell(text.number(one.sd_draws), one.sd_draws),
            *([Cell(text.number(one.sd_seeds), one.sd_seeds)] if seeds else []),
            *(_rank(one.strata.get(stratum.label)) for stratum in strata),
            Cell(f"{n:,}", float(n)),
        ]
        lines.append(Line(tuple(cells)))
    about = "The interval of a rank is from a bootstrap over forget sets and seeds" + (
        f", {found.resamples:,} times, and for one row at a time; that of the ranking holds for all rows at once."
        if found
        else "."
    )
    return Sheet("standing", "Each row among the others", about, heads, tuple(lines))


def pairs(table: Table) -> Sheet:
    """Return every pair, of many rows the neighbours."""
    found = table.compared
    labels = {row.id: row.label for row in table.rows}
    printed = [] if found is None else _printed(found)
    flips, seeds = any(p.p_flip is not None for p in printed), any(p.reversal_true is not None for p in printed)
    heads = (
        Head("ahead", numeric=False),
        Head("behind", numeric=False),
        Head("difference", "Mean over forget sets of the paired difference, with its 95 % interval."),
        Head("p", 'Of "the first is not better", paired t-test, Holm-corrected over all pairs.'),
        *([Head("p, signs", "Of the exact sign-flip test, two-sided, for this pair alone.")] if flips else []),
        Head("beats", "Probability that the first beats the second on a new forget set."),
        Head("reversed on", "Forget sets on which the second is ahead, with the exact 95 % interval of their share."),
        Head("would reverse", "A new forget set, by a normal model, noise of seeds included."),
        *([Head("by itself", "The same without the noise of seeds.")] if seeds else []),
        Head(
            "forget sets to tell",
            "So many like these would tell a difference of this size in this ranking, with 80 % power; in brackets as "
            "many that share no sample. More of those that do say less and less that is new.",
        ),
        Head("n", "Forget sets behind it."),
    )
    lines = [
        Line(
            (
                Cell(text.shown(labels[pair.first])),
                Cell(text.shown(labels[pair.second])),
                figure(pair.difference, pair.difference.n),
                Cell(text.probability(pair.p), pair.p),
                *([Cell(text.probability(pair.p_flip), pair.p_flip)] if flips else []),
                chance(pair.improvement),
                counted(pair.reversals),
                Cell("–") if pair.reversal is None else chance(pair.reversal),
                *([Cell("–") if pair.reversal_true is None else chance(pair.reversal_true)] if seeds else []),
                _to_tell(pair),
                Cell(f"{pair.difference.n:,}", float(pair.difference.n)),
            )
        )
        for pair in printed
    ]
    whole = found is None or len(printed) == len(found.pairs)
    about = "Two rows on the same forget sets: what a forget set does to both cancels." + (
        "" if whole else " Printed are neighbours in the ranking; every pair is in board.json."
    )
    return Sheet("pairs", "Who beats whom" if whole else "Neighbours", about, heads, tuple(lines))


def reversals(table: Table) -> Sheet:
    """Return where the order on a kind of forget set is not that of the headline, the surest first."""
    labels = {row.id: row.label for row in table.rows}
    against = contradictions(table)
    against.sort(key=lambda found: (not found[1].significant, 1.0 if found[1].p is None else found[1].p))
    heads = (
        Head("ahead", f"By the mean, {words.headline_name(table)}.", numeric=False),
        Head("behind", numeric=False),
        Head("turned on", numeric=False),
        Head("difference there", "Ahead minus behind on this kind of forget set."),
        Head("difference over all"),
        Head("forget sets", "On which the row behind is ahead, with the exact 95 % interval of their share."),
        Head("p", 'Of "the row behind is not better there", Holm-corrected over all pairs and kinds.'),
        Head("told apart", numeric=False),
    )
    lines = [
        Line(
            (
                Cell(text.shown(labels[pair.first])),
                Cell(text.shown(labels[pair.second])),
                Cell(f"{text.shown(one.stratum)} (n = {one.difference.n})"),
                figure(one.difference, one.difference.n),
                figure(pair.difference, one.difference.n),
                counted(one.reversals),
                Cell(text.probability(one.p), one.p),
                Cell("yes" if one.significant else "no"),
            )
        )
        for pair, one in against[:MOST_REVERSALS]
    ]
    more = len(against) - len(lines)
    about = (
        "A method that is better over all and worse on one kind of forget set is better only for some samples "
        "(Simpson's paradox); where the two are not told apart there, only the sign says so."
        + (f" {more:,} more are in board.json." if more > 0 else "")
    )
    return Sheet("reversals", "Kinds of forget set that turn the order", about, heads, tuple(lines))


def contradictions(table: Table) -> list[tuple[Pair, StratumDifference]]:
    """Return every pair with a stratum whose mean has the other sign."""
    if table.compared is None:
        return []
    return [(pair, one) for pair in table.compared.pairs for one in pair.strata if one.contradicts]


def chance(found: Chance) -> Cell:
    """Return ``62 % (9–97 %)``."""
    if found.low is None or found.high is None:
        return Cell(text.share(found.value), found.value, "(no interval)")
    return Cell(text.share(found.value), found.value, f"({100 * found.low:.0f}–{100 * found.high:.0f} %)")


def counted(found: Share) -> Cell:
    """Return ``1 of 6 (0–64 %)``."""
    return Cell(f"{found.count:g} of {found.n:,}", found.value, f"({100 * found.low:.0f}–{100 * found.high:.0f} %)")


def _printed(found: Compared) -> list[Pair]:
    if len(found.order) <= MOST_ALL:
        return list(found.pairs)
    near = set(pairwise(found.order))
    return [pair for pair in found.pairs if (pair.first, pair.second) in near]


def _weakest(row: Row, strata: Sequence[Stratum], usual: int | None) -> Cell:
    """Return ``0.735 (± 0.055 medium)``, with its n where it is not the usual one."""
    scores = [
        (score, stratum)
        for stratum in strata
        if (inside := row.strata.get(stratum.label)) is not None and (score := inside.figures.score) is not None
    ]
    if not scores:
        return Cell("–")
    score, stratum = min(scores, key=lambda pair: pair[0].mean)
    aside = text.aside(score, score.n if usual is None else usual)
    label = text.shown(stratum.label) if usual is not None else words.draws_label(stratum)
    return Cell(text.mean(score), score.mean, f"{aside} {label}".strip(), score)


def _rank(found: RankSet | None) -> Cell:
    return Cell("–") if found is None else Cell(str(found.rank), found.rank, f"({found.low}–{found.high})")


def _to_tell(pair: Pair) -> Cell:
    if pair.p <= 1 - LEVEL:
        return Cell("told", 0.0)
    needed, apart = ("–" if n is None else f"{n:,}" for n in (pair.draws_to_tell, pair.draws_apart))
    order = pair.draws_to_tell if pair.draws_to_tell is not None else pair.draws_apart
    return Cell(needed, None if order is None else float(order), "" if needed == apart else f"({apart})")
