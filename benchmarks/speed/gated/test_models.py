"""Update loop, difficulty scores, evaluation: what the harness does around the passes of a model, and how many."""

from __future__ import annotations

import copy

import numpy as np
import pytest

pytestmark = pytest.mark.bench

UPDATES, BATCH, FORGET = 6, 4, 12
OPTIMIZER = {
    "name": "adamw", "lr": 1e-5, "batch_size": BATCH, "weight_decay": 0.0, "betas": [0.9, 0.999], "eps": 1e-8,
    "max_grad_norm": 1.0, "warmup": 0,
}  # fmt: skip


@pytest.fixture
def unlearn(model, corpus, encode):
    """A function that runs a method for six updates of four samples."""
    from fairforget.api import Curriculum
    from fairforget.run.counting.ledger import Ledger
    from fairforget.run.updates.budget import Budget
    from fairforget.run.updates.live import LiveRun
    from fairforget.run.updates.order import Order
    from fairforget.run.updates.reference import Reference

    forget, retain = encode(corpus.pool[:FORGET]), encode(corpus.retain)
    samples = [encoded.sample for encoded in forget]
    untouched = copy.deepcopy(model)

    def run(method):
        ledger, live = Ledger(), copy.deepcopy(model)
        order = Order(samples, Curriculum(), BATCH, len(retain), ("benchmark", 0))
        run = LiveRun(
            model=live,
            forget=forget,
            retain=retain,
            order=order,
            budget=Budget("updates", UPDATES),
            settings=OPTIMIZER,
            ledger=ledger,
            reference=Reference(lambda: untouched, ledger),
            score=lambda _: np.zeros(FORGET),
            refusals=forget.take,
            oracle=lambda: None,
        )
        with ledger.watch(live), ledger.phase("unlearning"):
            method.unlearn(run)
        return ledger

    return run


@pytest.fixture(params=["grad-ascent", "grad-diff", "npo"])
def method(request):
    from fairforget_methods.grad_ascent import GradAscent
    from fairforget_methods.grad_diff import GradDiff
    from fairforget_methods.npo import Npo

    return {"grad-ascent": GradAscent, "grad-diff": GradDiff, "npo": Npo}[request.param]()


@pytest.mark.parametrize("method", ["grad-diff"], indirect=True)
def test_update_loop(speed, unlearn, method):
    speed(lambda: unlearn(method), "tensors")


def test_counts_of_update_loop(counts, unlearn, method, request):
    with counts(f"update loop, {request.node.callspec.id}", models=True) as seen:
        ledger = unlearn(method)
        seen["updates"] = ledger.updates
        seen["forward-equivalents"] = ledger.forward_equivalents


@pytest.fixture(params=["mrd", "mrd-grad"])
def difficulty(request):
    from fairforget_samplers.difficulty.mrd import Mrd
    from fairforget_samplers.difficulty.mrd_grad import MrdGrad

    kinds = {
        "mrd": lambda: Mrd(reliability=0.999, max_forwards=5, batch_tokens=1024),
        "mrd-grad": lambda: MrdGrad(batch_tokens=1024),
    }
    return kinds[request.param]()


@pytest.fixture
def score(model, corpus, encode):
    samples = encode(corpus.pool[:32])
    return lambda difficulty: difficulty.score(model, samples, np.random.default_rng(0))


def test_difficulty(speed, score, difficulty):
    speed(lambda: score(difficulty), "tensors")


def test_counts_of_difficulty(counts, score, difficulty, request):
    with counts(f"difficulty, {request.node.callspec.id}", models=True):
        score(difficulty)


@pytest.fixture
def measure(model, corpus, encode, tokenizer):
    """A function that measures everything that `biographies` asks for, on one sample of each set."""
    from fairforget.api import Metric
    from fairforget.registry import Registry
    from fairforget.run.measures.evaluate import evaluate
    from fairforget.run.measures.subject import LiveSubject
    from fairforget.study.options import build
    from fairforget_tasks.biographies import Biographies

    registry = Registry.discover([])
    uses = [(use, build(registry, "metric", use.metric).of(Metric)) for use in Biographies().metrics()]
    sets = {"forget": corpus.pool[:1], "retain": corpus.retain[:1], "holdout": corpus.holdout[:1]}
    sets |= {name: samples[:1] for name, samples in corpus.evaluation.items()}
    settings = {"tokenizer": tokenizer, "max_new_tokens": 4, "batch_tokens": 2048}

    def run():
        found = evaluate(LiveSubject(model, encode, sets, "forget", **settings), uses, len(tokenizer))
        assert len(found.scores) == len(uses)

    return run


def test_evaluation(speed, measure):
    speed(measure, "tensors")


def test_counts_of_evaluation(counts, measure):
    with counts("evaluation", models=True):
        measure()
