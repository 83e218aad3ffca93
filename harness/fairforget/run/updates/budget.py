"""What one run may spend."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fairforget.run.counting.ledger import Ledger


@dataclass(frozen=True)
class Budget:
    """An amount of updates, epochs or forward-equivalents."""

    kind: Literal["updates", "epochs", "forward_equivalents"]
    amount: float

    @classmethod
    def from_json(cls, budget: Mapping[str, Any]) -> Budget:
        """Read the ``budget`` of a cell."""
        return cls(budget["kind"], budget["amount"])

    def spent(self, ledger: Ledger, updates_per_epoch: int) -> float:
        """Return the share spent so far, 0 … 1."""
        if self.kind == "forward_equivalents":
            return min(1.0, ledger.forward_equivalents / self.amount)
        return min(1.0, ledger.updates / self._updates(updates_per_epoch))

    def affords(self, ledger: Ledger, cost: float) -> bool:
        """Return whether so many forward-equivalents more can be paid; always where it is not they that are limited."""
        return self.kind != "forward_equivalents" or ledger.forward_equivalents + cost <= self.amount

    def allows(self, ledger: Ledger, updates_per_epoch: int, dearest: int) -> bool:
        """Return whether one more update may be taken.

        Args:
            ledger: what was spent.
            updates_per_epoch: updates that make an epoch of this draw.
            dearest: forward-equivalents of the dearest update so far (0 before the first). An update is taken only
                if one as dear still fits, so only the first can overdraw a budget in forward-equivalents, and one
                that is dearer than all before it.
        """
        if self.kind == "forward_equivalents":
            return ledger.forward_equivalents < self.amount and self.affords(ledger, dearest)
        return ledger.updates < self._updates(updates_per_epoch)

    def _updates(self, updates_per_epoch: int) -> int:
        if self.kind == "updates":
            return int(self.amount)
        # 2.5 epochs of 3 updates are 8 updates; the small term keeps 3 * 0.1-like products from rounding up.
        return max(1, math.ceil(self.amount * updates_per_epoch - 1e-9))
