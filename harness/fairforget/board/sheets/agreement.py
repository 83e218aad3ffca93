"""The sheets that say how far forget sets, kinds of them and seeds agree on the rows."""

from __future__ import annotations

from fairforget.board import text
from fairforget.board.agreed import Agreement, Components
from fairforget.board.sheets.pairs import chance
from fairforget.board.sheets.sheet import Cell, Head, Line, Sheet
from fairforget.board.values import Table


def agreement(table: Table) -> Sheet:
    """Return how far forget sets agree on the order, a line a stratum."""
    found = table.compared
    labels = {row.id: row.label for row in table.rows}
    heads = (
        Head("forget sets", numeric=False),
        Head("n"),
        Head("rows"),
        Head("samples shared", "Mean share of samples that two of the forget sets have in common."),
        Head("τ, median", "Kendall's τ-b between two forget sets' orders: 1 = alike, 0 = unrelated, −1 = upside down."),
        Head("τ, lowest"),
        Head("W", "Kendall's W of all orders together: 0 = no agreement, 1 = all alike."),
        Head("mean ρ", "Mean Spearman correlation of two forget sets, from W."),
        Head("winner changes", "How likely two of the forget sets have different winners."),
        Head("winners", "Forget sets won; a tie is shared.", numeric=False),
    )
    lines = []
    if found is not None:
        counting = [stratum for stratum in table.strata if stratum.weight > 0]
        if len(counting) > 1:
            lines.append(_agreement("all that count", found.agreement, None, labels))
        lines += [
            _agreement(text.shown(label), one.agreement, one.overlap, labels) for label, one in found.strata.items()
        ]
    about = "If forget sets order the rows differently, the ranking of one of them is luck."
    return Sheet("agreement", "Do forget sets agree?", about, heads, tuple(lines))


def components(table: Table) -> Sheet:
    """Return where the variance of the scores comes from, a line a stratum."""
    found = table.compared
    parts = [] if found is None else [(label, one.components) for label, one in found.strata.items()]
    known = [(label, one) for label, one in parts if one is not None]
    seeds = any(one.seed is not None for _, one in known)
    remarks = any(_remarks(one) for _, one in known)
    wanted = f"{known[0][1].wanted:g}" if known else "0.9"
    heads = (
        Head("forget sets", numeric=False),
        Head("rows × n × seeds"),
        Head("method", "Share of the variance that lies between methods."),
        Head("forget set", "What a forget set does to all methods alike."),
        Head("method × forget set", "What a forget set does to one method and not to the others."),
        *([Head("seed", "Between seeds on one forget set.")] if seeds else []),
        Head("due to selection", "Both that lie with which samples were to be forgotten."),
        Head("p", 'Of "the rows do not differ at all": F-test of method against method × forget set.'),
        Head("Eρ²", "How well another study of this size would find the same differences: 1 = exactly; 95 % interval."),
        Head("Φ", "The same for the scores themselves."),
        Head(f"n for {wanted}", f"Forget sets for an Eρ² of {wanted}, with as many seeds."),
        *([Head("remarks", numeric=False)] if remarks else []),
    )
    lines = []
    for label, one in known:
        total = one.method + one.draw + one.method_draw + (one.seed or 0.0)
        cells = [
            Cell(text.shown(label)),
            Cell(f"{one.rows:,} × {one.draws:,} × {one.seeds:,}", float(one.draws)),
            _part(one.method, total),
            _part(one.draw, total),
            _part(one.method_draw, total),
            *([_part(one.seed, total)] if seeds else []),
            Cell(text.share(one.selection), one.selection),
            Cell(text.probability(one.p), one.p),
            _coefficient(one),
            Cell("–" if one.absolute is None else f"{one.absolute:.2f}", one.absolute),
            Cell("–", None) if one.draws_wanted is None else Cell(f"{one.draws_wanted:,}", float(one.draws_wanted)),
            *([Cell(_remarks(one))] if remarks else []),
        ]
        lines.append(Line(tuple(cells)))
    about = "Balanced analysis of variance of methods × forget sets × seeds; a share is of all variance of the scores."
    return Sheet("components", "Where the variance comes from", about, heads, tuple(lines))


