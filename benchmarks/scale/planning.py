"""What planning costs for very many cells: the plan, the cells by their keys, a part of them, and plan.json.

    python benchmarks/scale/planning.py [--cells 10000 100000 1000000]

plans studies of the task ``biographies`` with 25 rows, 4 seeds and as many forget sets of 16 as that takes, each
in a process of its own, and prints processor time and memory. Nothing is trained: the target is a name.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time

ROWS, SEEDS, SIZE = 25, 4, 16
STUDY = """
name: large
task: {{name: biographies, people: 400}}
samplers: [random]
draws: {draws}
forget_size: {size}
methods:
{methods}
seeds: {seeds}
budget: {{epochs: 10}}
optimizer: {{name: adamw, lr: 1.0e-3, batch_size: 8}}
"""


def planned(cells: int) -> dict[str, float]:
    """Plan in this process; return processor seconds of each step, and megabytes."""
    import numpy as np

    from fairforget.api import Pool, Task
    from fairforget.registry import Registry
    from fairforget.run.sharing.shards import Shard
    from fairforget.study.draws import draw_sets
    from fairforget.study.keyed import cells_by_key
    from fairforget.study.load import parse_study
    from fairforget.study.planning import make_plan

    clock = Clock()
    draws = max(1, cells // (ROWS * SEEDS))
    methods = "\n".join(f"  - {{name: npo, beta: {0.01 * (row + 1):.2f}}}" for row in range(ROWS))
    study = STUDY.format(draws=draws, size=SIZE, methods=methods, seeds=SEEDS)
    registry = Registry.discover()
    clock.told("imports")
    plan = make_plan(parse_study(study).study, registry)
    plan.describe()
    clock.told("plan")
    corpus = plan.task.of(Task).corpus()
    clock.told("corpus")
    pool = Pool(corpus.pool, np.ones(len(corpus.pool), dtype=np.int64), True, {})
    found = draw_sets(plan.samplers[0].built, pool, data="d", size=SIZE, draws=draws)
    clock.told("draws")
    target = {"id": "t", "base": {"scratch": {"config": {"hidden_size": 128}, "vocabulary": 1024}}, "seed": 0}
    keyed = cells_by_key(plan, found, target, data="d")
    clock.told("cells and keys")
    json.dumps({"cells": list(keyed)}, indent=1)
    clock.told("plan.json")
    Shard.parse("1/100").of(keyed)
    clock.told("a part")
    assert len(keyed) == len(plan) == draws * ROWS * SEEDS
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"cells": len(keyed), **clock.steps, "megabytes": peak}


class Clock:
    """Processor seconds between two calls."""

    def __init__(self) -> None:
        self.steps: dict[str, float] = {}
        self._last = time.process_time()

    def told(self, name: str) -> None:
        now = time.process_time()
        self.steps[name], self._last = now - self._last, now


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--here", action="store_true", help="plan the first number in this process, and print JSON")
    args = parser.parse_args()
    if args.here:
        print(json.dumps(planned(args.cells[0])))
        return
    for cells in args.cells:
        command = [sys.executable, __file__, "--here", "--cells", str(cells)]
        done = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=True)
        told = json.loads(done.stdout)
        print(f"{told.pop('cells'):>9,} cells, {told.pop('megabytes'):,.0f} MB:", end=" ")
        print(", ".join(f"{name} {seconds:.2f} s" for name, seconds in told.items()))


if __name__ == "__main__":
    main()
