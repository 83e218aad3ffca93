"""The ledger of a record as a board keeps it."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np


class Price(NamedTuple):
    """What a cell took; of `fairforget.board.making.costs`."""

    updates: float
    forward_equivalents: float
    seconds: float
    """Of unlearning with its difficulty scores and reference passes."""
    difficulty: float
    """Forward-equivalents."""
    reference: float
    looks: float


class Met(NamedTuple):
    """Which samples the updates of a cell met; of `fairforget.board.making.coverage`."""

    samples: float
    effective: float
    seen: float
    fewest: float
    most: float
    scorings: float
    undefined: float


Spending = tuple[dict[str, np.ndarray], dict[str, np.ndarray]]
"""The numbers of `Price` of some cells, (cells,), and those of `Met`, by name; nothing where no cell says them."""

_ONE: Final = struct.Struct("<d")
_PRICE: Final = struct.Struct(f"<{len(Price._fields)}d")
_MET: Final = struct.Struct(f"<{len(Met._fields)}d")


class Spent(Mapping[str, Any]):
    """A ledger in sums: the numbers boards show, and of the rest only that it was there."""

    __slots__ = ("_at", "_packed")

    def __init__(self, packed: bytes, at: int) -> None:
        self._packed = packed
        """Little-endian doubles, from `at` on those of `numbers_of`."""
        self._at = at

    @property
    def price(self) -> Price:
        """What the cell took."""
        return Price(*_PRICE.unpack_from(self._packed, self._at))

    @property
    def met(self) -> Met | None:
        """Which samples its updates met; None where the cell does not say."""
        met = Met(*_MET.unpack_from(self._packed, self._at + _PRICE.size))
        return None if math.isnan(met.samples) else met

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


def spending_of(ledgers: np.ndarray) -> Spending:
    """Return the numbers of the ledgers that say them.

    Args:
        ledgers: those of `numbers_of`, a cell a line.
    """
    price, met = np.split(ledgers[~np.isnan(ledgers[:, 0])], [len(Price._fields)], axis=1)
    return _by_name(Price._fields, price), _by_name(Met._fields, met[~np.isnan(met[:, 0])])


def _by_name(names: Sequence[str], found: np.ndarray) -> dict[str, np.ndarray]:
    return dict(zip(names, found.T, strict=True)) if len(found) else {}


def spent_from(packed: bytes, at: int) -> Mapping[str, Any]:
    """Return what `numbers_of` was made of: a ledger, or nothing where a record has none."""
    return {} if math.isnan(_ONE.unpack_from(packed, at)[0]) else Spent(packed, at)


def numbers_of(price: Price | None, met: Met | None) -> tuple[float, ...]:
    """Return the numbers of a ledger, as many in every case; NaN where there is nothing."""
    nothing = math.nan
    return (*(price or (nothing,) * len(Price._fields)), *(met or (nothing,) * len(Met._fields)))
