"""Methods that train a second model, in the harness's own loop."""

from __future__ import annotations

import copy
from types import ModuleType
from typing import Any

import pytest
import torch

from fairforget.api import Curriculum
from fairforget.errors import FairforgetError
from fairforget.run.counting.ledger import Ledger
from fairforget.run.updates.budget import Budget
from fairforget.run.updates.live import LiveRun
from fairforget.run.updates.order import Order
from fairforget.run.updates.reference import Reference
from fairforget_methods.pdu import Pdu
from fairforget_methods.rmu import Rmu
from fairforget_methods.task_vector import TaskVector
from fairforget_methods.who_is_harry_potter import WhoIsHarryPotter, generic_labels, generic_loss

SETTINGS = {
    "name": "sgd",
    "lr": 0.05,
    "batch_size": 4,
    "weight_decay": 0.0,
    "betas": [0.9, 0.999],
    "eps": 1e-8,
    "max_grad_norm": None,
    "warmup": 0,
}


@pytest.fixture
def live(on_logits: ModuleType) -> Any:
    """Make runs over 6 forget samples in batches of 4 and 2, and 5 retain samples; the same at every call."""

    def make(budget: Budget, **settings: Any) -> LiveRun:
        model = on_logits.llama(3).float()
        untouched = copy.deepcopy(model)
        forget = on_logits.texts(1, [(3, 2), (2, 6), (4, 3), (1, 5), (2, 2), (5, 4)])
        ledger = Ledger()
        return LiveRun(
            model=model,
            forget=forget,
            retain=on_logits.texts(2, [(2, 3)] * 5),
            order=Order([s.sample for s in forget], Curriculum(), 4, 5, ("draw", 0)),
            budget=budget,
            settings={**SETTINGS, **settings},
            ledger=ledger,
            reference=Reference(lambda: untouched, ledger),
            score=lambda _: torch.ones(6).numpy(),
            refusals=lambda positions: forget.take(list(positions)),
            oracle=lambda: None,
        )

    return make


def unlearn(run: LiveRun, method: Any) -> dict[str, Any]:
    with run.ledger.watch(run.model), run.ledger.phase("unlearning"):
        method.unlearn(run)
    return run.ledger.to_json()


def weights(model: Any) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def batches(live: Any, updates: int) -> list[Any]:
    """The forget batches of a run."""
    return [batch.forget for batch in live(Budget("updates", updates)).batches()]


def test_the_first_step_of_a_task_vector_is_ascent_at_alpha_times_the_rate(live: Any) -> None:
    run = live(Budget("updates", 1))
    start = weights(run.model)
    batches(live, 1)[0].nll(run.model, "tokens").backward()
    gradient = torch.cat([p.grad.flatten() for p in run.model.parameters()])
    unlearn(run, TaskVector(alpha=2.5))
    torch.testing.assert_close(weights(run.model), start + 2.5 * 0.05 * gradient, rtol=1e-4, atol=1e-6)


def test_a_task_vector_is_opposite_to_a_fine_tuned_model(live: Any) -> None:
    """The fine-tuning written out with torch's own optimizer, on the same batches."""
    run, tuned = live(Budget("epochs", 2), name="adamw", lr=0.01), live(Budget("updates", 1)).model
    start = weights(run.model)
    optimizer = torch.optim.AdamW(tuned.parameters(), lr=0.01, weight_decay=0.0)
    for tokens in batches(live, 4):
        optimizer.zero_grad()
        logits, labels = tokens.logits(tuned)[:, :-1].flatten(0, 1), tokens.labels[:, 1:].flatten()
        torch.nn.functional.cross_entropy(logits, labels, ignore_index=-100).backward()
        optimizer.step()
    before = run.forget.batch(eos=True).nll(run.model, "tokens")
    unlearn(run, TaskVector(alpha=1.5))
    expected = start - 1.5 * (weights(tuned) - start)
    torch.testing.assert_close(weights(run.model), expected, rtol=1e-3, atol=2e-4)
    assert run.forget.batch(eos=True).nll(run.model, "tokens") > before + 0.1


