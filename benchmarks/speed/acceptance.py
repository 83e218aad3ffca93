"""Does the gate do what it is for? Runs with a slowed update loop have to fail, runs with nothing changed to pass.

    python benchmarks/speed/acceptance.py --runs 10

checks the last commit out beside the repository, again as it is and again with an update loop that takes 30 % longer,
and runs the whole gate there. A slowed run is right where the update loop, and nothing else, is called slower. It
prints a line a run and takes about half an hour.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
TRAINER = Path("harness", "fairforget", "run", "updates", "trainer.py")
PATCH = """

def _slowed(update, share):
    import time

    def slow(self, loss, batch):
        begin = time.process_time()
        update(self, loss, batch)
        now = time.process_time()
        until = now + share * (now - begin)
        while time.process_time() < until:
            pass

    return slow


ModelTrainer.update = _slowed(ModelTrainer.update, {share})
"""


def gate(share: float, rest: list[str]) -> dict:
    """Run the gate on a checkout whose update loop takes `share` longer; return what it says."""
    with tempfile.TemporaryDirectory(prefix="speed-acceptance-") as scratch:
        head = Path(scratch, "head")
        git("clone", "--quiet", "--shared", str(ROOT), str(head))  # of which the repository knows nothing
        if share:
            with (head / TRAINER).open("a", encoding="utf-8") as file:
                file.write(PATCH.format(share=share))
        command = [sys.executable, "benchmarks/speed/gate.py", "HEAD", "--json", *rest]
        settings = {**os.environ, "PYTHONPATH": os.pathsep.join(str(head / d) for d in ("harness", "plugins"))}
        run = subprocess.run(command, cwd=head, env=settings, capture_output=True, text=True, check=False)
        if run.returncode not in {0, 1}:
            raise SystemExit(run.stderr)
        return json.loads(run.stdout)


def git(*arguments: str) -> None:
    subprocess.run(["git", "-C", str(ROOT), *arguments], check=True, capture_output=True)  # noqa: S607 - the user's git


def line(found: dict) -> str:
    (loop,) = [one for one in found["judged"] if "update_loop" in one["name"]]
    ratio = loop["ratio"]
    slower = [one["name"].rpartition("::")[2] for one in found["judged"] if one["word"] == "slower"]
    said = "passed" if found["passed"] else f"failed: {', '.join(slower) or 'not for speed'}"
    return f"{ratio['median']:.3f} [{ratio['low']:.3f}, {ratio['high']:.3f}]  {found['seconds']:5.0f} s  {said}"


def right(found: dict, *, slowed: bool) -> bool:
    slower = [one["name"] for one in found["judged"] if one["word"] == "slower"]
    if not slowed:
        return found["passed"]
    return not found["passed"] and len(slower) == 1 and "update_loop" in slower[0]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10, help="of each kind")
    parser.add_argument("--share", type=float, default=0.3, help="how much longer an update takes")
    chosen, rest = parser.parse_known_args()
    good = {"unchanged": 0, "slowed": 0}
    print("run  update loop    head/base                 time  gate", flush=True)
    for i in range(chosen.runs):
        for kind in good:
            found = gate(chosen.share if kind == "slowed" else 0.0, rest)
            good[kind] += right(found, slowed=kind == "slowed")
            print(f"{i + 1:>3}  {kind:<11}  {line(found)}", flush=True)
    print(f"unchanged: {good['unchanged']} of {chosen.runs} passed; slowed: {good['slowed']} of {chosen.runs} failed")
    return 0 if set(good.values()) == {chosen.runs} else 1


if __name__ == "__main__":
    sys.exit(main())
