"""``report.md``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from fairforget.board.forms.markdown import escape
from fairforget.board.text import count, number, shown
from fairforget.report.correlations import INTERVAL, Correlation
from fairforget.report.figures import said
from fairforget.report.levels import SAID, Levels
from fairforget.report.sensitivity import Sweep
from fairforget.report.trust import trust_lines
from fairforget.report.values import Report, Scored

Names = Mapping[str, Mapping[str, str]]
"""Score -> kind of figure -> file."""


def render(report: Report, figures: Names) -> str:
    """Return the report as GitHub's Markdown; everything of others is escaped."""
    return "\n".join(_document(report, figures)) + "\n"


def _document(report: Report, figures: Names) -> Iterator[str]:
    names = [scored.name for scored in report.scores]
    yield f"# {_cell(', '.join(names))} beside the attributes of the samples"
    task = report.task
    groups = len(set(report.groups))
    yield from ("", f"Task {_cell(task['name'])} ({_cell(task['dist_version'])}), {count(len(report.ids))} samples in")
    yield f"{count(groups)} groups; seed of the draws {report.seed}. A correlation is not a cause, and length goes with"
    yield "most attributes: read the column *given length*. In parentheses: " + escape(INTERVAL) + "."
    for scored in report.scores:
        yield from _scored(scored, figures.get(scored.name, {}))
    if report.pairs:
        yield from ("", "## The scores beside one another", "", "Spearman's rank correlation, raw.", "")
        yield from _matrix(report, partial=False)
        yield from ("", "Given length.", "")
        yield from _matrix(report, partial=True)
        directions = ", ".join(f"{scored.name}: {scored.found['higher_is']}" for scored in report.scores)
        yield from ("", f"What higher means: {_cell(directions)}.")
    yield from _gaps(report)


def _scored(scored: Scored, figures: Mapping[str, str]) -> Iterator[str]:
    yield from ("", f"## {_cell(scored.name)}", "", f"Higher is {_cell(scored.found['higher_is'])} to unlearn.", "")
    yield from table(("trust", ""), trust_lines(scored.trust))
    yield from ("", "### Rank correlation with attributes", "")
    yield from table(
        ("attribute", "n", "Spearman", "n, given length", "given length"),
        [(b.name, count(b.raw.n), said(b.raw), _n(b.partial), _said(b.partial)) for b in scored.attributes],
    )
    if "attributes" in figures:
        yield from ("", f"![{_cell(scored.name)} against each attribute]({figures['attributes']})")
    yield from ("", "### Means by level, as in Table 7 of arXiv 2504.06658", "")
    yield from _levels(scored.paper_levels)
    yield from ("", "### Means by thirds", "")
    yield from _levels(scored.tertiles)
    if scored.sweeps:
        yield from ("", "### Sensitivity, as in Fig. 5 of arXiv 2504.06658", "")
        if scored.trust["random"]:
            yield "Every row but the report's own has draws of its own, so no correlation can be expected above what"
            yield "the reliabilities allow."
        for sweep in scored.sweeps:
            yield from _sweep(sweep)
        if "sensitivity" in figures:
            yield from ("", f"![Sensitivity of {_cell(scored.name)}]({figures['sensitivity']})")


def _levels(found: Sequence[Levels]) -> Iterator[str]:
    rows = [
        (
            levels.attribute,
            SAID[levels.rule],
            level.name,
            count(level.n),
            number(level.mean),
            number(level.stderr),
            "–" if level.length is None else f"{level.length:.1f}",
        )
        for levels in found
        for level in levels.levels
    ]
    heads = ("attribute", "rule", "level", "n", "mean score", "standard error", "mean length")
    yield from table(heads, rows)
    yield from ("", "Standard errors of the means take the samples for independent.")


def _sweep(sweep: Sweep) -> Iterator[str]:
    fixed = "; here it never stops early at a reliability" if sweep.fixed else ""
    slope = "" if sweep.slope is None else f"; slope of log mean on log {sweep.option}: {sweep.slope:.2f}"
    yield from ("", f"{_cell(sweep.option)} (the report's: {sweep.given:g}{escape(fixed)}){escape(slope)}.", "")
    heads = (sweep.option, "mean score", "Spearman with the report's", "reliability", "forward sequences", "remark")
    yield from table(
        heads,
        [
            (
                f"{p.value:g}",
                number(p.mean),
                _two(p.correlation),
                _two(p.reliability),
                count(p.forward_sequences),
                p.gap or ("the report's own" if p.own else ""),
            )
            for p in sweep.points
        ],
    )


def _matrix(report: Report, *, partial: bool) -> Iterator[str]:
    names = [scored.name for scored in report.scores]
    known = {(p.first, p.second): p.partial if partial else p.raw for p in report.pairs}
    known |= {(b, a): found for (a, b), found in known.items()}
    rows = [(a, *("1" if a == b else said(known[a, b]) for b in names)) for a in names]
    yield from table(("", *names), rows)


def _gaps(report: Report) -> Iterator[str]:
    gaps = [(a.name, a.gap) for a in report.attributes if a.gap is not None]
    notes = [(a.name, note) for a in report.attributes for note in a.notes]
    if gaps:
        yield from ("", "## Attributes that are not here", "")
        yield from (f"- {_cell(name)}: {_cell(why)}" for name, why in gaps)
    if notes:
        yield from ("", "## Said of the attributes", "")
        yield from (f"- {_cell(name)}: {_cell(note)}" for name, note in notes)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table, every cell escaped."""
    lines = [[_cell(cell, empty="") for cell in row] for row in (heads, *rows)]
    widths = [max(3, min(60, max(map(len, column)))) for column in zip(*lines, strict=True)]
    padded = [" | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in lines]
    yield f"| {padded[0]} |"
    yield f"| {' | '.join('-' * w for w in widths)} |"
    yield from (f"| {row} |" for row in padded[1:])


def _cell(text: object, empty: str = "–") -> str:
    return escape(shown(text, 400)) if str(text) else empty


def _two(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _said(found: Correlation | None) -> str:
    return "–" if found is None else said(found)


def _n(found: Correlation | None) -> str:
    return "–" if found is None else count(found.n)
