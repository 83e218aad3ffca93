"""What is declared of a model that was made elsewhere says nothing of how long this study takes."""

from __future__ import annotations

from fairforget.run.elsewhere import declared_ledger
from fairforget.run.progress import seconds_of


def test_the_time_left_rests_on_what_was_spent_here():
    ledger = {"evaluation": {"seconds": 2.0}, "unlearning": {"seconds": 0.5}, "tuning": {"seconds": 50.0}}
    assert seconds_of({"ledger": {**ledger, **declared_ledger({"updates": 3, "seconds": 36_000.0})}}) == 2.5
