"""Numbers and strangers' words as text, the same on every page."""

from __future__ import annotations

import math

from fairforget.stats.intervals import Estimate
from fairforget.terminal import printable

_LONGEST = 80


def shown(text: object, most: int = _LONGEST) -> str:
    """Return text of others on one line, without characters that steer a terminal or the direction of reading.

    A longer text is cut, and says so. It is not escaped: that is the page's business.
    """
    # The cut comes first: nobody waits for ten megabytes to be cleaned.
    clean = " ".join(printable(str(text)[: 20 * most], keep="\n\t").split())
    if not clean:
        return "(no name)"
    return clean if len(clean) <= most else f"{clean[: most - 1]}…"


def number(value: float | None) -> str:
    """Return a figure with three decimals; a very large or small one with three digits."""
    if value is None or not math.isfinite(value):
        return "–"
    if value != 0 and not 0.0005 <= abs(value) < 10_000:
        return f"{value:.3g}"
    return f"{value:.3f}"


def figure(estimate: Estimate | None, usual: int | None = None) -> str:
    """Return ``0.812 ± 0.022``, the mean with its `aside`."""
    if estimate is None:
        return "–"
    beside = aside(estimate, usual)
    return f"{number(estimate.mean)} {beside}" if beside else number(estimate.mean)


def aside(estimate: Estimate, usual: int | None = None) -> str:
    """Return ``± 0.022``, half the 95 % interval.

    Args:
        estimate: a mean over draws.
        usual: the number of draws that stands at the head of the column; another one is written out, and so is a
            missing interval.
    """
    half = estimate.half_width
    spread = [] if half is None else [f"± {number(half)}"]
    remarks = [] if estimate.n == usual else [f"n = {estimate.n}"]
    if half is None:
        remarks.append("no interval")
    return " ".join([*spread, *([f"({', '.join(remarks)})"] if remarks else [])])


def count(value: float) -> str:
    """Return a count with separators: ``12,800``; halves, as medians have them, stay."""
    if not math.isfinite(value):
        return "–"
    if abs(value) >= 1e15:
        return f"{value:.3g}"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def seconds(value: float) -> str:
    """Return a length of time: ``0.82 s``, ``95 s``, ``12 min``."""
    if not math.isfinite(value):
        return "–"
    if value < 10:
        return f"{value:.2f} s"
    return f"{value:.0f} s" if value < 600 else f"{value / 60:,.0f} min"


def share(value: float | None) -> str:
    """Return a share in percent."""
    return "–" if value is None else f"{100 * value:.0f} %"


def probability(value: float | None) -> str:
    """Return a p-value."""
    if value is None:
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def plural(n: int, word: str) -> str:
    """Return ``1 cell``, ``2 cells``."""
    return f"{n:,} {word}" if n == 1 else f"{n:,} {word}s"


def listed(words: list[str]) -> str:
    """Return ``a, b and c``."""
    return ", ".join(words[:-1]) + (" and " if len(words) > 1 else "") + words[-1] if words else ""
