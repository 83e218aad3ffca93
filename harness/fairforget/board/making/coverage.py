"""How often a curriculum lets the samples of a forget set be met."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

import numpy as np

from fairforget.board.kept.spent import Met, Spending, Spent
from fairforget.board.loose import amount, items, mapping, number
from fairforget.board.way import Coverage
from fairforget.store.record import Record


def coverage_of(records: Sequence[Record], spent: Spending | None = None) -> Coverage | None:
    """Return means over the cells of a row that went well; None where none says which samples its updates met.

    Args:
        records: the cells of the row.
        spent: the numbers of their ledgers, where they are known.
    """
    each = spent[1] if spent else _met([record for record in records if record.status == "ok"])
    return Coverage(**{name: float(values.mean()) for name, values in each.items()}) if each else None


def _met(records: Sequence[Record]) -> dict[str, np.ndarray]:
    """Return every number of `Met` in the cells that say it; nothing where none does."""
    found = [one for record in records if (one := met_of(record)) is not None]
    return dict(zip(Met._fields, np.array(found).T, strict=True)) if found else {}


def met_of(record: Record) -> Met | None:
    """Return which samples the updates of one cell met; None where it does not say."""
    if isinstance(record.ledger, Spent):
        return record.ledger.met
    visits = [amount(count) for count in mapping(record.ledger.get("visits")).values()]
    epochs = [mapping(entry) for entry in items(record.ledger.get("curriculum"))]
    if not any(visits):
        return None
    weighed = [size for entry in epochs if (size := number(entry.get("effective_sample_size"))) is not None]
    scored = [entry for entry in epochs if entry.get("scored") is True]
    return Met(
        samples=float(len(visits)),
        # Of a record whose epochs do not say it, the visits do.
        effective=fmean(weighed) if weighed else math.fsum(visits) ** 2 / math.fsum(v * v for v in visits),
        seen=float(sum(count > 0 for count in visits)),
        fewest=min(visits),
        most=max(visits),
        scorings=float(len(scored)),
        undefined=fmean(amount(entry.get("undefined")) for entry in scored) if scored else 0.0,
    )