def test_a_task_vector_pays_for_the_fine_tuning_and_no_more(live: Any) -> None:
    told = unlearn(live(Budget("epochs", 2)), TaskVector())
    assert told["updates"] == 4
    assert told["unlearning"]["forward_sequences"] == told["unlearning"]["backward_sequences"] == 12
    assert told["forward_equivalents"] == 36


def test_a_task_vector_is_there_after_every_update(live: Any) -> None:
    """What a stop rule or a trajectory would see after update n is what a budget of n updates delivers."""
    run, path = live(Budget("updates", 3)), []
    plain = run.batches

    def watched() -> Any:
        for batch in plain():
            path.append(weights(run.model))
            yield batch

    run.batches = watched
    unlearn(run, TaskVector())
    for taken in (1, 2):
        short = live(Budget("updates", taken))
        unlearn(short, TaskVector())
        assert torch.equal(path[taken], weights(short.model))


def test_under_an_adapter_the_task_vector_is_of_the_merged_weights(live: Any) -> None:
    run, made = live(Budget("updates", 3), adapter={"r": 2, "target_modules": ["q_proj", "down_proj"]}), []
    start, second = weights(run.model), run.second_model
    run.second_model = lambda: made.append(second()) or made[0]
    unlearn(run, TaskVector(alpha=2.0))
    way = weights(made[0]) - start
    assert 0 < int((way != 0).sum()) < len(way)
    torch.testing.assert_close(weights(run.model), start - 2 * way)


def test_the_generic_label_is_the_highest_that_did_not_rise() -> None:
    """Token 2 rises by 1: alpha 2 takes it down to 2, alpha .5 leaves it on top. A fall changes nothing."""
    before = torch.tensor([[[0.0, 3.0, 4.0], [5.0, 3.0, 4.0]]])
    after = torch.tensor([[[0.0, 3.0, 5.0], [1.0, 3.0, 4.0]]])
    assert generic_labels(before, after, 2.0).tolist() == [[1, 0]]
    assert generic_labels(before, after, 0.5).tolist() == [[2, 0]]


def test_generic_loss(on_logits: ModuleType, model: Any, batch: Any) -> None:
    tokens = batch.forget
    generator = torch.Generator().manual_seed(0)
    labels, nlls = {}, []
    for (logp, true), name in zip(on_logits.rows(model, tokens), tokens.ids, strict=True):
        labels[name] = torch.randint(0, on_logits.VOCABULARY, true.shape, generator=generator)
        nlls += [-logp[place, label] for place, label in enumerate(labels[name])]
    expected = on_logits.value(torch.stack(nlls).mean())
    assert on_logits.value(generic_loss(model, tokens, labels)) == pytest.approx(expected, rel=1e-5)


def test_who_is_harry_potter_learns_the_labels_of_its_reinforced_model(live: Any) -> None:
    """Both stages written out: two updates of SGD on a copy, then two of the model on what the copy says."""
    run, reinforced, student = (live(Budget("updates", 4)) for _ in range(3))
    target = live(Budget("updates", 1)).model
    texts = batches(live, 4)
    for tokens in texts[:2]:
        step(reinforced.model, torch.nn.functional.cross_entropy, tokens, tokens.labels[:, 1:])
    for tokens in texts[2:]:
        with torch.no_grad():
            base, more = tokens.logits(target), tokens.logits(reinforced.model)
        labels = (base - 5 * (more - base).clamp(min=0)).argmax(-1)[:, :-1]
        labels = torch.where(tokens.labels[:, 1:] == -100, -100, labels)
        step(student.model, torch.nn.functional.cross_entropy, tokens, labels)
    told = unlearn(run, WhoIsHarryPotter())
    torch.testing.assert_close(weights(run.model), weights(student.model), rtol=1e-4, atol=1e-5)
    assert not torch.equal(weights(run.model), weights(target))
    # Batches of 4 and 2 for the copy and again for the model; labels need one pass of each of two models.
    assert told["unlearning"]["forward_sequences"] == 6 + 6 + 6
    assert told["unlearning"]["backward_sequences"] == 12
    assert told["reference"]["forward_sequences"] == 6
    assert told["reference"]["backward_sequences"] == 0


