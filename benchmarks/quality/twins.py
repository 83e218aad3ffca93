"""Print how every row of a run differs from its twin under the uniform order, on the same forget sets.

    python benchmarks/quality/twins.py runs/tofu-curricula

The difference is taken in each forget set, averaged over seeds; ± is half the 95 % t-interval of its mean over forget
sets, wider where they share samples. ``forgotten`` is 1 − probability, averaged over tokens, where the task measures
it.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fairforget.board.making.scores import cell_scores
from fairforget.stats.intervals import Estimate, draw_means, t_interval
from fairforget.stats.overlap import overlap_share
from fairforget.store.record import Record
from fairforget.store.results import Results

Values = dict[str, float]


def values(record: Record) -> Values:
    """Return what is compared, by name."""
    found = cell_scores(record)
    return {
        "score": found.score,
        "completeness": found.completeness,
        "by probability": found.by_probability,
        "by generation": found.by_generation,
        "utility": found.utility,
    }


def differences(run: Path) -> Iterator[tuple[str, str, dict[str, Estimate]]]:
    """Yield (method, curriculum, difference to uniform by name) of every row that has a twin."""
    cells: dict[tuple[str, str], dict[tuple[str, int], dict[int, Values]]] = defaultdict(lambda: defaultdict(dict))
    samples: dict[tuple[str, int], list[str]] = {}
    for record in Results.read([run]).records:
        cell = record.cell
        if cell["curriculum"] is not None and record.status == "ok":
            draw = (cell["draw"]["stratum"], cell["draw"]["index"])
            row = (cell["method"]["label"], cell["curriculum"]["label"])
            cells[row][draw][cell["seed"]] = values(record)
            samples[draw] = cell["draw"]["forget"]
    for (method, curriculum), mine in sorted(cells.items()):
        theirs = cells.get((method, "uniform"))
        if theirs is None or curriculum == "uniform":
            continue
        both = {draw: sorted(mine[draw].keys() & theirs[draw].keys()) for draw in sorted(mine.keys() & theirs.keys())}
        pairs = {d: [(mine[d][s], theirs[d][s]) for s in seeds] for d, seeds in both.items() if seeds}
        if pairs:
            overlap = overlap_share([samples[d] for d in pairs])
            yield method, curriculum, dict(_means(list(pairs.values()), overlap))


def _means(pairs: list[list[tuple[Values, Values]]], overlap: float) -> Iterator[tuple[str, Estimate]]:
    for name in pairs[0][0][0]:
        draws = [draw_means(np.array([[a[name] - b[name] for a, b in seeds]]))[0] for seeds in pairs]
        estimate = t_interval(np.array(draws), overlap=overlap)
        if estimate is not None:
            yield name, estimate


def table(run: Path) -> str:
    """Return the differences as a table of Markdown."""
    rows = list(differences(run))
    names = list(rows[0][2]) if rows else []
    lines = [f"| method | curriculum | {' | '.join(names)} | n |", "|---|---|" + "---|" * (len(names) + 1)]
    for method, curriculum, found in rows:
        shown = [
            f"{e.mean:+.3f} ± {e.half_width:.3f}" if e.half_width is not None else f"{e.mean:+.3f}"
            for e in found.values()
        ]
        lines.append(f"| {method} | {curriculum} | {' | '.join(shown)} | {min(e.n for e in found.values())} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(Path(sys.argv[1])))
