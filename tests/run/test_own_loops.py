"""Methods with a loop of their own: however it is written, an update needs a batch, and batches are the budget."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from fairforget.api import Curriculum, Method, Sample
from fairforget.errors import FairforgetError
from fairforget.lm.tokens import EncodedSample, SampleSet
from fairforget.run.counting.escapes import uncounted
from fairforget.run.counting.ledger import Ledger
from fairforget.run.updates.budget import Budget
from fairforget.run.updates.failure import UnlearningFailed
from fairforget.run.updates.follow import follow
from fairforget.run.updates.live import LiveRun
from fairforget.run.updates.order import Order
from fairforget.run.updates.reference import Reference

from .tiny_model import llama

SETTINGS = {
    "name": "sgd", "lr": 1e-2, "batch_size": 4, "weight_decay": 0.0, "max_grad_norm": None, "warmup": 0,
}  # fmt: skip


def live(kind: Any, amount: float, **settings: Any) -> LiveRun:
    """Make a run over 6 forget samples, in batches of 4 and 2."""
    rng, model, ledger = np.random.default_rng(1), llama(), Ledger()
    ids = [tuple(int(t) for t in rng.integers(2, 40, size=5)) for _ in range(6)]
    forget = SampleSet([EncodedSample(Sample(str(i), "", ""), (*own, 1), 2, 5) for i, own in enumerate(ids)], pad_id=0)
    return LiveRun(
        model=model,
        forget=forget,
        retain=forget,
        order=Order([s.sample for s in forget], Curriculum(), 4, 6, ("draw", 0)),
        budget=Budget(kind, amount),
        settings={**SETTINGS, **settings},
        ledger=ledger,
        reference=Reference(llama, ledger),
        score=lambda _: np.ones(6),
        refusals=lambda positions: forget.take(list(positions)),
        oracle=None,
    )


def unlearn(run: LiveRun, unlearn: Callable[[Any], None]) -> LiveRun:
    class Own(Method):
        def unlearn(self, run: Any) -> None:
            unlearn(run)

    with run.ledger.watch(run.model):
        follow(Own(), run)
    return run


def ascent(model: Any, batch: Any) -> torch.Tensor:
    return -batch.forget.nll(model, "tokens")


def plainly(run: Any) -> None:
    trainer = run.trainer()
    for batch in run.batches():
        trainer.update(ascent, batch)


def thrice_a_batch(run: Any) -> None:
    trainer = run.trainer()
    for batch in run.batches():
        for _ in range(3):
            trainer.update(ascent, batch)


def by_three_trainers(run: Any) -> None:
    trainers = [run.trainer(), run.trainer(), run.trainer(run.second_model())]
    for batch in run.batches():
        for trainer in trainers:
            trainer.update(ascent, batch)


def after_the_end(run: Any) -> None:
    trainer, kept = run.trainer(), []
    for batch in run.batches():
        trainer.update(ascent, batch)
        kept.append(batch)
    trainer.update(ascent, kept[0])


def by_the_bare_optimizer(run: Any) -> None:
    optimizer = run.optimizer()
    for batch in run.batches():
        for _ in range(3):
            stepped(optimizer, ascent(run.model, batch))


def by_an_optimizer_of_its_own(run: Any) -> None:
    optimizer = torch.optim.SGD(run.model.parameters(), lr=1e-2)
    for batch in run.batches():
        for _ in range(3):
            stepped(optimizer, ascent(run.model, batch))


def by_many_optimizers(run: Any) -> None:
    twin = run.second_model()
    for batch in run.batches():
        for _ in range(3):
            stepped(torch.optim.SGD(twin.parameters(), lr=1e-2), ascent(twin, batch))


def stepped(optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


@pytest.mark.parametrize("kind", ["updates", "forward_equivalents"])
@pytest.mark.parametrize(
    "loop",
    [
        thrice_a_batch,
        by_three_trainers,
        after_the_end,
        by_the_bare_optimizer,
        by_an_optimizer_of_its_own,
        by_many_optimizers,
    ],
)
def test_an_update_without_a_batch_is_not_made(kind: Any, loop: Any) -> None:
    run = live(kind, {"updates": 3, "forward_equivalents": 40}[kind])
    first = loop is not after_the_end
    with pytest.raises(UnlearningFailed, match=r"update (2, with 1|4, with 3) taken from run\.batches\(\)") as failure:
        unlearn(run, loop)
    assert failure.value.kind == "over-budget"
    assert run.ledger.updates == (1 if first else 3)


def test_asking_for_batches_again_goes_on_where_they_were() -> None:
    def anew(run: Any) -> None:
        trainer = run.trainer()
        for _ in range(3):
            trainer.update(ascent, next(run.batches()))
        assert next(run.batches(), None) is None

    plain, run = unlearn(live("updates", 3), plainly), unlearn(live("updates", 3), anew)
    assert (run.ledger.updates, run.stopped) == (3, "budget")
    assert run.order.visits.tolist() == plain.order.visits.tolist()
    assert all(torch.equal(a, b) for a, b in zip(run.model.parameters(), plain.model.parameters(), strict=True))


def test_who_breaks_off_pays_for_what_it_took() -> None:
    def one(run: Any) -> None:
        trainer = run.trainer()
        for batch in run.batches():
            trainer.update(ascent, batch)
            break

    run = unlearn(live("updates", 5), one)
    assert (run.ledger.updates, run.stopped, int(run.order.visits.sum())) == (1, "method", 4)


def test_a_batch_that_is_put_down_is_no_update() -> None:
    def until_it_sees_enough(run: Any) -> None:
        trainer = run.trainer()
        for batch in run.batches():
            if run.ledger.updates == 2:
                break
            trainer.update(ascent, batch)

    run = unlearn(live("updates", 5), until_it_sees_enough)
    assert (run.ledger.updates, run.tally.unseen, int(run.order.visits.sum())) == (2, 0, 6)
    assert uncounted(run, llama().state_dict()) == []


def test_two_optimizers_may_share_a_model_and_others_may_learn_beside_it() -> None:
    def shared(run: Any) -> None:
        weights, beside = list(run.model.parameters()), torch.nn.Parameter(torch.zeros(3))
        optimizers = [torch.optim.SGD(part, lr=1e-2) for part in (weights[:2], weights[2:], [beside], [beside])]
        for batch in run.batches():
            (ascent(run.model, batch) + beside.sum()).backward()
            for optimizer in optimizers:
                optimizer.step()
                optimizer.zero_grad()

    assert unlearn(live("updates", 3), shared).ledger.updates == 3


def test_passes_after_the_last_batch_are_within_the_budget_or_the_cell_fails() -> None:
    def more(passes: int) -> Callable[[Any], None]:
        def loop(run: Any) -> None:
            plainly(run)
            for _ in range(passes):
                run.model(input_ids=torch.ones(1, 3, dtype=torch.long))

        return loop

    # Three updates of 12, 6 and 12; a fourth of 6 would fit, but not if it were as dear as the first.
    assert unlearn(live("forward_equivalents", 40), more(0)).ledger.forward_equivalents == 30
    assert unlearn(live("forward_equivalents", 40), more(22)).ledger.forward_equivalents == 52
    with pytest.raises(UnlearningFailed, match="spent 53 forward-equivalents, and the budget has 40") as failure:
        unlearn(live("forward_equivalents", 40), more(23))
    assert failure.value.kind == "over-budget"


def test_a_budget_that_nothing_is_seen_of_ends_after_an_epoch() -> None:
    def unseen(run: Any) -> None:
        for _ in run.batches():
            with torch.no_grad():
                for parameter in run.model.parameters():
                    parameter.mul_(0.99)

    run = unlearn(live("forward_equivalents", 1000), unseen)
    assert (run.ledger.updates, run.ledger.forward_equivalents, run.stopped) == (2, 0, "uncounted")
    assert uncounted(run, llama().state_dict())[0]["message"].startswith("2 of 2 updates were made without any pass")


def test_a_method_does_not_get_the_oracle() -> None:
    def cheating(run: Any) -> None:
        plainly(run)
        run.retrain()

    with pytest.raises(FairforgetError, match=r'only a method with reference = "oracle"'):
        unlearn(live("updates", 3), cheating)


@pytest.mark.parametrize("ends", [True, False])
def test_nothing_holds_a_run_that_is_over(ends: bool) -> None:
    """Its models are large."""

    def broken_off(run: Any) -> None:
        for batch in run.batches():
            ascent(run.model, batch).backward()
            if ends:
                break
            raise UnlearningFailed("test", "it goes wrong")

    run = live("updates", 3)
    try:
        unlearn(run, broken_off)
    except UnlearningFailed:
        assert not ends
    held = weakref.ref(run)
    gc.disable()
    try:
        del run
        assert held() is None
    finally:
        gc.enable()
