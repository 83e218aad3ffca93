"""Play many seeded cases: ``python tests/faults/soak.py --cases 2000``; prints what struck and what failed."""

from __future__ import annotations

import argparse
import itertools
import os
import queue
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "faultrig"))

from case import KINDS, Case, reference_of
from client import STUDIES, Server


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    """Play the cases; return 1 if one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first case")
    parser.add_argument("--side-by-side", type=int, default=os.cpu_count() or 1, help="cases at once")
    parser.add_argument("--kind", choices=list(KINDS), help="only cases with a disturbance of that kind")
    parser.add_argument("--keep", action="store_true", help="keep the folders of cases that failed")
    args = parser.parse_args()
    struck: Counter[str] = Counter()
    failed: list[str] = []
    played, begun = 0, time.monotonic()
    root = Path(tempfile.mkdtemp(prefix="faults-"))
    with ExitStack() as stack:
        servers: queue.SimpleQueue[Server] = queue.SimpleQueue()
        for _ in range(args.side_by_side):
            servers.put(stack.enter_context(Server()))
        first = servers.get()
        references = {study: reference_of(first, study, root / study) for study in STUDIES}
        servers.put(first)

        def play(seed: int) -> tuple[Case, Counter[str], str | None]:
            case, place, server = Case(seed), root / str(seed), servers.get()
            try:
                found, wrong = case.play(server, references, place), None
            except AssertionError:
                found, wrong = Counter(), traceback.format_exc()
            finally:
                servers.put(server)
            if wrong is None or not args.keep:
                shutil.rmtree(place, ignore_errors=True)
            return case, found, wrong

        with ThreadPoolExecutor(args.side_by_side) as threads:
            wanted = (seed for seed in itertools.count(args.first) if args.kind in {None, *Case(seed).kinds})
            for case, found, wrong in threads.map(play, itertools.islice(wanted, args.cases)):
                played += 1
                struck += found
                if wrong is not None:
                    failed.append(str(case))
                    say(f"FAILED {case}\n{wrong}")
                if played % 100 == 0:
                    say(f"{played} cases, {len(failed)} failed, {time.monotonic() - begun:.0f} s")
    say(f"{played} cases in {time.monotonic() - begun:.0f} s, {len(failed)} failed {failed or ''}")
    for kind in KINDS:
        say(f"{kind}: struck {struck[kind]} times")
    if not args.keep:
        shutil.rmtree(root, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
