"""The table beside clouds of points: the outcomes of samples from the lowest to the highest quarter of the score."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator, Sequence
from typing import Final

from fairforget.board.loose import items, mapping
from fairforget.board.sheets.sheet import Cell, Head, Line, Sheet
from fairforget.board.text import shown
from fairforget.claims.report import words
from fairforget.claims.report.ours import Sample, samples_of
from fairforget.claims.report.told import Told

MOST_LINES: Final = 60
QUARTERS: Final = ("lowest quarter", "second", "third", "highest quarter")
FEWEST: Final = 8
"""Samples that have quarters."""


def quarters(told: Told) -> Iterator[Sheet]:
    """Yield the medians of the outcome by quarter of the score; nothing for what draws no points."""
    found = list(_lines(told))
    if not found:
        return
    heads = (
        Head("target", numeric=False),
        Head("row", numeric=False),
        Head("n"),
        *(Head(quarter) for quarter in QUARTERS),
    )
    more = f" The first {MOST_LINES} of {len(found):,} lines." if len(found) > MOST_LINES else ""
    about = (
        "Median outcome of the samples in each quarter of the score, samples of equal score in the order of the study; "
        f"runs that the budget ended count as long as they were.{more}"
    )
    yield Sheet("quarters", "Outcome by quarter of the score", about, heads, tuple(found[:MOST_LINES]))


def _lines(told: Told) -> Iterator[Line]:
    for one in told.outcome.targets:
        for row in map(mapping, items(one.judged.effect.figure.get("rows"))):
            samples = samples_of(row)
            if len(samples) >= FEWEST:
                medians = [statistics.median(y for _, y in quarter) for quarter in _quarters(samples)]
                cells = (Cell(words.number(median), median) for median in medians)
                n = Cell(f"{len(samples):,}", float(len(samples)))
                yield Line((Cell(shown(one.target, 40)), Cell(shown(row.get("row", "–"), 60)), n, *cells))


def _quarters(samples: Sequence[Sample]) -> Iterator[Sequence[Sample]]:
    ordered = sorted(samples, key=lambda sample: sample[0])
    ends = [round(i * len(ordered) / 4) for i in range(5)]
    yield from (ordered[low:high] for low, high in itertools.pairwise(ends))
