"""How well the samples are forgotten that are forgotten worst."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import fmean

from fairforget.board.kept.columns import Columns, kinds_of, value_of
from fairforget.stats.averages import enters_average
from fairforget.store.record import Record


def worst_quarter(record: Record) -> float:
    """Return the completeness of the quarter of a cell's samples that is forgotten worst; NaN where it is not known.

    A mean hides samples that were never met. A quarter is rounded up.
    """
    if record.status != "ok":
        return math.nan
    if isinstance(record.scores, Columns):
        return record.scores.averages.worst_quarter
    return mean_of_worst(by_sample(record))


def mean_of_worst(samples: Mapping[str, float]) -> float:
    """Return the mean of the lowest quarter; NaN where there are none."""
    ordered = sorted(samples.values())
    return fmean(ordered[: -(-len(ordered) // 4)]) if ordered else math.nan


def by_sample(record: Record) -> dict[str, float]:
    """Return the completeness of each of a cell's samples; empty where it is not known.

    A sample's completeness is the mean of its values in the columns that enter the average and are a mean over samples
    themselves, which an AUC is not. Samples without a value in one of them are left out.
    """
    if record.status != "ok":
        return {}
    if isinstance(record.scores, Columns):
        return record.scores.by_sample()
    columns = []
    for name, kind in kinds_of(record.scores).items():
        if not enters_average(kind, "completeness") or (mean := value_of(record.scores, name)) is None:
            continue
        values = {sample: value for sample, value in record.items.get(name, {}).items() if value is not None}
        if values and math.isclose(fmean(values.values()), mean, rel_tol=1e-6, abs_tol=1e-9):
            columns.append(values)
    shared = set.intersection(*map(set, columns)) if columns else set()
    return {sample: fmean([values[sample] for values in columns]) for sample in sorted(shared)}
