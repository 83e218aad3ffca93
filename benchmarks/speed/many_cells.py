"""What a study of very many trivial cells costs the harness: planning, a cell, memory, and going on when all is done.

    python benchmarks/speed/many_cells.py --cells 10000

runs a study of a task and a method that take no time (`trivial.py`) with `local`, and prints wall time of the plan, of
the run, and of the same command again; and the memory of all its processes when a tenth of the cells was done, and at
the end. Some minutes and 50 MB of disk for 10,000 cells.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TRIVIAL = Path(__file__).with_name("trivial.py")
STUDY = """
name: many
task: words
samplers: [random]
draws: {draws}
forget_size: 2
methods: [nothing]
seeds: {seeds}
budget: {{updates: 1}}
optimizer: {{name: adamw, lr: 1.0e-3, batch_size: 2}}
"""
DRAWS = 100
PAGE = os.sysconf("SC_PAGE_SIZE")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=10_000, help=f"a multiple of {DRAWS}")
    parser.add_argument("--engine", default="local")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="many-cells-") as scratch:
        folder = Path(scratch)
        (folder / "study.yaml").write_text(STUDY.format(draws=DRAWS, seeds=args.cells // DRAWS), encoding="utf-8")
        told = {"plan": timed(folder, args.engine, "--dry-run")[0]}
        told["run"], memory = timed(folder, args.engine)
        told["again"] = timed(folder, args.engine)[0]
    for name, seconds in told.items():
        print(f"{name:<6} {seconds:8.1f} s")
    print(f"a cell {1000 * told['run'] / args.cells:8.1f} ms of wall time")
    tenth = memory[len(memory) // 10] if memory else 0.0
    print(f"memory {tenth:8.0f} MB when a tenth of the time was over, {max(memory, default=0.0):.0f} MB at most")
    return 0


def timed(folder: Path, engine: str, *rest: str) -> tuple[float, list[float]]:
    """Run the study; return its seconds, and the megabytes of all its processes at every second."""
    command = [sys.executable, "-m", "fairforget", "run", str(folder / "study.yaml"), "--plugin", str(TRIVIAL)]
    command += ["--out", str(folder / "out"), "--engine", engine, *rest]
    settings = {**os.environ, "FAIRFORGET_CACHE": str(folder / "cache")}
    begin, seen = time.perf_counter(), []
    with subprocess.Popen(
        command, env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        while True:
            try:
                _, said = process.communicate(timeout=1.0)
                break
            except subprocess.TimeoutExpired:
                seen.append(sum(map(resident, family(process.pid))) / 1e6)
    if process.returncode:
        raise SystemExit(said)
    return time.perf_counter() - begin, seen


def family(pid: int) -> list[int]:
    """Return a process and all that it has started."""
    try:
        below = [pid for told in Path(f"/proc/{pid}/task").glob("*/children") for pid in told.read_text().split()]
    except OSError:
        return []
    return [pid, *(one for child in below for one in family(int(child)))]


def resident(pid: int) -> int:
    """Return the bytes of a process that lie in memory; 0 of one that has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE
    except (OSError, IndexError):
        return 0


if __name__ == "__main__":
    raise SystemExit(main())
