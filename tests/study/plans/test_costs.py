"""What a plan costs, method by method."""

from __future__ import annotations

import pytest

from fairforget.study.cost import updates_of

from .a_study import STUDY, planned


def test_a_method_may_have_an_optimizer_of_its_own(registry):
    plan = planned(registry, STUDY, "methods.2.optimizer={name: sgd, lr: 0.1}", "optimizer.eps=1e-6")
    assert plan.methods[2].optimizer == {
        "name": "sgd",
        "lr": 0.1,
        "batch_size": 3,
        "weight_decay": 0.0,
        "max_grad_norm": None,
        "warmup": 0,
    }
    assert plan.methods[3].optimizer["eps"] == 1e-6


def test_the_table_of_a_dry_run(registry):
    rows = [tuple(getattr(row, name) for name in row.__slots__) for row in planned(registry).describe()]
    # 8 samples in batches of 3 are 3 updates an epoch; 2.5 epochs are 8 updates: 2 × 8 samples and 2 × 3 more.
    # A forward and a backward pass are 3; sleepy has retain partners as well, ascent has not.
    assert rows == [
        ("untouched", "", 12, 0, 0),
        ("oracle", "", 4, None, None),
        ("sleepy", "uniform", 24, 24 * 8, 24 * 22 * 6),
        ("sleepy", "weighted", 24, 24 * 8, 24 * 22 * 6),
        ("ascent", "uniform", 24, 24 * 8, 24 * 22 * 3),
        ("ascent", "weighted", 24, 24 * 8, 24 * 22 * 3),
        ("total", "", 112, 4 * 24 * 8, 24 * 22 * 18),
    ]


@pytest.mark.parametrize(
    ("budget", "updates", "equivalents"),
    [
        ("{updates: 5}", 5, (8 + 6) * 3),
        ("{updates: 3}", 3, 8 * 3),
        ("{updates: 1}", 1, 3 * 3),
        ("{epochs: 0.1}", 1, 3 * 3),
        ("{epochs: 1}", 3, 8 * 3),
        ("{forward_equivalents: 500}", None, 500),
        ("{forward_equivalents: 9}", None, 9),
        # The first update is taken whatever it costs: 3 samples, forward and back.
        ("{forward_equivalents: 1}", None, 3 * 3),
    ],
)
def test_costs(registry, budget, updates, equivalents):
    plan = planned(registry, STUDY, f"budget={budget}")
    cost = plan.cost(plan.methods[3])
    assert (cost.updates, cost.forward_equivalents) == (updates, equivalents)


def test_updates_agree_with_the_loop():
    from fairforget.run.counting.ledger import Ledger
    from fairforget.run.updates.budget import Budget

    for kind, amounts in {"updates": (1, 7), "epochs": (0.1, 0.3, 1, 2.5, 3, 7 / 3)}.items():
        for amount in amounts:
            for size, batch in ((8, 3), (40, 8), (1, 5), (10, 1)):
                per_epoch = -(-size // batch)
                ledger, taken = Ledger(), 0
                while Budget(kind, amount).allows(ledger, per_epoch, 0):
                    ledger.updates += 1
                    taken += 1
                assert updates_of({"kind": kind, "amount": amount}, size, batch) == taken