def test_labels_are_told_without_dropout(live: Any) -> None:
    run, modes = live(Budget("updates", 2)), []
    made = run.second_model()
    made.register_forward_hook(lambda model, *_: modes.append((torch.is_grad_enabled(), model.training)))
    run.second_model = lambda: made
    unlearn(run, WhoIsHarryPotter())
    assert modes == [(True, True), (False, False)]


def test_labels_are_found_once_a_sample(live: Any) -> None:
    told = unlearn(live(Budget("epochs", 4)), WhoIsHarryPotter(reinforce=0.25))
    assert told["reference"]["forward_sequences"] == 6
    assert told["unlearning"]["forward_sequences"] == 6 + 18 + 6


def test_a_budget_without_a_second_stage_is_an_error_that_says_the_mend(live: Any) -> None:
    with pytest.raises(FairforgetError, match=r"lower reinforce \(now 0.5\) or raise the budget"):
        unlearn(live(Budget("updates", 1)), WhoIsHarryPotter())


@pytest.mark.parametrize(("amount", "reinforce"), [(36, 0.8), (40, 0.8), (13, 0.95)])
def test_a_budget_that_ends_with_something_left_is_no_reason_to_deliver_the_target(
    live: Any, amount: int, reinforce: float
) -> None:
    """One update more would overdraw it, so that progress stays below 1."""
    run = live(Budget("forward_equivalents", amount))
    with pytest.raises(FairforgetError, match=rf"lower reinforce \(now {reinforce}\) or raise the budget"):
        unlearn(run, WhoIsHarryPotter(reinforce=reinforce))
    assert run.progress < 1


def test_a_run_that_a_look_ends_before_the_second_stage_delivers_the_target(live: Any) -> None:
    """The target is already what was asked for."""
    run = live(Budget("updates", 4))
    start = weights(run.model)
    run.path.ended = "completeness"
    unlearn(run, WhoIsHarryPotter())
    assert torch.equal(weights(run.model), start)
    assert run.stopped == "completeness"


def step(model: Any, loss: Any, tokens: Any, labels: torch.Tensor) -> None:
    model.zero_grad()
    loss(tokens.logits(model)[:, :-1].flatten(0, 1), labels.flatten(), ignore_index=-100).backward()
    with torch.no_grad():
        for p in model.parameters():
            p.sub_(0.05 * p.grad)


@pytest.mark.parametrize(("scaling", "reference"), [("fixed", 4), ("adaptive", 8)])
def test_rmu_pays_for_both_models(live: Any, scaling: Any, reference: int) -> None:
    told = unlearn(live(Budget("updates", 1)), Rmu(scaling=scaling))
    assert told["unlearning"]["forward_sequences"] == told["unlearning"]["backward_sequences"] == 8
    assert told["reference"]["forward_sequences"] == reference
    assert told["reference"]["backward_sequences"] == 0


def test_rmu_without_a_retain_term_spends_nothing_on_it(live: Any) -> None:
    told = unlearn(live(Budget("updates", 1)), Rmu(alpha=0.0))
    assert told["unlearning"]["forward_sequences"] == 4
    assert told["reference"]["forward_sequences"] == 0


@pytest.mark.parametrize("adapter", [None, {"r": 2, "target_modules": ["q_proj", "down_proj"]}])
def test_rmu_moves_down_proj_alone_where_asked(live: Any, adapter: Any) -> None:
    run = live(Budget("updates", 2), name="adamw", adapter=adapter)
    start = {n: p.detach().clone() for n, p in run.model.named_parameters()}
    unlearn(run, Rmu(trainable="down_proj", layer=1))
    moved = {n for n, p in run.model.named_parameters() if not torch.equal(p, start[n])}
    assert moved == {f"model.layers.{i}.mlp.down_proj.weight" for i in (0, 1)}
    assert all(p.requires_grad for p in run.model.parameters())


@pytest.mark.parametrize("method", [Rmu(), Pdu(), TaskVector(), WhoIsHarryPotter()], ids=lambda m: type(m).__name__)
def test_micro_batches_change_nothing_but_rounding(live: Any, method: Any) -> None:
    whole, parts = live(Budget("updates", 3)), live(Budget("updates", 3), micro_batch_size=2)
    for run in (whole, parts):
        unlearn(run, method)
    torch.testing.assert_close(weights(parts.model), weights(whole.model), rtol=1e-4, atol=1e-5)
