"""Optimizers, adapters and micro-batches in the update loop, on a real model."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch

from fairforget.api import Curriculum
from fairforget.errors import FairforgetError
from fairforget.run.counting.ledger import Ledger
from fairforget.run.updates.budget import Budget
from fairforget.run.updates.failure import UnlearningFailed
from fairforget.run.updates.live import LiveRun
from fairforget.run.updates.order import Order
from fairforget.run.updates.reference import Reference
from fairforget_methods.curricula.mrd_weighted import MrdWeighted
from fairforget_methods.grad_ascent import GradAscent
from fairforget_methods.grad_diff import GradDiff
from fairforget_methods.idk import Idk
from fairforget_methods.npo import Npo

from .tiny_model import llama, samples

COMMON = {"lr": 1e-2, "batch_size": 4, "weight_decay": 0.0, "max_grad_norm": 1.0, "warmup": 0}
ADAMW = {**COMMON, "name": "adamw", "betas": [0.9, 0.999], "eps": 1e-8}
SOPHIA = {
    **COMMON,
    "name": "sophia",
    "betas": [0.9, 0.95],
    "eps": 1e-12,
    "rho": 0.04,
    "hessian": "gnb",
    "hessian_every": 2,
}
ADAPTER = {"r": 2, "alpha": 4.0, "dropout": 0.0, "target_modules": ["q_proj", "down_proj"]}


def live(settings: dict[str, Any], budget: Budget, *, seed: int = 0, curriculum: Curriculum | None = None) -> LiveRun:
    model = llama()
    untouched = copy.deepcopy(model)
    forget, retain, ledger = samples(6, 1), samples(9, 2), Ledger()
    return LiveRun(
        model=model,
        forget=forget,
        retain=retain,
        order=Order([s.sample for s in forget], curriculum or Curriculum(), 4, len(retain), ("draw", seed)),
        budget=budget,
        settings=settings,
        ledger=ledger,
        reference=Reference(lambda: untouched, ledger),
        score=lambda epoch: np.arange(1.0, 7.0),
        refusals=lambda positions: forget.take(list(positions)),
        oracle=lambda: None,
    )


def unlearn(run: LiveRun, method: Any) -> LiveRun:
    with torch.random.fork_rng(), run.ledger.watch(run.model), run.ledger.phase("unlearning"):
        torch.manual_seed(0)
        method.unlearn(run)
    return run


def weights(run: LiveRun) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in run.model.state_dict().items()}


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize(
    ("settings", "passes"),
    [
        # Two epochs over 6 samples are updates with 4, 2, 4 and 2 of them.
        (SOPHIA, 12 + 4 + 4),  # the Hessian is estimated in updates 1 and 3
        ({**SOPHIA, "hessian_every": 1}, 24),
        ({**SOPHIA, "hessian_every": 3}, 12 + 4 + 2),
        ({**SOPHIA, "hessian": "squared-gradient"}, 12),
        ({**ADAMW, "adapter": ADAPTER}, 12),
        ({**ADAMW, "micro_batch_size": 3}, 12),  # what is run again for want of memory is not paid again
        ({**SOPHIA, "micro_batch_size": 1, "adapter": ADAPTER}, 20),
    ],
)
@pytest.mark.parametrize(("method", "texts", "reference"), [(GradAscent(), 1, 0), (GradDiff(), 2, 0), (Npo(), 2, 6)])
def test_the_ledger_equals_a_hand_count(settings, passes, method, texts, reference):
    told = unlearn(live(settings, Budget("epochs", 2)), method).ledger.to_json()
    assert told["updates"] == 4
    assert told["unlearning"]["backward_sequences"] == told["unlearning"]["forward_sequences"] == texts * passes
    assert told["reference"]["forward_sequences"] == reference
    assert told["forward_equivalents"] == 3 * texts * passes + reference


@pytest.mark.parametrize("settings", [ADAMW, {**COMMON, "name": "sgd"}, SOPHIA, {**ADAMW, "adapter": ADAPTER}])
@pytest.mark.parametrize("method", [GradAscent(), GradAscent("mean"), GradDiff(), Npo(), Idk()])
def test_micro_batches_change_nothing_but_the_memory(settings, method):
    whole = unlearn(live(settings, Budget("updates", 1)), method)
    for rows in (1, 3):
        parts = unlearn(live({**settings, "micro_batch_size": rows}, Budget("updates", 1)), method)
        for name, tensor in weights(parts).items():
            # adamw and sophia turn the sign of a gradient near zero into a whole step
            close = torch.isclose(tensor, weights(whole)[name], rtol=1e-4, atol=1e-6).float().mean()
            assert close > (0.999 if settings["name"] == "sgd" else 0.95), name


def test_an_adapter_changes_the_weights_it_is_for():
    before = llama().state_dict()
    run = unlearn(live({**ADAMW, "adapter": ADAPTER}, Budget("epochs", 2)), GradDiff())
    after = weights(run)
    assert after.keys() == before.keys()
    assert {name for name in after if not torch.equal(after[name], before[name])} == {
        "model.layers.0.self_attn.q_proj.weight",
        "model.layers.0.mlp.down_proj.weight",
    }
    changes = [after[name] - before[name] for name in after if after[name].ndim == 2]
    assert max(int(torch.linalg.matrix_rank(change, atol=1e-5)) for change in changes) == 2
    assert all(p.requires_grad for p in run.model.parameters())


@pytest.mark.parametrize("settings", [SOPHIA, {**ADAMW, "adapter": {**ADAPTER, "dropout": 0.2}}])
def test_the_same_cell_gives_the_same_bits_and_another_seed_others(settings):
    found = [weights(unlearn(live(settings, Budget("epochs", 2), seed=seed), Npo())) for seed in (0, 0, 1)]
    assert same(found[0], found[1])
    assert not same(found[0], found[2])


def test_the_global_random_state_is_not_touched():
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    for settings in (SOPHIA, {**ADAMW, "adapter": ADAPTER}):
        live(settings, Budget("updates", 3)).descend(GradDiff().loss)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_reference_is_the_target_also_where_it_is_made_while_the_adapter_is_inside():
    run = unlearn(live({**ADAMW, "adapter": ADAPTER}, Budget("updates", 4)), Npo())
    batch = run.forget.batch(eos=True)
    with torch.no_grad():
        assert torch.equal(run.reference.logprobs(batch).values, batch.logprobs(llama()).values)


def test_scores_of_a_curriculum_are_those_of_a_whole_model():
    """Difficulties go by the names, the number and the gradients of the weights."""
    run = live({**ADAMW, "adapter": ADAPTER}, Budget("epochs", 3), curriculum=MrdWeighted())
    met = []

    def score(epoch: int) -> np.ndarray:
        met.append((list(run.model.state_dict()), all(p.requires_grad for p in run.model.parameters()), weights(run)))
        return np.arange(1.0, 7.0)

    run.score = score
    unlearn(run, GradDiff())
    assert [(names, wanted) for names, wanted, _ in met] == [(list(llama().state_dict()), True)] * 3
    assert not same(met[0][2], met[1][2]), "what the adapter learnt is in the weights"


def test_a_method_that_trains_a_part_gets_adapters_on_that_part():
    run = live({**ADAMW, "adapter": ADAPTER}, Budget("updates", 2))
    run.model.requires_grad_(False)
    run.model.model.layers[0].mlp.down_proj.weight.requires_grad_(True)
    before = weights(run)
    unlearn(run, GradDiff())
    after = weights(run)
    changed = {name for name in after if not torch.equal(after[name], before[name])}
    assert changed == {"model.layers.0.mlp.down_proj.weight"}


def test_two_trainers_have_different_adapters():
    run = live({**ADAMW, "adapter": ADAPTER}, Budget("updates", 1))
    first, second = run.trainer(run.second_model()), run.trainer(run.second_model())
    assert not torch.equal(first.optimizer.param_groups[0]["params"][0], second.optimizer.param_groups[0]["params"][0])


def test_an_update_that_fails_leaves_a_whole_model():
    run = live({**ADAMW, "adapter": ADAPTER}, Budget("updates", 2))
    with pytest.raises(UnlearningFailed):
        run.descend(lambda model, batch: batch.forget.nll(model) * float("nan"))
    assert same(weights(run), dict(llama().state_dict()))


def test_sophia_serves_a_loop_of_the_methods_own():
    settings = {**SOPHIA, "max_grad_norm": None}
    harness = unlearn(live(settings, Budget("epochs", 2)), GradDiff())

    class Own:
        def unlearn(self, run: Any) -> None:
            optimizer = run.optimizer()
            run.model.train()
            for batch in run.batches():
                optimizer.zero_grad()
                GradDiff().loss(run.model, batch).backward()
                optimizer.step()
            run.model.eval()

    own = unlearn(live(settings, Budget("epochs", 2)), Own())
    told = [run.ledger.to_json()["unlearning"] for run in (harness, own)]
    for name in ("forward_sequences", "backward_sequences", "forward_tokens", "backward_tokens"):
        assert told[0][name] == told[1][name]
    start = torch.cat([w.flatten() for w in llama().state_dict().values()])
    moved = [torch.cat([w.flatten() for w in weights(run).values()]) - start for run in (harness, own)]
    # They draw different tokens for their Hessians, and go the same way all the same.
    assert torch.nn.functional.cosine_similarity(*moved, dim=0) > 0.7


@pytest.mark.parametrize("key", ["adapter", "micro_batch_size"])
def test_a_loop_of_the_methods_own_is_told_what_does_not_reach_it(key):
    run = live({**ADAMW, key: {"adapter": ADAPTER, "micro_batch_size": 2}[key]}, Budget("updates", 1))
    with pytest.raises(FairforgetError, match=rf"optimizer\.{key} does not reach a loop .* run\.trainer\(\)\.update"):
        run.optimizer()
