"""What difficulty scores cost beside the plain passes they are made of, side by side in one process.

    pytest benchmarks/speed/test_difficulty.py --benchmark-enable -s

prints the ratios, which are also kept in ``extra_info``. Unless said otherwise, processor time on one thread, in rounds
that alternate, so that what else the machine does hits both; medians. The plain passes run in the batches that are
fastest for them.
"""

from __future__ import annotations

import statistics
import time
from itertools import count

import numpy as np
import pytest
import torch

from fairforget.engines.threads import alone
from fairforget_samplers.difficulty.monte_carlo import MrdMonteCarlo
from fairforget_samplers.difficulty.mrd import Mrd
from fairforget_samplers.difficulty.mrd_grad import MrdGrad

pytestmark = [pytest.mark.bench, pytest.mark.benchmark(timer=time.process_time)]

SIGMA = 1e-3
LITERAL_DRAWS = 200
"""K of the paper."""
ROUNDS = 5


def spent(function, clock=time.process_time):
    begin = clock()
    function()
    return clock() - begin


def batches(subject, tokens):
    return [subject.samples.take(p).batch(eos=False) for p in subject.samples.buckets(tokens)]


def forwards(subject, times, tokens):
    whole = batches(subject, tokens)
    with torch.no_grad():
        for _ in range(times):
            for batch in whole:
                batch.logprobs(subject.model)


def forward_backward(subject, tokens):
    for batch in batches(subject, tokens):
        batch.nll(subject.model).backward()
    subject.model.zero_grad(set_to_none=True)


def best(function, sizes=(512, 1024, 2048, 4096, 8192)):
    """Return the padded tokens a batch with which `function` is fastest."""
    return min(sizes, key=lambda size: min(spent(lambda: function(size)) for _ in range(2)))


def beside(benchmark, scored, plain, rounds=ROUNDS):
    """Time `scored` against `plain` in alternating rounds; return the ratio of their medians, None where disabled."""
    if benchmark.disabled:
        benchmark(scored)  # once, untimed
        return None
    plain()
    control = []
    benchmark.pedantic(scored, setup=lambda: control.append(spent(plain)), rounds=rounds, warmup_rounds=1)
    ratio = benchmark.stats.stats.median / statistics.median(control[1:])
    benchmark.extra_info.update(plain_seconds=statistics.median(control[1:]), ratio=ratio)
    print(
        f"\n{benchmark.name}: {benchmark.stats.stats.median:.3f} s beside {statistics.median(control[1:]):.3f} s, "
        f"ratio {ratio:.3f}"
    )
    return ratio


def literal(subject, seconds_of=(10, 4), rounds=1):
    """Return the seconds of Algorithm 1 as printed on all samples: one sample, one draw at a time.

    A sample costs the pass on the unperturbed weights, once, and 200 draws. Both are timed on some samples of every
    length, a draw as the mean of some, and scaled: all of it would take an hour. The median of `rounds`.
    """
    samples, draws = seconds_of
    model = subject.model
    chosen = np.linspace(0, len(subject.samples) - 1, samples).astype(int)
    order = sorted(range(len(subject.samples)), key=lambda i: len(subject.samples[i].input_ids))
    ones = [subject.samples.take([order[i]]).batch(eos=False) for i in chosen]

    def draw(one, before):
        original = [p.clone() for p in model.parameters()]
        for p in model.parameters():
            p.add_(SIGMA * torch.randn_like(p))
        after = one.logprobs(model).values
        (((before - after) / before.clamp(max=-1e-30)).sum() / one.labels.shape[1]).abs()
        for p, was in zip(model.parameters(), original, strict=True):
            p.copy_(was)

    @torch.no_grad()
    def seconds_of_a_sample(one):
        begin = time.perf_counter()
        before = one.logprobs(model).values
        middle = time.perf_counter()
        for _ in range(draws):
            draw(one, before)
        return middle - begin + LITERAL_DRAWS * (time.perf_counter() - middle) / draws

    with torch.random.fork_rng():
        torch.manual_seed(0)
        seconds_of_a_sample(ones[-1])
        timed = [statistics.mean(map(seconds_of_a_sample, ones)) for _ in range(rounds)]
    return statistics.median(timed) * len(subject.samples)


