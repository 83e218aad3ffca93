"""FLOPs by the formulas, beside what torch counts while the harness does the work."""

from __future__ import annotations

import copy
from functools import partial

import numpy as np
import pytest
import torch
from torch.utils.checkpoint import checkpoint
from torch.utils.flop_counter import FlopCounterMode
from transformers import LlamaConfig, LlamaForCausalLM

from fairforget.api import Curriculum, Sample, Training
from fairforget.lm.generate import greedy
from fairforget.lm.passes import token_scores
from fairforget.lm.tokens import EncodedSample, SampleSet
from fairforget.run.counting.ledger import Ledger
from fairforget.run.targets.training import train
from fairforget.run.updates.budget import Budget
from fairforget.run.updates.live import LiveRun
from fairforget.run.updates.order import Order
from fairforget.run.updates.reference import Reference
from fairforget.scale.flops import forward, generation, training
from fairforget.scale.shapes import Shape, config_of
from fairforget_methods.npo import Npo
from fairforget_samplers.difficulty.mrd import Mrd

SHAPES = (
    Shape("groups of queries", 97, 48, 80, 3, 6, 2, tied=False),
    Shape("tied", 300, 32, 64, 2, 4, 4, tied=True),
    Shape("heads of another size", 61, 40, 24, 1, 4, 1, tied=False, head_size=12),
    Shape("deep", 128, 16, 48, 7, 2, 2, tied=True),
)
WIDTH, START = 21, 8
"""Tokens of a text with its end-of-text token, and where its completion begins."""


@pytest.fixture(params=SHAPES, ids=lambda shape: shape.name)
def shape(request):
    return request.param


@pytest.fixture
def model(shape):
    config = LlamaConfig(
        **config_of(shape),
        max_position_embeddings=64,
        attn_implementation="eager",  # torch counts no operation of the processor's fused attention
        bos_token_id=None,
        eos_token_id=None,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return LlamaForCausalLM(config).eval()


def samples(shape, count, seed=0):
    rng = np.random.default_rng(seed)
    made = [tuple(int(t) for t in rng.integers(2, shape.vocabulary, WIDTH)) for _ in range(count)]
    return SampleSet(
        [EncodedSample(Sample(f"{seed}-{i}", "", ""), ids, START, WIDTH - 1) for i, ids in enumerate(made)], pad_id=0
    )


def counted(function):
    with FlopCounterMode(display=False) as counter:
        function()
    return counter.get_total_flops()


def test_a_forward_pass_over_every_token(model, shape):
    tokens = torch.zeros((3, WIDTH), dtype=torch.long)
    with torch.no_grad():
        found = counted(lambda: model(input_ids=tokens, use_cache=False))
    assert found == forward(shape, 3, WIDTH)


def test_scoring_texts(model, shape):
    assert counted(lambda: token_scores(model, samples(shape, 5))) == forward(shape, 5, WIDTH, WIDTH - 1 - START)


def test_training_a_target(model, shape):
    found = counted(lambda: train(model, samples(shape, 6), Training(2, 1e-3, batch_size=3), seed=0))
    assert found == 2 * training(shape, 6, WIDTH, WIDTH - START)


def test_training_with_checkpoints(model, shape):
    for layer in model.model.layers:
        layer.forward = partial(checkpoint, layer.forward, use_reentrant=False)
    batch = samples(shape, 4).batch(eos=True)
    found = counted(lambda: batch.nll(model).backward())
    wanted = training(shape, 4, WIDTH, WIDTH - START, checkpointed=True)
    # The last product of a layer is needed by nothing that is computed again, and torch stops before it.
    last = 2 * 4 * WIDTH * shape.layers * shape.hidden * shape.intermediate
    assert wanted - last <= found <= wanted


def test_difficulty_by_mrd(model, shape):
    found = counted(lambda: Mrd(max_forwards=9, sigma=1e-2).score(model, samples(shape, 5), np.random.default_rng(0)))
    assert found == 9 * forward(shape, 5, WIDTH, WIDTH - 1 - START)


@pytest.mark.parametrize(("prompt", "new"), [(1, 1), (9, 1), (5, 12), (1, 30)])
def test_generation(model, shape, prompt, new):
    found = counted(lambda: greedy(model, [[3] * prompt] * 4, [new] * 4))
    assert found == generation(shape, 4, prompt, new)


def test_the_updates_of_a_cell(model, shape):
    """Two epochs of `npo`, with its retain partners and its reference."""
    untouched = copy.deepcopy(model)
    forget, ledger = samples(shape, 8), Ledger()
    settings = {
        "name": "adamw", "lr": 1e-4, "batch_size": 4, "weight_decay": 0.0, "max_grad_norm": 1.0, "warmup": 0,
        "betas": [0.9, 0.999], "eps": 1e-8,
    }  # fmt: skip
    run = LiveRun(
        model=model,
        forget=forget,
        retain=samples(shape, 8, seed=1),
        order=Order([s.sample for s in forget], Curriculum(), 4, 8, ("draw", 0)),
        budget=Budget("epochs", 2),
        settings=settings,
        ledger=ledger,
        reference=Reference(lambda: copy.deepcopy(untouched), ledger),
        score=lambda _: np.ones(8),
        refusals=lambda _: forget,
        oracle=None,
    )
    with ledger.watch(model):
        found = counted(lambda: Npo().unlearn(run))
    epochs, texts = 2, 8 + 8
    assert found == epochs * training(shape, texts, WIDTH, WIDTH - START) + forward(shape, 8, WIDTH, WIDTH - START)


def test_the_rule_of_six_flops_a_weight_and_token():
    """Kaplan's 6·N with N the weights that are in products, and PaLM's 12·L·H·Q·T beside it."""
    shape = Shape("8B", 128_256, 4_096, 14_336, 32, 32, 8, tied=False)
    multiplied = shape.layers * shape.block + shape.embedding
    per_token = training(shape, 1, 1024) / 1024
    assert per_token == pytest.approx(6 * multiplied + 12 * shape.layers * shape.attended * 1024)
