"""The update loop on a real model."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from fairforget.api import Curriculum
from fairforget.run.counting.ledger import Ledger
from fairforget.run.updates.budget import Budget
from fairforget.run.updates.failure import UnlearningFailed
from fairforget.run.updates.live import LiveRun
from fairforget.run.updates.order import Order
from fairforget.run.updates.reference import Reference
from fairforget_methods.curricula.easy_to_hard import EasyToHard
from fairforget_methods.curricula.mrd_weighted import MrdWeighted
from fairforget_methods.grad_ascent import GradAscent
from fairforget_methods.grad_diff import GradDiff
from fairforget_methods.npo import Npo

from .tiny_model import SETTINGS, llama, samples


def live(
    budget: Budget, curriculum: Curriculum | None = None, model: Any = None, scoring: int = 0, **settings: Any
) -> LiveRun:
    model = model or llama()
    untouched = copy.deepcopy(model)
    forget, retain, ledger = samples(6, 1), samples(9, 2), Ledger()

    def score(epoch: int) -> np.ndarray:
        ledger._counts(ledger._open[-1]).forward_sequences += scoring
        return np.arange(1.0, 7.0)

    return LiveRun(
        model=model,
        forget=forget,
        retain=retain,
        order=Order([s.sample for s in forget], curriculum or Curriculum(), 4, len(retain), ("draw", 0)),
        budget=budget,
        settings={**SETTINGS, **settings},
        ledger=ledger,
        reference=Reference(lambda: untouched, ledger),
        score=score,
        refusals=lambda positions: forget.take(list(positions)),
        oracle=lambda: None,
    )


def unlearn(run: LiveRun, method: Any) -> Ledger:
    with run.ledger.watch(run.model), run.ledger.phase("unlearning"):
        method.unlearn(run)
    return run.ledger


def test_the_ledger_equals_a_hand_count() -> None:
    """Two epochs over 6 samples in batches of 4 and 2; a retain partner each; the reference sees each text once."""
    for method, forwards, reference in [(GradAscent(), 12, 0), (GradDiff(), 24, 0), (Npo(), 24, 6)]:
        run = live(Budget("epochs", 2))
        ledger = unlearn(run, method)
        told = ledger.to_json()
        assert (ledger.updates, run.stopped) == (4, "budget")
        assert told["unlearning"]["forward_sequences"] == told["unlearning"]["backward_sequences"] == forwards
        assert told["reference"]["forward_sequences"] == reference
        assert told["forward_equivalents"] == 3 * forwards + reference
        assert run.order.visits.tolist() == [2] * 6


def test_a_budget_of_forward_equivalents_pays_for_scoring() -> None:
    """Ascent on 6 samples in batches of 4 and 2 costs 12 and 6; scoring 30 at the start of each epoch.

    A second scoring would leave nothing for an update, so it is not made.
    """
    assert unlearn(live(Budget("forward_equivalents", 60)), GradAscent()).updates == 6
    run = live(Budget("forward_equivalents", 60), MrdWeighted(), scoring=30)
    assert unlearn(run, GradAscent()).updates == 2
    assert run.ledger.forward_equivalents == 30 + 12 + 6 <= 60
    assert run.ledger.to_json()["difficulty"]["forward_sequences"] == 30


@pytest.mark.parametrize(("amount", "scoring", "scored", "updates"), [(100, 50, 1, 2), (90, 30, 2, 3), (89, 30, 1, 2)])
def test_no_refresh_overdraws_the_budget(amount: int, scoring: int, scored: int, updates: int) -> None:
    """A refresh needs what the last one cost and the dearest update, 12, or the run ends before it."""
    run = live(Budget("forward_equivalents", amount), MrdWeighted(), scoring=scoring)
    unlearn(run, GradAscent())
    told = run.ledger.to_json()
    assert told["difficulty"]["forward_sequences"] == scored * scoring
    assert (told["updates"], run.stopped) == (updates, "budget")
    assert told["forward_equivalents"] <= amount


def test_scores_are_not_computed_for_an_epoch_that_the_budget_does_not_reach() -> None:
    run = live(Budget("epochs", 2), MrdWeighted(), scoring=10)
    assert unlearn(run, GradAscent()).to_json()["difficulty"]["forward_sequences"] == 20


def test_scoring_again_leaves_the_optimizer_as_it_was() -> None:
    """The same order with and without later scorings gives the same bits: moments and step counts go on."""
    weights = []
    for refresh in (1, None):
        run = live(Budget("epochs", 4), EasyToHard(refresh=refresh), scoring=5)
        unlearn(run, GradAscent())
        assert run.ledger.to_json()["difficulty"]["forward_sequences"] == (20 if refresh else 5)
        weights.append([p.detach().clone() for p in run.model.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*weights, strict=True))


def test_every_method_meets_the_same_batches() -> None:
    seen = []
    for method in (GradAscent(), GradDiff(), Npo()):
        run = live(Budget("updates", 5))
        ids: list[tuple[Sequence[str], Sequence[str]]] = []

        def loss(model: Any, batch: Any, method: Any = method, ids: Any = ids) -> torch.Tensor:
            ids.append((batch.forget.ids, batch.retain.ids))
            return method.loss(model, batch)

        run.descend(loss)
        seen.append(ids)
    assert seen[0] == seen[1] == seen[2]
    assert len(seen[0]) == 5


def test_the_same_cell_gives_the_same_bits() -> None:
    weights = []
    for _ in range(2):
        run = live(Budget("epochs", 3))
        unlearn(run, Npo())
        weights.append([p.detach().clone() for p in run.model.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*weights, strict=True))


def test_the_reference_is_the_target_also_after_updates() -> None:
    run = live(Budget("updates", 4))
    target = llama()
    unlearn(run, GradAscent())
    batch = run.forget.batch(eos=True)
    with torch.no_grad():
        assert torch.equal(run.reference.logprobs(batch).values, batch.logprobs(target).values)
        assert torch.equal(run.reference.logits(batch), batch.logits(target))
        assert not torch.equal(batch.logprobs(run.model).values, batch.logprobs(target).values)


def test_reference_logprobs_do_not_depend_on_what_else_is_in_the_batch() -> None:
    run = live(Budget("updates", 1))
    apart = [run.reference.logprobs(run.forget[i : i + 1].batch(eos=True)).nll("sum") for i in range(6)]
    fresh = live(Budget("updates", 1))
    torch.testing.assert_close(fresh.reference.logprobs(fresh.forget.batch(eos=True)).nll("sum"), torch.cat(apart))


@pytest.mark.parametrize("poison", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_stops_the_cell_before_the_update(poison: float) -> None:
    run = live(Budget("updates", 5))

    def loss(model: Any, batch: Any) -> torch.Tensor:
        return batch.forget.nll(model) * (poison if run.ledger.updates == 2 else 1.0)

    with pytest.raises(UnlearningFailed, match=r"the loss is (nan|inf) at update 3") as failure:
        run.descend(loss)
    assert failure.value.kind == "non-finite-loss"
    assert all(torch.isfinite(p).all() for p in run.model.parameters())
    assert not run.model.training


def test_clipping_can_be_turned_off() -> None:
    clipped, free = live(Budget("updates", 1), name="sgd"), live(Budget("updates", 1), name="sgd", max_grad_norm=None)
    for run in (clipped, free):
        unlearn(run, GradAscent("sum"))
    start = torch.cat([p.flatten() for p in llama().parameters()])
    moved = [
        float((torch.cat([p.flatten() for p in r.model.parameters()]) - start).detach().norm()) for r in (clipped, free)
    ]
    assert moved[0] == pytest.approx(1e-2, rel=1e-3), "SGD at lr .01 with the gradient clipped to norm 1"
    assert moved[1] > 2 * moved[0]


def test_warmup_rises_linearly() -> None:
    rates = []
    run = live(Budget("updates", 5), warmup=3)
    trainer = run.trainer()
    run.trainer = lambda: trainer
    optimizer = trainer.optimizer

    def loss(model: Any, batch: Any) -> torch.Tensor:
        rates.append(optimizer.param_groups[0]["lr"])
        return batch.forget.nll(model)

    run.descend(loss)
    assert [*rates[1:], optimizer.param_groups[0]["lr"]] == pytest.approx([1e-2 / 3, 2e-2 / 3, 1e-2, 1e-2, 1e-2])