def score(difficulty, subject, seeds):
    return difficulty.score(subject.model, subject.samples, np.random.default_rng(next(seeds)))


def test_closed_form_beside_a_forward_and_a_backward_pass(benchmark, subject):
    sizes = (512, 1024, 2048, 4096, 8192) if subject.name == "biographies" else (256, 512, 1024)
    size = 1024 if benchmark.disabled else best(lambda tokens: forward_backward(subject, tokens), sizes)
    rounds = ROUNDS if subject.name == "biographies" else 3
    ratio = beside(
        benchmark, lambda: score(MrdGrad(), subject, count()), lambda: forward_backward(subject, size), rounds
    )
    assert ratio is None or ratio <= (1.25 if subject.name == "biographies" else 1.5)


@pytest.mark.parametrize(
    ("difficulty", "passes"),
    [
        (Mrd(reliability=0.999, max_forwards=21), 21),
        (MrdMonteCarlo(absolute="inside", draws=20), 21),
        (MrdMonteCarlo(antithetic=False, draws=20), 21),
    ],
    ids=["antithetic", "inside", "naive"],
)
def test_draws_beside_their_forward_passes(benchmark, embedded, difficulty, passes):
    size = 4096 if benchmark.disabled else best(lambda tokens: forwards(embedded, 2, tokens))
    ratio = beside(
        benchmark, lambda: score(difficulty, embedded, count()), lambda: forwards(embedded, passes, size), rounds=3
    )
    assert ratio is None or ratio <= 1.10


def test_draws_beside_their_forward_passes_on_a_pretrained_model(benchmark, pretrained):
    size = 1024 if benchmark.disabled else best(lambda tokens: forwards(pretrained, 1, tokens), (512, 1024, 2048))
    ratio = beside(
        benchmark,
        lambda: score(Mrd(reliability=0.999, max_forwards=5), pretrained, count()),
        lambda: forwards(pretrained, 5, size),
        rounds=3,
    )
    assert ratio is None or ratio <= 1.5


@pytest.fixture
def every_core(one_thread):
    torch.set_num_threads(alone())


@pytest.mark.benchmark(timer=time.perf_counter)
@pytest.mark.parametrize(("difficulty", "times"), [(MrdGrad(), 500), (Mrd(), 20)], ids=["mrd-grad", "mrd"])
def test_beside_algorithm_1_as_printed(benchmark, embedded, every_core, difficulty, times):
    """Time on the clock, all cores: what a batch gains from them is half the point. Wants an idle machine.

    How many draws `mrd` takes depends on how much the samples differ: these differ little, and take some seventy.
    """
    if benchmark.disabled:
        pytest.skip("a measurement, nothing else")
    seeds, literally = count(), []
    benchmark.pedantic(
        lambda: score(difficulty, embedded, seeds),
        setup=lambda: literally.append(literal(embedded)),
        rounds=3,
        warmup_rounds=1,
    )
    taken = statistics.median(literally)
    ratio = taken / benchmark.stats.stats.median
    benchmark.extra_info.update(literal_seconds=taken, ratio=ratio)
    print(f"\n{benchmark.name}: {benchmark.stats.stats.median:.2f} s, literally {taken:.0f} s, {ratio:.0f} times")
    assert ratio >= times


@pytest.mark.benchmark(timer=time.perf_counter)
def test_beside_algorithm_1_as_printed_on_a_pretrained_model(benchmark, pretrained, every_core):
    """`mrd` to its reliability once, Algorithm 1 on three samples, scaled, as the median of three rounds."""
    if benchmark.disabled:
        pytest.skip("a measurement, nothing else")
    found = benchmark.pedantic(lambda: score(Mrd(), pretrained, count()), rounds=1)
    taken = literal(pretrained, seconds_of=(3, 2), rounds=3)
    ratio = taken / benchmark.stats.stats.median
    benchmark.extra_info.update(literal_seconds=taken, ratio=ratio, forwards=found.details["forwards"])
    print(
        f"\n{benchmark.name}: {benchmark.stats.stats.median:.0f} s for {found.details['forwards']} forwards, "
        f"reliability {found.reliability:.3f}; literally {taken:.0f} s, {ratio:.0f} times"
    )
    assert ratio >= 100
