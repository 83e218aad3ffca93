"""Whether the batch size that is found is the fastest there is: all candidates, timed.

    pytest benchmarks/speed/test_batching.py --benchmark-enable -s

prints a table for each model; the constants in `fairforget.lm.batching` were chosen from it. Processor time on one
thread, the least of some rounds through all sizes in turn.
"""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch

from fairforget.lm.batching import best_batch_tokens
from fairforget_samplers.difficulty.mrd_grad import MrdGrad

pytestmark = [pytest.mark.bench, pytest.mark.benchmark(timer=time.process_time)]

SIZES = (256, 512, 1024, 2048, 4096, 8192)


def forwards(subject, tokens):
    with torch.no_grad():
        for positions in subject.samples.buckets(tokens):
            subject.samples.take(positions).batch(eos=False).logprobs(subject.model)


def gradients(subject, tokens):
    MrdGrad(batch_tokens=tokens).score(subject.model, subject.samples, np.random.default_rng(0))


@pytest.mark.parametrize("work", [forwards, gradients])
def test_the_size_that_is_found_beside_all_others(benchmark, subject, work):
    chosen = best_batch_tokens(subject.model, subject.samples, gradients=work is gradients)
    if benchmark.disabled:
        benchmark(work, subject, chosen)  # once, untimed
        return
    seconds = {size: [] for size in sorted({*SIZES, chosen})}
    for _ in range(3 if subject.name == "biographies" else 2):
        for size, found in seconds.items():
            begin = time.process_time()
            work(subject, size)
            found.append(time.process_time() - begin)
    benchmark.pedantic(lambda: best_batch_tokens(subject.model, subject.samples, gradients=work is gradients), rounds=5)
    least = {size: min(found) for size, found in seconds.items()}
    ratio = least[chosen] / min(least.values())
    benchmark.extra_info.update(seconds=least, chosen=chosen, ratio=ratio)
    table = ", ".join(f"{size}: {value:.3f} s" for size, value in least.items())
    print(f"\n{benchmark.name}: {table}; found {chosen}, {ratio:.2f} of the fastest")
    assert ratio <= 1.1
