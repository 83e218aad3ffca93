"""What a gate says, for people and for programs."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

from fairforget.terminal import printable
from fairforget.testing.speed.gate import Outcome
from fairforget.testing.speed.verdict import Judged, Ratio

_HEADER = ("benchmark", "ms", "head/base", "95 % interval", "fails above", "clock", "")


def text(outcome: Outcome) -> str:
    """Return a table and what stands beside it."""
    rows = [_HEADER, *(_row(one) for one in outcome.judged)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEADER))]
    lines = [f"base {printable(outcome.base)}, head {printable(outcome.head)}; processor time beside a control", ""]
    for row in rows:
        first, *others = (cell.ljust(w) if i in {0, 6} else cell.rjust(w) for i, (cell, w) in _numbered(row, widths))
        lines.append("  ".join([first, *others]).rstrip())
    lines.append("")
    for version, said in outcome.complaints.items():
        lines += [f"Not every benchmark ran on the {version}. pytest said:", _indented(said), ""]
    if outcome.counts:
        lines += ["Counts are not the committed ones. pytest said:", _indented(outcome.counts), ""]
    lines.append(f"{_summary(outcome)} ({outcome.seconds:.0f} s)")
    return "\n".join(lines)


def to_json(outcome: Outcome) -> str:
    """Return everything; numbers that are not there are null."""
    found = {**asdict(outcome), "complaints": dict(outcome.complaints), "passed": outcome.passed}
    return json.dumps(_finite(found), indent=2)


def _row(one: Judged) -> tuple[str, ...]:
    name = printable(one.name.rpartition("::")[2])
    cost = "–" if math.isnan(one.milliseconds) else f"{one.milliseconds:.0f}"
    if one.ratio is None or one.wall is None:
        return name, cost, "–", "–", "–", "–", one.word
    return name, cost, f"{one.ratio.median:.3f}", _interval(one.ratio), f"{one.threshold:.2f}", _clock(one), one.word


def _clock(one: Judged) -> str:
    return "–" if one.wall is None else f"{one.wall.median:.2f}"


def _interval(ratio: Ratio) -> str:
    return f"{ratio.low:.3f} … {ratio.high:.3f}"


def _summary(outcome: Outcome) -> str:
    if outcome.passed and not outcome.judged:
        return "there is no benchmark"
    if outcome.passed:
        new = sum(one.word == "new" for one in outcome.judged)
        also = f"; {new} new, with nothing to compare" if new else ""
        return f"passed: nothing of {len(outcome.judged) - new} is slower{also}"
    slower = [printable(one.name) for one in outcome.judged if one.word == "slower"]
    reasons = [f"slower: {', '.join(slower)}"] if slower else []
    if "head" in outcome.complaints:
        reasons.append("benchmarks of the head do not run")
    if outcome.counts:
        reasons.append("counts changed")
    return f"FAILED: {'; '.join(reasons)}"


def _indented(said: str) -> str:
    return "\n".join(f"    {printable(line)}" for line in said.strip().splitlines()[-40:])


def _numbered(row: tuple[str, ...], widths: list[int]) -> list[tuple[int, tuple[str, int]]]:
    return list(enumerate(zip(row, widths, strict=True)))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
