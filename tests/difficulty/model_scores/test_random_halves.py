"""`counterfactual-memorization` and `held-out-loss` against loops over models that the test trains itself."""

from __future__ import annotations

import copy
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from fairforget import FairforgetError
from fairforget.testing import check
from fairforget.testing.resolve import examine
from fairforget_samplers.difficulty.counterfactual_memorization import CounterfactualMemorization
from fairforget_samplers.difficulty.held_out_loss import HeldOutLoss
from fairforget_samplers.difficulty.random_halves import halves


def rng():
    return np.random.default_rng(0)


class Trainer:
    """Moves the weights of a model by an amount that its left-out samples decide; remembers what it was asked for."""

    def __init__(self, model):
        self.model, self.asked = model, []

    def __call__(self, without):
        self.asked.append(frozenset(without))
        model = copy.deepcopy(self.model)
        noise = torch.Generator().manual_seed(sum(map(ord, "".join(sorted(without)))))
        with torch.no_grad():
            for weight in model.parameters():
                weight.add_(torch.randn(weight.shape, generator=noise), alpha=0.05)
        return model


@pytest.fixture
def trainer(target):
    return Trainer(target)


@pytest.fixture
def scored(pool, trainer):
    return pool.with_retrained(trainer)


def total(model, sample):
    """Log-probability of the completion, one sample alone, by transformers."""
    ids = torch.tensor([sample.input_ids])
    with torch.no_grad():
        logs = model(input_ids=ids).logits[0].double().log_softmax(-1)
    return sum(float(logs[t - 1, sample.input_ids[t]]) for t in range(sample.start, sample.end))


def table(pool, trainer, pairs):
    """(pairs, n) totals by the model that saw the sample, and by the one that did not."""
    within, without = np.zeros((2, pairs, len(pool)))
    for pair, two in enumerate(halves([s.sample.id for s in pool], pairs)):
        for left_out in two:
            model = trainer(left_out)
            for i, sample in enumerate(pool):
                (without if sample.sample.id in left_out else within)[pair, i] = total(model, sample)
    return within, without


def lengths(pool):
    return np.array([s.length for s in pool])


def test_halves_are_halves():
    ids = [f"p{i}" for i in range(13)]
    found = halves(ids, 6)
    for one, other in found:
        assert sorted(one | other) == sorted(ids)
        assert not one & other
        assert (len(one), len(other)) == (6, 7)
    assert len({one for one, _ in found}) == 6
    assert found == halves(ids[::-1], 6)
    assert found[:2] == halves(ids, 2), "more models are more of the same"


def test_memorization_is_the_mean_within_less_the_mean_without(pool, scored, trainer):
    found = CounterfactualMemorization(models=6).score(None, scored, rng())
    assert len(trainer.asked) == 6
    within, without = table(pool, trainer, 3) / lengths(pool)
    expected = within.mean(0) - without.mean(0)
    np.testing.assert_allclose(found.values, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.stderr, (within - without).std(0, ddof=1) / math.sqrt(3), rtol=1e-3, atol=1e-5)
    assert -1 <= found.reliability <= 1
    assert found.details["within"] == pytest.approx(within.mean(), rel=1e-4)


def test_memorization_of_accuracy(pool, scored, trainer):
    from fairforget.lm.memory import memorization_accuracy
    from fairforget.lm.passes import token_scores

    found = CounterfactualMemorization(of="accuracy", models=2).score(None, scored, rng())
    (two,) = halves([s.sample.id for s in pool], 1)
    by = [[memorization_accuracy(h, bare=False) for h in token_scores(trainer(half), pool).hits] for half in two]
    expected = [(b - a) if s.sample.id in two[0] else (a - b) for s, a, b in zip(pool, *by, strict=True)]
    np.testing.assert_allclose(found.values, expected, atol=1e-12)
    assert (found.stderr, found.reliability) == (None, None)


