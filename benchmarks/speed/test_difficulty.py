"""Difficulty scores against the plain passes they are made of, side by side in one process.

Run with ``pytest benchmarks/speed/test_difficulty.py --benchmark-enable``; the ratios are printed by ``-s`` and kept in
``extra_info``. Processor time on one thread, in rounds that alternate, so that what else the machine does hits both.
"""

from __future__ import annotations

import statistics
import time

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from fairforget.api import Sample
from fairforget.lm.tokens import EncodedSample, SampleSet
from fairforget_samplers.difficulty.mrd import Mrd
from fairforget_samplers.difficulty.mrd_grad import MrdGrad

pytestmark = [pytest.mark.bench, pytest.mark.benchmark(timer=time.process_time)]

TOKENS = 2048
VOCABULARY = 1024


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def samples():
    """Questions of 12 to 28 tokens, answers of 4 to 60."""
    rng = np.random.default_rng(0)
    made = []
    for i in range(400):
        prompt, answer = int(rng.integers(12, 29)), int(rng.integers(4, 61))
        ids = (*rng.integers(2, VOCABULARY, size=prompt + answer).tolist(), 1)
        made.append(EncodedSample(Sample(f"s{i}", "", ""), ids, prompt, prompt + answer))
    return SampleSet(made, pad_id=0)


@pytest.fixture(scope="module")
def model(samples):
    """About 320 thousand parameters, trained for one pass, so that likelihoods are not all alike."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=96,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=4,
        tie_word_embeddings=True,
        pad_token_id=0,
        bos_token_id=None,
        eos_token_id=1,
    )
    model = LlamaForCausalLM(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
    for start in range(0, len(samples), 8):
        optimizer.zero_grad()
        samples[start : start + 8].batch(eos=True).nll(model).backward()
        optimizer.step()
    model.zero_grad(set_to_none=True)
    return model.eval()


def forwards(model, samples, times):
    batches = [samples.take(positions).batch(eos=False) for positions in samples.buckets(TOKENS)]
    with torch.no_grad():
        for _ in range(times):
            for batch in batches:
                batch.logprobs(model)


def forward_backward(model, samples):
    for positions in samples.buckets(TOKENS):
        samples.take(positions).batch(eos=False).nll(model).backward()
    model.zero_grad(set_to_none=True)


def ratio(benchmark, scored, plain, rounds=5):
    """Time `scored` against `plain` in alternating rounds; return the ratio of their medians."""
    spent = []

    def control():
        start = time.process_time()
        plain()
        spent.append(time.process_time() - start)

    benchmark.pedantic(scored, setup=control, rounds=rounds, warmup_rounds=1)
    if benchmark.disabled:
        return None
    found = benchmark.stats.stats.median / statistics.median(spent[1:])
    benchmark.extra_info.update(plain_seconds=statistics.median(spent[1:]), ratio=found)
    print(f"\n{benchmark.name}: {benchmark.stats.stats.median:.3f} s, ratio {found:.2f}")  # noqa: T201
    return found


def test_mrd_costs_its_forward_passes(benchmark, model, samples):
    few = samples[:100]
    found = ratio(
        benchmark,
        lambda: Mrd(reliability=0.999, max_forwards=21, batch_tokens=TOKENS).score(
            model, few, np.random.default_rng(0)
        ),
        lambda: forwards(model, few, 21),
    )
    assert found is None or found < 1.25


def test_closed_form_costs_a_forward_and_a_backward_pass(benchmark, model, samples):
    scores = MrdGrad(batch_tokens=TOKENS)
    found = ratio(
        benchmark,
        lambda: scores.score(model, samples, np.random.default_rng(0)),
        lambda: forward_backward(model, samples),
    )
    assert found is None or found < 1.5


def test_closed_form_against_one_sample_at_a_time(benchmark, model, samples):
    few = samples[:100]

    def one_at_a_time():
        for i in range(len(few)):
            found = few.take([i]).batch(eos=False).logprobs(model)
            (found.values / found.values.detach().abs().clamp_min(1e-30)).sum().backward()
            sum(p.grad.square().sum() for p in model.parameters())
            model.zero_grad(set_to_none=True)

    scores = MrdGrad(batch_tokens=TOKENS)
    found = ratio(benchmark, lambda: scores.score(model, few, np.random.default_rng(0)), one_at_a_time, rounds=3)
    assert found is None or found < 1
