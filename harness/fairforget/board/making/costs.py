"""What the cells of a row cost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fairforget.board.identity import any_made_elsewhere, made_elsewhere
from fairforget.board.kept.spent import Price, Spending, Spent
from fairforget.board.loose import amount, mapping, number
from fairforget.board.way import Cost, Tuned
from fairforget.store.record import Record


def cost_of(records: Sequence[Record], spent: Spending | None = None) -> Cost | None:
    """Return what a cell of a row takes, from those that went well.

    Args:
        records: the cells of the row.
        spent: the numbers of their ledgers, where they are known.
    """
    each = spent[0] if spent else _prices([record for record in records if record.status == "ok"])
    if not each:
        return None
    total = float(each["forward_equivalents"].sum())

    def share(parts: np.ndarray) -> float | None:
        return float(parts.sum()) / total if total > 0 else None

    return Cost(
        updates=_median(each["updates"]),
        forward_equivalents=_median(each["forward_equivalents"]),
        difficulty_share=share(each["difficulty"]),
        reference_share=share(each["reference"]),
        looks=_median(each["looks"]),
        seconds=_median(each["seconds"]),
        cells=len(each["updates"]),
        declared=any_made_elsewhere(records),
    )


def _median(values: np.ndarray) -> float:
    """Return the median; NaN where not every cell says what it took."""
    return math.nan if np.isnan(values).any() else float(np.median(values))


def _prices(records: Sequence[Record]) -> dict[str, np.ndarray]:
    """Return every number of `Price` in the cells that say it; nothing where none does."""
    found = [price for record in records if (price := price_of(record)) is not None]
    return dict(zip(Price._fields, np.array(found).T, strict=True)) if found else {}


def price_of(record: Record) -> Price | None:
    """Return what one cell took; None where that is not known, as of an imported one, which is not nothing."""
    ledger = record.ledger
    if isinstance(ledger, Spent):
        return ledger.price
    if not ledger:
        return None
    if made_elsewhere(record) is not None:
        return _declared(record)
    return Price(
        updates=amount(ledger.get("updates")),
        forward_equivalents=amount(ledger.get("forward_equivalents")),
        seconds=sum(amount(mapping(ledger.get(p)).get("seconds")) for p in ("unlearning", "difficulty", "reference")),
        difficulty=_equivalents(ledger.get("difficulty")),
        reference=_equivalents(ledger.get("reference")),
        looks=_equivalents(ledger.get("stopping")),
    )


def _declared(record: Record) -> Price | None:
    """Return what is said of a cell whose model was made elsewhere; NaN is what nobody says, None where updates are."""
    found = mapping(mapping(record.extra.get("elsewhere")).get("declared"))
    updates, seconds, forward, backward = (
        math.nan if found.get(name) is None else amount(found[name])
        for name in ("updates", "seconds", "forward_sequences", "backward_sequences")
    )
    if math.isnan(updates):
        return None
    return Price(updates, forward + 2 * backward, seconds, difficulty=0.0, reference=0.0, looks=0.0)


def tuned_of(records: Sequence[Record]) -> Tuned | None:
    """Return what was searched for a row, or None where nothing was.

    Every cell of the row names the search it came from; each search counts once.
    """
    searches = {str(found.get("key")): found for r in records if (found := mapping(r.extra.get("tuning")))}
    if not searches:
        return None
    first = searches[min(searches)]
    return Tuned(
        trials=int(amount(first.get("trials"))),
        forward_equivalents=sum(amount(found.get("forward_equivalents")) for found in searches.values()),
        chosen=dict(mapping(first.get("chosen"))),
        given=number(mapping(first.get("default")).get("value")),
        best=number(first.get("value")),
    )


def _equivalents(part: Any) -> float:
    found: Mapping[str, Any] = mapping(part)
    return amount(found.get("forward_sequences")) + 2 * amount(found.get("backward_sequences"))