def test_held_out_loss_is_of_models_that_never_saw_the_sample(pool, scored, trainer):
    _, without = table(pool, trainer, 3)
    found = HeldOutLoss(models=6).score(None, scored, rng())
    np.testing.assert_allclose(found.values, -(without / lengths(pool)).mean(0), rtol=1e-4)
    likely = HeldOutLoss(models=6, average="probability").score(None, scored, rng())
    np.testing.assert_allclose(likely.values, -np.log(np.exp(without).mean(0)) / lengths(pool), rtol=1e-4)
    assert likely.stderr is None
    assert (likely.values <= found.values + 1e-6).all(), "the mean of a logarithm is below that of the mean"
    others = np.array([np.log(np.exp(np.delete(without, i, 0)).mean(0)) for i in range(3)])
    floor = (without - others) / lengths(pool)
    assert likely.details["noise_floor"] == pytest.approx(np.abs(floor).mean(), rel=1e-3)
    assert likely.details["noise_median"] == pytest.approx(np.median(floor), rel=1e-2, abs=1e-4)
    assert HeldOutLoss(models=2, average="probability").score(None, scored, rng()).details["noise_floor"] is None


def test_a_sample_has_the_score_it_has_among_all(pool, scored):
    whole = CounterfactualMemorization(models=4).score(None, scored, rng()).values
    alone = CounterfactualMemorization(models=4).score(None, scored.take([3]), rng()).values
    np.testing.assert_allclose(alone, whole[3:4], rtol=1e-4, atol=1e-6)


def test_what_is_not_in_the_pool_has_no_score(encoder, corpus, trainer):
    mixed = encoder.encode([corpus.pool[0], corpus.retain[0]], corpus).with_retrained(trainer)
    for score in (CounterfactualMemorization(models=2), HeldOutLoss(models=2), HeldOutLoss(average="probability")):
        found = score.score(None, mixed, rng())
        assert list(np.isnan(found.values)) == [False, True]
        assert "not in the pool" in found.details["excluded"][corpus.retain[0].id]


def test_a_model_that_breaks_excludes_its_samples(pool, trainer):
    def broken(without):
        model = trainer(without)
        with torch.no_grad():
            next(model.parameters()).fill_(math.nan)
        return model

    found = HeldOutLoss(models=2).score(None, pool.with_retrained(broken), rng())
    assert np.isnan(found.values).all()
    assert len(found.details["excluded"]) == len(pool)


@pytest.mark.parametrize("difficulty", [CounterfactualMemorization(), HeldOutLoss()])
def test_without_a_recipe_it_says_where_it_can_be_had(pool, difficulty):
    with pytest.raises(FairforgetError, match="can be done for the whole pool of a task only"):
        difficulty.score(None, pool, rng())


@pytest.mark.slow
def test_on_a_real_target_the_models_are_oracles_of_the_cache(monkeypatch):
    """What was trained on is known better; both scores ask the same folders, trained once."""
    from fairforget.run.targets import target

    bench = examine("loss", "difficulty").lab.bench("llama")
    made = []
    make = target._make
    monkeypatch.setattr(target, "_make", lambda *args: made.append(args[5]) or make(*args))
    samples = bench.to_score(bench.corpus.pool)
    assert bench.target.encode(bench.corpus.pool).retrained is None, "what a method is given knows no such models"
    memorised = CounterfactualMemorization(models=4).score(None, samples, rng())
    trained = len(made)
    assert trained <= 4
    held_out = HeldOutLoss(models=4).score(None, samples, rng())
    assert len(made) == trained
    assert np.isfinite(memorised.values).all()
    assert np.isfinite(held_out.values).all()
    assert memorised.details["within"] > memorised.details["without"]
    assert -memorised.details["without"] == pytest.approx(held_out.values.mean(), rel=1e-4)


def test_a_target_that_cannot_be_trained_again_says_so():
    bench = examine("loss", "difficulty").lab.bench("llama")
    fixed = replace(bench, recipe=replace(bench.recipe, training=None))
    with pytest.raises(FairforgetError, match="without a training recipe"):
        HeldOutLoss(models=2).score(None, fixed.to_score(bench.corpus.pool), rng())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["counterfactual-memorization", "held-out-loss"])
def test_the_kit_passes(name):
    report = check(name, kind="difficulty", options={"models": 2}, on_fail="report")
    assert report.passed, report.to_markdown()
