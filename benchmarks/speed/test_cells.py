"""Many small cells: side by side on one thread each, or one after another on all; and what counting passes costs.

    pytest benchmarks/speed/test_cells.py --benchmark-enable -s

prints, for the embedded target, seconds a cell on ``local:N`` with one thread a process and on ``inline`` with N
threads, N the cores of the machine, in rounds that take turns; and the processor time that counting adds to a pass. Run
the first on an idle machine: what is measured is how two ways share the cores.
"""

from __future__ import annotations

import copy
import json
import statistics
import tempfile
import time
from contextlib import nullcontext

import pytest

from fairforget.api import PluginSpec
from fairforget.engines.inline import Inline
from fairforget.engines.local import Local
from fairforget.engines.threads import alone
from fairforget.paths import cache_folder
from fairforget.registry import Registry
from fairforget.run import jobs
from fairforget.run.counting.ledger import Ledger
from fairforget.run.runtime import Runtime
from fairforget.run.workbench import open_workbench
from fairforget.study.options import build

pytestmark = pytest.mark.bench

TASK = {
    "name": "biographies",
    "options": {
        "people": 36, "retain_people": 12, "holdout_people": 12, "samples": 4, "frequencies": [1, 2, 4],
        "distributions": ["in"], "lengths": ["short", "medium"], "epochs": 12,
    },
}  # fmt: skip
FORGET = 16
OPTIMIZER = {
    "name": "adamw", "lr": 3e-4, "batch_size": 8, "weight_decay": 0.0, "betas": [0.9, 0.999], "eps": 1e-8,
    "max_grad_norm": 1.0, "warmup": 0,
}  # fmt: skip


@pytest.fixture(scope="module")
def cells():
    """The quickstart's grad-diff on eight draws, as JSON; the target is in the cache afterwards."""
    bench = open_workbench(json.dumps(TASK), "null", str(cache_folder()), ())
    built = build(Registry.discover(), "method", PluginSpec("grad-diff")).to_json()
    settings = {"retain": 16, "holdout": 16, "others": 16, "max_new_tokens": 16, "batch_tokens": None}
    found = []
    for i in range(8):
        forget = [s.id for s in bench.corpus.pool[i * FORGET :][:FORGET]]
        cell = {
            "task": {"data": bench.data}, "target": {"id": bench.identity["id"]},
            "draw": {"forget": forget, "digest": f"draw {i}"}, "method": built, "curriculum": None, "seed": 0,
            "budget": {"kind": "epochs", "amount": 10, "stop": None}, "optimizer": OPTIMIZER,
            "evaluation": {"metrics": [], **settings},
        }  # fmt: skip
        found.append(json.dumps(cell))
    return found


def run(executor, cells, threads, folder):
    """Return the seconds a cell."""
    runtime = Runtime(str(cache_folder()), (), threads).to_json()
    folder = tempfile.mkdtemp(dir=folder)  # a cell whose record is there is not computed again
    begin = time.perf_counter()
    futures = [executor.submit(jobs.cell, json.dumps(TASK), "null", runtime, str(folder), one, "{}") for one in cells]
    for future in futures:
        future.result()
    return (time.perf_counter() - begin) / len(cells)


def test_cells_side_by_side(benchmark, cells, tmp_path):
    wide = alone({})
    with Inline().open() as inline, Local(workers=wide).open() as local:
        ways = {"inline": (inline, wide), f"local:{wide}": (local, 1)}
        for executor, threads in ways.values():
            run(executor, cells[:wide], threads, tmp_path)  # processes start and load the target
        if benchmark.disabled:
            benchmark(run, local, cells[:wide], 1, tmp_path)  # once, untimed
            return
        seconds = {name: [] for name in ways}
        for _ in range(3):
            for name, (executor, threads) in ways.items():
                seconds[name].append(run(executor, cells, threads, tmp_path))
        benchmark.pedantic(run, args=(*ways[f"local:{wide}"][:1], cells, 1, tmp_path), rounds=1)
    ratios = [a / b for a, b in zip(*seconds.values(), strict=True)]
    least = {name: min(found) for name, found in seconds.items()}
    benchmark.extra_info.update(seconds=least, speedup=statistics.median(ratios))
    table = ", ".join(f"{name}: {value:.2f} s a cell" for name, value in least.items())
    print(f"\n{table}; side by side {statistics.median(ratios):.2f} times as fast")
    if wide > 1:
        assert statistics.median(ratios) > 1


def test_counting_costs_nothing(benchmark, embedded):
    """What counting adds to a pass of a model as deep but hardly wider than nothing, over an update of the target.

    Beside the update itself it would drown in noise.
    """
    sizes = {"hidden_size": 8, "intermediate_size": 8, "num_attention_heads": 1, "num_key_value_heads": 1}
    config = copy.deepcopy(embedded.model.config)
    for name, value in {**sizes, "head_dim": 8}.items():
        setattr(config, name, value)
    narrow = type(embedded.model)(config)
    batch = embedded.samples[:8].batch(eos=True)

    def update(model):
        model.zero_grad(set_to_none=True)
        batch.nll(model).backward()

    if benchmark.disabled:
        benchmark(update, narrow)  # once, untimed
        return

    def timed(model, counted, updates=50):
        # Long enough that what the interpreter has to learn anew of changed classes does not count.
        with Ledger().watch(model) if counted else nullcontext():
            begin = time.process_time()
            for _ in range(updates):
                update(model)
            return (time.process_time() - begin) / updates

    timed(narrow, True)
    added = statistics.median(timed(narrow, True) - timed(narrow, False) for _ in range(20))
    whole = min(timed(embedded.model, False, updates=5) for _ in range(10))
    benchmark.pedantic(update, args=(embedded.model,), rounds=3)
    benchmark.extra_info.update(added=added, update=whole, share=added / whole)
    print(
        f"\ncounting adds {1e6 * added:.0f} µs to a pass and its backward, {added / whole:.2%} of {1e3 * whole:.1f} ms"
    )
    assert added / whole <= 0.01