def between(table: Table) -> Sheet:
    """Return how far kinds of forget set agree on the order of the means."""
    pairs = () if table.compared is None else table.compared.between
    heads = (
        Head("forget sets", numeric=False),
        Head("and", numeric=False),
        Head("τ", "Kendall's τ-b between the orders of the means."),
        Head("rows"),
    )
    lines = [
        Line(
            (
                Cell(text.shown(one.first)),
                Cell(text.shown(one.second)),
                Cell(_tau(one.tau), one.tau),
                Cell(f"{one.rows:,}", float(one.rows)),
            )
        )
        for one in pairs
    ]
    about = "How far two kinds of forget set order the rows alike: 1 = the same order, −1 = upside down."
    return Sheet("between", "Do kinds of forget set agree?", about, heads, tuple(lines))


def null(table: Table) -> Sheet:
    """Return the control: how much reversal there is where nothing differs."""
    found = None if table.compared is None else table.compared.null
    heads = (
        Head("pairs of seeds", "Rows × pairs of their seeds."),
        Head("forget sets", "Those with several seeds."),
        Head("reversals", "Share of forget sets that contradict the mean of their pair; mean over rows."),
        Head("by chance", "What as many forget sets give where nothing differs."),
        Head("between rows", "Median over pairs of different rows, to compare with."),
        Head("called different", "Pairs of seeds, by a paired t-test at 5 %; about one in twenty should be."),
    )
    lines = []
    if found is not None:
        cells = (
            Cell(f"{found.pairs:,}", float(found.pairs)),
            Cell(f"{found.draws:,}", float(found.draws)),
            chance(found.reversals),
            Cell(text.share(found.expected), found.expected),
            Cell(text.share(found.median), found.median),
            Cell(f"{found.significant} of {found.pairs:,}", float(found.significant)),
        )
        lines.append(Line(cells))
    about = "The same method against itself under another seed: reversals that mean nothing, for scale."
    return Sheet("null", "The null control", about, heads, tuple(lines))


def _agreement(label: str, found: Agreement, overlap: float | None, labels: dict[str, str]) -> Line:
    won = sorted(found.winners.items(), key=lambda item: -item[1])
    shown = [f"{text.shown(labels[row], 40)} {text.count(round(n, 1))}" for row, n in won[:6]]
    return Line(
        (
            Cell(label),
            Cell(f"{found.draws:,}", float(found.draws)),
            Cell(f"{found.rows:,}", float(found.rows)),
            Cell(text.share(overlap), overlap),
            Cell(_tau(found.tau_median), found.tau_median),
            Cell(_tau(found.tau_low), found.tau_low),
            Cell(_tau(found.w), found.w),
            Cell(_tau(found.rho), found.rho),
            Cell(text.share(found.top_changes), found.top_changes),
            Cell(", ".join(shown) + (" …" if len(won) > len(shown) else "")),
        )
    )


def _tau(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _part(value: float | None, total: float) -> Cell:
    return Cell("–") if value is None or not total > 0 else Cell(text.share(value / total), value / total)


def _coefficient(found: Components) -> Cell:
    if found.ranking is None:
        return Cell("–")
    low, high = found.ranking.low, found.ranking.high
    aside = "(no interval)" if low is None or high is None else f"({low:.2f}–{high:.2f})"
    return Cell(f"{found.ranking.value:.2f}", found.ranking.value, aside)


def _remarks(found: Components) -> str:
    told = []
    if found.truncated:
        names = {"method": "method", "draw": "forget set", "method_draw": "method × forget set", "seed": "seed"}
        told.append(f"estimated below 0, stands as 0: {', '.join(names[name] for name in found.truncated)}")
    if found.seed is None:
        told.append("one seed: its noise is in method × forget set")
    return "; ".join(told)
