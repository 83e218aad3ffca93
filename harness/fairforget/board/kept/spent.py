"""The ledger of a record as a board keeps it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple


class Price(NamedTuple):
    """What a cell took; of `fairforget.board.costs`."""

    updates: float
    forward_equivalents: float
    seconds: float
    """Of unlearning with its difficulty scores and reference passes."""
    difficulty: float
    """Forward-equivalents."""
    reference: float
    looks: float


class Met(NamedTuple):
    """Which samples the updates of a cell met; of `fairforget.board.coverage`."""

    samples: float
    effective: float
    seen: float
    fewest: float
    most: float
    scorings: float
    undefined: float


class Spent(Mapping[str, Any]):
    """A ledger in sums: the numbers boards show, and of the rest only that it was there."""

    __slots__ = ("met", "price")

    def __init__(self, price: Price, met: Met | None) -> None:
        self.price = price
        self.met = met
        """None where the cell does not say which samples its updates met."""

    def __getitem__(self, name: str) -> float:
        match name:
            case "updates":
                return self.price.updates
            case "forward_equivalents":
                return self.price.forward_equivalents
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(("updates", "forward_equivalents"))

    def __len__(self) -> int:
        return 2


def spent_from(numbers: tuple[float, ...]) -> Mapping[str, Any]:
    """Return what `numbers_of` was made of: a ledger, or nothing where a record has none."""
    if math.isnan(numbers[0]):
        return {}
    met = Met(*numbers[len(Price._fields) :])
    return Spent(Price(*numbers[: len(Price._fields)]), None if math.isnan(met.samples) else met)


def numbers_of(price: Price | None, met: Met | None) -> tuple[float, ...]:
    """Return the numbers of a ledger, as many in every case; NaN where there is nothing."""
    nothing = math.nan
    return (*(price or (nothing,) * len(Price._fields)), *(met or (nothing,) * len(Met._fields)))
