"""How much sooner the cells of a study end with two processes than with one.

    python benchmarks/speed/side_by_side.py --pairs 3

makes the target and the scores of `quickstart` once, then runs its cells by `inline` and by `local:2` in turns, each
time in a new folder with a copy of that cache, and prints seconds and their ratio. Counted is what lies between the
first word of cells to run and the last cell's end, the start of the processes included; making the target, the scores
and the board is not. Every run has to give the same numbers, but for the rounding that the number of threads decides.
A pair takes some three minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path

NOISE = 1e-3
"""Between columns of one cell; they lie between 0 and 1."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--study", default="quickstart")
    parser.add_argument("--engines", nargs=2, default=["inline", "local:2"], metavar="ENGINE")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a key of the study")
    args = parser.parse_args()
    sets = [part for setting in args.set for part in ("--set", setting)]
    one, other = args.engines
    taken: dict[str, list[float]] = {one: [], other: []}
    with tempfile.TemporaryDirectory(prefix="side-by-side-") as scratch:
        made = Path(scratch, "made")
        run(args.study, "inline", Path(scratch, "first"), made, *sets, "--set", "methods=[untouched]")
        scores = []
        for pair in range(args.pairs):
            for engine in (one, other) if pair % 2 == 0 else (other, one):
                place = Path(scratch, f"{pair}-{len(scores) % 2}")
                shutil.copytree(made, place / "cache")
                taken[engine].append(run(args.study, engine, place / "run", place / "cache", *sets))
                scores.append(scored(place / "run"))
                shutil.rmtree(place)
            ratio = taken[other][-1] / taken[one][-1]
            print(f"{one} {taken[one][-1]:6.1f} s  {other} {taken[other][-1]:6.1f} s  ratio {ratio:.3f}", flush=True)
    if (worst := max(furthest(scores[0], found) for found in scores)) > NOISE:
        raise SystemExit(f"the engines do not give the same numbers: {worst} apart")
    ratios = [b / a for a, b in zip(taken[one], taken[other], strict=True)]
    print(f"{len(scores[0])} columns of cells at most {worst:.1e} apart; median ratio {statistics.median(ratios):.3f}")
    return 0


def run(study: str, engine: str, folder: Path, cache: Path, *rest: str) -> float:
    """Run a study; return the seconds that its cells took."""
    command = [sys.executable, "-m", "fairforget", "run", study, "--out", str(folder), "--engine", engine]
    settings = {**os.environ, "FAIRFORGET_CACHE": str(cache)}
    ended = subprocess.run(
        [*command, "--log", "json", *rest], env=settings, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise SystemExit(ended.stderr)
    events = [json.loads(line) for line in ended.stderr.splitlines() if line.startswith("{")]
    begin = [event["time"] for event in events if event["event"] == "cells"][-1]
    end = [event["time"] for event in events if event["event"] == "cell-finished"][-1]
    return (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()


def scored(folder: Path) -> dict[str, float]:
    """Return every column of every cell that a board averages."""
    found = {}
    for file in sorted((folder / "cells").glob("*.json")):
        for name, column in json.loads(file.read_bytes())["scores"].items():
            if column["average"]:
                found[f"{file.stem} {name}"] = column["value"]
    return found


def furthest(one: dict[str, float], other: dict[str, float]) -> float:
    """Return the largest difference of a column; infinite where they have not the same cells and columns."""
    return max(abs(one[name] - other[name]) for name in one) if one.keys() == other.keys() else math.inf


if __name__ == "__main__":
    sys.exit(main())
