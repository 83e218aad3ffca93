"""A run under each kind of budget stops where it should."""

from __future__ import annotations

import pytest

from fairforget.run.counting.ledger import Counts, Ledger
from fairforget.run.updates.budget import Budget


def updates(budget: Budget, per_epoch: int, cost: int, scoring: int = 0) -> int:
    """Take updates of a fixed cost (forward-equivalents) until the budget says no."""
    ledger = Ledger(phases={"unlearning": Counts(), "difficulty": Counts(forward_sequences=scoring)})
    last = 0
    while budget.allows(ledger, per_epoch, last):
        ledger.updates += 1
        ledger.phases["unlearning"].forward_sequences += cost
        last = cost
        assert ledger.updates < 1000
    return ledger.updates


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        (Budget("updates", 7), 7),
        (Budget("epochs", 2), 6),
        (Budget("epochs", 2.5), 8),
        (Budget("epochs", 0.1), 1),
        (Budget("epochs", 1 / 3), 1),
        (Budget("forward_equivalents", 100), 10),
        (Budget("forward_equivalents", 105), 10),
        (Budget("forward_equivalents", 5), 1),
    ],
)
def test_updates_taken(budget: Budget, expected: int) -> None:
    assert updates(budget, per_epoch=3, cost=10) == expected


def test_difficulty_scoring_is_paid_from_a_budget_of_forward_equivalents() -> None:
    assert updates(Budget("forward_equivalents", 100), per_epoch=3, cost=10, scoring=45) == 5
    assert updates(Budget("forward_equivalents", 100), per_epoch=3, cost=10, scoring=100) == 0
    assert updates(Budget("updates", 4), per_epoch=3, cost=10, scoring=100) == 4


def test_progress() -> None:
    ledger = Ledger(phases={"unlearning": Counts(forward_sequences=10, backward_sequences=10)}, updates=3)
    assert Budget("updates", 12).spent(ledger, 3) == 0.25
    assert Budget("epochs", 2).spent(ledger, 3) == 0.5
    assert Budget("forward_equivalents", 60).spent(ledger, 3) == 0.5
    assert Budget("updates", 2).spent(ledger, 3) == 1.0
