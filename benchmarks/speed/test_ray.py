"""What Ray costs a cell: the time between two cells of one worker, beside that of the engine local.

    pytest benchmarks/speed/test_ray.py --benchmark-enable -s

starts Ray on this machine, and prints for both engines how long the first worker takes to come, and how much longer
than itself a cell of ten seconds takes from then on. The cell sleeps, and its texts are as long as those of a large
draw: what is measured is the way there and back.
"""

from __future__ import annotations

import os
import time

import pytest

from fairforget.engines.local import Local
from fairforget_engines.ray import Ray

pytestmark = pytest.mark.bench

pytest.importorskip("ray", reason="needs the extra: pip install 'fairforget[ray]'")

SECONDS = float(os.environ.get("FAIRFORGET_BENCH_CELL_SECONDS", "10"))
CELLS = 3
TEXT = "x" * 500_000
CELL = f"(__import__('time').sleep({SECONDS}), 'key')[1]"


def spent(engine) -> tuple[float, float]:
    """Return the seconds until the first worker has done something, and the share that cells take beyond their own."""
    begin = time.perf_counter()
    with engine.open() as executor:
        executor.submit(len, TEXT).result()
        ready = time.perf_counter()
        cells = [executor.submit(eval, CELL, {"text": TEXT}) for _ in range(CELLS)]
        assert {cell.result() for cell in cells} == {"key"}
        wall = time.perf_counter() - ready
    return ready - begin, wall / (CELLS * SECONDS) - 1


def test_ray_costs_less_than_a_twentieth_of_a_cell(benchmark, capsys):
    measured = benchmark.pedantic(
        lambda: {"ray": spent(Ray(address="local", workers=1)), "local": spent(Local(workers=1))}, rounds=1
    )
    with capsys.disabled():
        for name, (ready, share) in measured.items():
            print(f"\n{name}: {ready:.2f} s to the first worker; a cell of {SECONDS:g} s takes {share:.2%} longer")
    assert measured["ray"][1] < 0.05
