"""The tiny task, its targets, and a cell that runs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fairforget.api import Curriculum, LossMethod
from fairforget.registry import Registry
from fairforget.testing import Case
from fairforget.testing.lab import Lab
from fairforget.testing.registry import KitRegistry


@pytest.fixture(scope="module")
def lab():
    return Lab(KitRegistry(Registry.discover()))


def test_the_target_is_a_small_llama_that_knows_its_task(tiny_target, tiny_task):
    assert type(tiny_target.model).__name__ == "LlamaForCausalLM"
    assert sum(p.numel() for p in tiny_target.model.parameters()) < 300_000
    assert tiny_target.meta["recall"]["learnt"] > 0.9
    corpus = tiny_task.corpus()
    known, unknown = (
        float(tiny_target.encode(samples).batch(eos=False).nll(tiny_target.model, "mean").mean().detach())
        for samples in (corpus.pool, corpus.holdout)
    )
    assert known < 0.2 < 1 < unknown


def test_the_task_has_groups_ragged_lengths_retain_and_holdout(tiny_task, tiny_target):
    corpus = tiny_task.corpus()
    assert (len(corpus.pool), len(corpus.retain), len(corpus.holdout)) == (16, 8, 4)
    groups = {s.group for s in corpus.pool}
    assert len(groups) == 8
    assert not groups & {s.group for s in (*corpus.retain, *corpus.holdout)}
    lengths = {len(s.input_ids) for s in tiny_target.encode(corpus.pool)}
    assert len(lengths) >= 4
    assert corpus.digest() == tiny_task.corpus().digest()


@pytest.mark.parametrize("architecture", ["llama", "gpt2"])
def test_equal_means_equal_and_ragged_means_ragged(lab, architecture):
    equal, ragged = lab.bench(architecture, "equal"), lab.bench(architecture, "ragged")
    assert len(equal.corpus.pool) >= Case().samples
    assert len(equal.corpus.retain) >= 2
    shapes = {(len(s.input_ids), s.start) for s in equal.target.encode((*equal.corpus.pool, *equal.corpus.retain))}
    assert len(shapes) == 1
    assert equal.target is ragged.target
    assert type(equal.target.model).__name__ == {"llama": "LlamaForCausalLM", "gpt2": "GPT2LMHeadModel"}[architecture]


def test_the_ragged_case_has_ragged_batches(lab):
    from fairforget.api import PluginSpec
    from fairforget.run.cell import open_run
    from fairforget.run.counting.ledger import Ledger
    from fairforget.study.options import build

    case = Case(lengths="ragged", samples=6, batch_size=3)
    bench = lab.bench_of(case)
    cell = lab.cell(case, build(lab.registry, "method", PluginSpec("fairforget-testing/tiny-ascent")).to_json())
    with bench.model() as model:
        run = open_run(bench, cell, model, Ledger())
        batches = list(run.batches())
    assert any(not batch.forget.attention_mask.all() for batch in batches)
    assert any(not batch.retain.attention_mask.all() for batch in batches)


class Ascent(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model)


def test_run_cell_runs_a_class_an_instance_and_a_name(run_cell):
    untouched = run_cell("untouched", samples=2)
    done = run_cell(Ascent, samples=2, updates=4)
    assert (done.status, done.problems, done.ledger["updates"]) == ("ok", [], 4)
    assert set(done.scores) == {"forget_probability", "retain_probability"}
    # A completeness: 1 minus what is remembered.
    assert done.scores["forget_probability"] > untouched.scores["forget_probability"] + 0.1
    assert len(done.items["forget_probability"]) == 2
    assert run_cell(Ascent(), samples=2, updates=4).scores == done.scores
    assert done.record["key"] == run_cell(Ascent(), samples=2, updates=4).record["key"]


def test_run_cell_takes_a_curriculum_a_budget_and_an_optimizer(run_cell):
    class Backwards(Curriculum):
        def order(self, samples, scores, rng):
            return list(range(len(samples)))[::-1]

    done = run_cell(Ascent, curriculum=Backwards, updates=2)
    assert done.status == "ok"
    spent = run_cell(Ascent, budget={"kind": "forward_equivalents", "amount": 14, "stop": None})
    assert spent.ledger["forward_equivalents"] == 12  # two updates of two samples, at 3 a sample
    slow = run_cell(Ascent, updates=2, optimizer={"lr": 1e-9})
    assert slow.scores["forget_probability"] < done.scores["forget_probability"]


def test_a_cell_that_fails_says_so(run_cell):
    class Broken(LossMethod):
        def loss(self, model, batch):
            raise KeyError("beta")

    done = run_cell(Broken)
    assert done.status == "failed"
    assert done.problems[0]["kind"] == "exception"
    assert "KeyError" in done.problems[0]["message"]


def test_an_unknown_setting_is_refused(run_cell):
    with pytest.raises(TypeError, match="sample"):
        run_cell(Ascent, sample=3)


def test_the_shared_target_is_as_it_was(tiny_target, run_cell):
    before = [p.detach().clone() for p in tiny_target.model.parameters()]
    run_cell(Ascent)
    assert all(torch.equal(a, b) for a, b in zip(before, tiny_target.model.parameters(), strict=True))
    assert np.isfinite(sum(float(p.detach().sum()) for p in tiny_target.model.parameters()))
