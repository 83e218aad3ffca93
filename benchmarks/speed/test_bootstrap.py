"""What the bootstrap of a board costs: processor time on one thread.

pytest benchmarks/speed/test_bootstrap.py --benchmark-enable -s
"""

from __future__ import annotations

import statistics
import time

import numpy as np
import pytest

from fairforget.stats.bootstrap import bootstrap
from fairforget.stats.cube import PairedCube

pytestmark = [pytest.mark.bench, pytest.mark.benchmark(timer=time.process_time)]

RESAMPLES = 10_000


def cube(methods, draws, seeds, items=0, strata=1):
    rng = np.random.default_rng(0)
    values = np.linspace(0.3, 0.6, methods)[:, None, None] + rng.normal(0, 0.1, (methods, draws, 1))
    values = values + rng.normal(0, 0.03, (methods, draws, seeds))
    stratum = np.arange(draws) % strata
    if not items:
        return PairedCube(values, stratum)
    each = values[..., None] + rng.normal(0, 0.3, (methods, draws, seeds, items))
    groups = np.tile(np.arange(items) // 20, (draws, 1))  # twenty questions an author, as TOFU has
    return PairedCube(each.mean(-1), stratum, each, groups)


@pytest.mark.parametrize(
    ("shape", "limit"),
    [
        pytest.param({"methods": 12, "draws": 20, "seeds": 3}, 2.0, id="12x20x3"),
        pytest.param({"methods": 12, "draws": 20, "seeds": 3, "items": 200}, None, id="12x20x3x200"),
        pytest.param({"methods": 50, "draws": 40, "seeds": 3, "strata": 4}, None, id="50x40x3-four-strata"),
    ],
)
def test_bootstrap(benchmark, shape, limit):
    subject, spent = cube(**shape), []

    def run():
        begin = time.process_time()
        found = bootstrap(subject, np.random.default_rng(0), RESAMPLES)
        spent.append(time.process_time() - begin)
        return found

    found = benchmark.pedantic(run, rounds=3, warmup_rounds=1)
    seconds = statistics.median(spent)
    print(f"\n{RESAMPLES} resamples of {shape}: {seconds:.2f} s")
    assert found.first.sum() == pytest.approx(1)
    assert limit is None or seconds <= limit
