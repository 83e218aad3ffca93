"""Seconds of each step of a study, for models of several sizes, beside what their FLOPs predict.

    python benchmarks/scale/seconds.py [--sizes 1 2 3] [--texts 48]

trains each model for an epoch, takes the FLOP/s of that, and predicts every other step from it: scoring by `mrd`, the
updates of `grad-diff`, log-probabilities, and generation. Nothing else is fitted. Texts are random tokens of one
length. Processor time on one thread, the median of three rounds; two minutes for three sizes. The fourth is the shape
of SmolLM2-135M.
"""

from __future__ import annotations

import argparse
import copy
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
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
from fairforget.scale.shapes import PUBLISHED, Shape, config_of
from fairforget.scale.words import si, table
from fairforget_methods.grad_diff import GradDiff
from fairforget_samplers.difficulty.mrd import Mrd

SIZES = (
    Shape("0.3 M", 512, 128, 256, 2, 4, 4, tied=True),
    Shape("3 M", 1_024, 256, 512, 4, 4, 4, tied=True),
    Shape("30 M", 4_096, 512, 1_536, 8, 8, 4, tied=True),
    PUBLISHED[0],
)
WIDTH, START, PROMPT, NEW = 64, 24, 24, 40
BATCH, PASSES, ROUNDS = 8, 5, 3
OPTIMIZER = {
    "name": "adamw", "lr": 1e-5, "batch_size": BATCH, "weight_decay": 0.0, "max_grad_norm": 1.0, "warmup": 0,
    "betas": [0.9, 0.999], "eps": 1e-8,
}  # fmt: skip


def model_of(shape: Shape) -> LlamaForCausalLM:
    torch.manual_seed(0)
    no_ends = {"bos_token_id": None, "eos_token_id": None}
    return LlamaForCausalLM(LlamaConfig.from_dict(config_of(shape) | no_ends)).eval()


def texts_of(shape: Shape, count: int, seed: int) -> SampleSet:
    tokens = np.random.default_rng(seed).integers(2, shape.vocabulary, (count, WIDTH)).tolist()
    made = [EncodedSample(Sample(f"{seed}-{i}", "", ""), tuple(t), START, WIDTH - 1) for i, t in enumerate(tokens)]
    return SampleSet(made, pad_id=0)


def updates(model: LlamaForCausalLM, shape: Shape, count: int) -> None:
    """An epoch of `grad-diff`: every text to forget with one to keep."""
    forget, ledger = texts_of(shape, count, 0), Ledger()
    run = LiveRun(
        model=model,
        forget=forget,
        retain=texts_of(shape, count, 1),
        order=Order([s.sample for s in forget], Curriculum(), BATCH, count, ("draw", 0)),
        budget=Budget("epochs", 1),
        settings=OPTIMIZER,
        ledger=ledger,
        reference=Reference(lambda: copy.deepcopy(model), ledger),
        score=lambda _: np.ones(count),
        refusals=lambda _: forget,
        oracle=None,
    )
    with ledger.watch(model):
        GradDiff().unlearn(run)


def spent(function: Callable[[], object]) -> float:
    """Processor seconds, the median of some rounds after one that warms up."""
    found = []
    for _ in range(ROUNDS + 1):
        begin = time.process_time()
        function()
        found.append(time.process_time() - begin)
    return statistics.median(found[1:])


def steps(shape: Shape, count: int) -> dict[str, tuple[float, float]]:
    """Return FLOPs and seconds of every step."""
    model, texts = model_of(shape), texts_of(shape, count, 0)
    scored, labelled = WIDTH - 1 - START, WIDTH - START
    prompts = [list(text.input_ids[:PROMPT]) for text in texts]
    recipe = Training(1, 1e-5, batch_size=BATCH)
    mrd = Mrd(max_forwards=PASSES, reliability=0.999, sigma=1e-2)
    return {
        "training": (
            training(shape, count, WIDTH, labelled),
            spent(lambda: train(model, texts, recipe, seed=0)),
        ),
        f"scoring, {PASSES} passes": (
            PASSES * forward(shape, count, WIDTH, scored),
            spent(lambda: mrd.score(model, texts, np.random.default_rng(0))),
        ),
        "updates": (
            training(shape, 2 * count, WIDTH, labelled),
            spent(lambda: updates(model, shape, count)),
        ),
        "log-probabilities": (
            forward(shape, count, WIDTH, scored),
            spent(lambda: token_scores(model, texts)),
        ),
        f"generation, {NEW} tokens": (
            generation(shape, count, PROMPT, NEW),
            spent(lambda: greedy(model, prompts, [NEW] * count)),
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    numbers = range(1, len(SIZES) + 1)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 2, 3], choices=numbers, help="smallest first")
    parser.add_argument("--texts", type=int, default=48)
    args = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for shape in (SIZES[number - 1] for number in args.sizes):
        found = steps(shape, args.texts)
        flops, seconds = found["training"]
        rate = flops / seconds
        for name, (flops, seconds) in found.items():
            predicted = flops / rate
            ratio = "by definition" if name == "training" else f"{predicted / seconds:.2f}"
            rows.append(
                [f"{shape.name} ({si(shape.parameters, '')})", name, si(flops, "FLOP"), f"{seconds:.3g} s",
                 f"{predicted:.3g} s", ratio, si(flops / seconds, "FLOP/s")]
            )  # fmt: skip
    head = ["model", "step", "FLOPs", "measured", "predicted", "predicted / measured", "speed"]
    print(table(head, rows))


if __name__ == "__main__":
    main()
