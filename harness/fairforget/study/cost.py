"""What a cell will spend, as far as that is known before it runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fairforget.errors import FairforgetError

if TYPE_CHECKING:
    from fairforget.study.rows import PlannedMethod

PASSES = 3
"""Forward-equivalents of a forward and a backward pass: 1 + 2."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one cell, or of several together; at most that, where a stop rule may end it early."""

    updates: int | None
    """None where it depends on what passes through the model."""
    forward_equivalents: int | None
    """Samples forwarded, a backward counting 2; without difficulty scores, reference passes, looks on the way and
    the evaluation. None for training the oracle, which stands outside every budget."""


def cost_of(method: PlannedMethod, budget: Mapping[str, Any], size: int) -> Cost:
    """Return what one cell of a method spends.

    Args:
        method: the method.
        budget: the budget as in a cell.
        size: samples of the forget set.
    """
    if method.reference == "untouched" or method.elsewhere:
        return Cost(0, 0)
    if method.reference is not None:
        return Cost(None, None)
    if budget["kind"] == "forward_equivalents":
        # The first update is taken whatever it costs.
        return Cost(None, max(int(budget["amount"]), _spent(1, size, method)))
    updates = updates_of(budget, size, int(method.optimizer["batch_size"]))
    return Cost(updates, _spent(updates, size, method))


def _spent(updates: int, size: int, method: PlannedMethod) -> int:
    optimizer = method.optimizer
    spent = _passed(updates, size, optimizer)
    if optimizer.get("hessian") == "gnb":
        spent += _passed(updates, size, optimizer, every=int(optimizer["hessian_every"]))
    return spent * method.sequences


def _passed(updates: int, size: int, optimizer: Mapping[str, Any], *, every: int = 1) -> int:
    """Return the forward-equivalents of one forward and backward pass in every `every`-th update, from the first."""
    batch = int(optimizer["batch_size"])
    per_epoch = -(-size // batch)
    taken, short = -(-updates // every), 0
    if math.gcd(every, per_epoch) == 1:  # else it never falls on the last batch of an epoch, which is the short one
        first = (per_epoch - 1) * pow(every, -1, per_epoch) % per_epoch
        short = max(0, -(-(taken - first) // per_epoch))
    return PASSES * (taken * batch - short * (per_epoch * batch - size))


def updates_of(budget: Mapping[str, Any], size: int, batch: int) -> int:
    """Return the updates that a budget in updates or epochs allows.

    Raises:
        FairforgetError: more than a machine can count on.
    """
    if budget["kind"] == "updates":
        return int(budget["amount"])
    # As the loop counts: 2.5 epochs of 3 updates are 8, and rounding noise makes no update.
    updates = float(budget["amount"]) * -(-size // batch) - 1e-9
    if updates > 2**53:
        msg = f"{budget['amount']:g} epochs are more than anybody can run"
        raise FairforgetError(msg)
    return max(1, math.ceil(updates))


def times(cost: Cost, cells: int) -> Cost:
    """Return the cost of that many cells."""
    updates = None if cost.updates is None else cost.updates * cells
    return Cost(updates, None if cost.forward_equivalents is None else cost.forward_equivalents * cells)
