"""The sheets that say what stands behind the results."""

from __future__ import annotations

from fairforget.board import text, words
from fairforget.board.identity import bare, options_text
from fairforget.board.sheets.sheet import Cell, Head, Line, Sheet, figure
from fairforget.board.values import Stratum, Table, Trouble

MOST_PROBLEMS = 50


def differences(table: Table) -> Sheet:
    """Return what else differs between the strata."""
    heads = (
        Head("forget sets' mean", numeric=False),
        *(Head(words.draws_label(stratum), stratum=stratum.label) for stratum in table.strata),
        Head("p", "Of a one-way analysis of variance: small = the strata differ in this."),
    )
    lines = [
        Line(
            (
                Cell(text.shown(covariate.name).replace("_", " ")),
                *(figure(covariate.strata.get(stratum.label), stratum.draws) for stratum in table.strata),
                Cell(text.probability(covariate.p), covariate.p),
            )
        )
        for covariate in table.covariates
    ]
    about = "Easy and hard forget sets may differ in more than difficulty, and that may explain a difference above."
    return Sheet("differences", "What else differs between the strata", about, heads, tuple(lines))


def binnings(table: Table) -> Sheet:
    """Return how well the difficulty scores sort."""
    heads = (
        Head("difficulty", numeric=False),
        Head("sampler", numeric=False),
        Head("reliability", "Split-half; under 0.8 bins are partly chance."),
        Head("forward-equivalents", "Spent once for the whole study."),
        Head("advice", numeric=False),
    )
    lines = [
        Line(
            (
                Cell(text.shown(b.score)),
                Cell(text.shown(bare(b.sampler))),
                Cell("–" if b.reliability is None else f"{b.reliability:.2f}", b.reliability),
                Cell(
                    "–" if b.forward_equivalents is None else text.count(b.forward_equivalents), b.forward_equivalents
                ),
                Cell("; ".join(text.shown(advice, 300) for advice in b.advice)),
            )
        )
        for b in table.binnings
    ]
    about = "A score that would sort the samples otherwise when computed again cannot tell easy from hard."
    return Sheet("binnings", "The difficulty scores behind the strata", about, heads, tuple(lines))


def problems(table: Table) -> Sheet:
    """Return what went wrong, a line for every row and kind of problem."""
    heads = (
        Head("method", numeric=False),
        Head("what", numeric=False),
        Head("cells"),
        Head("where", numeric=False),
        Head("message", "Of the first.", numeric=False),
    )
    lines = [
        Line(
            (
                Cell(text.shown(p.row)),
                Cell(f"{'failed: ' if p.failed else ''}{text.shown(p.kind)}"),
                Cell(f"{len(p.cells):,}", float(len(p.cells))),
                Cell(_places(p)),
                Cell(text.shown(p.message, 200)),
            )
        )
        for p in table.problems[:MOST_PROBLEMS]
    ]
    more = len(table.problems) - len(lines)
    about = "A cell that failed has no score and is never replaced by a guess; any other counts as it is." + (
        f" {more:,} more are in board.json." if more > 0 else ""
    )
    return Sheet("problems", "Problems", about, heads, tuple(lines))


def provenance(table: Table) -> Sheet:
    """Return where the numbers come from."""
    made = table.provenance
    facts: list[tuple[str, str]] = [
        ("task", f"{text.shown(table.task['name'])}, version {table.task['version']}"),
        ("data", text.shown(table.task.get("data") or "–")),
        ("target", text.shown(table.target.get("id"))),
        ("forget sets", f"{text.plural(table.forget_size, 'sample')}, drawn by {text.shown(table.unit)}"),
        ("samplers", "; ".join(dict.fromkeys(_sampler(stratum) for stratum in table.strata))),
        ("seeds", text.shown(", ".join(map(str, table.seeds)))),
        ("budget", words.budget_text(table)),
        ("cells", f"{made['cells']:,}"),
        *((text.shown(k), text.shown(" or ".join(v), 300)) for k, v in made["environment"].items()),
        *((text.shown(k), text.shown(" or ".join(v), 300)) for k, v in made["distributions"].items()),
    ]
    heads = (Head("what", numeric=False), Head("value", numeric=False))
    lines = tuple(Line((Cell(name), Cell(value))) for name, value in facts)
    return Sheet("provenance", "Provenance", "What the numbers were made with.", heads, lines)


def _sampler(stratum: Stratum) -> str:
    options = stratum.sampler.get("options")
    described = options_text(options) if isinstance(options, dict) and options else ""
    return text.shown(f"{bare(str(stratum.sampler['name']))}{f' ({described})' if described else ''}", 200)


def _places(trouble: Trouble) -> str:
    shown = [f"{text.shown(stratum)} {draw} seed {seed}" for stratum, draw, seed, _ in trouble.cells[:3]]
    return ", ".join(shown) + (" …" if len(trouble.cells) > 3 else "")
