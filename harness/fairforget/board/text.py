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


def number(value: float | None, size: float | None = None) -> str:
    """Return a figure with three decimals, with more where all of it is small, with three digits where it is huge.

    Args:
        value: the figure; None for one that is not there.
        size: what decides how many decimals there are, where several figures should have the same; else the value.
    """
    if value is None or not math.isfinite(value):
        return "–"
    scale = abs(value if size is None else size)
    if scale >= 10_000:
        return f"{value:.3g}"
    if scale >= 0.01 or scale < 1e-12:
        return f"{value:.3f}"
    return f"{value:.{2 - math.floor(math.log10(scale))}f}"


def figure(estimate: Estimate | None, usual: int | None = None) -> str:
    """Return ``0.812 ± 0.022``, the mean with its `aside`."""
    if estimate is None:
        return "–"
    beside = aside(estimate, usual)
    return f"{mean(estimate)} {beside}" if beside else mean(estimate)


def mean(estimate: Estimate) -> str:
    """Return the mean, with as many decimals as its interval."""
    return number(estimate.mean, _size(estimate))


def aside(estimate: Estimate, usual: int | None = None) -> str:
    """Return ``± 0.022``, half the 95 % interval.

    Args:
        estimate: a mean over draws.
        usual: the number of draws that stands at the head of the column; another one is written out, and so is a
            missing interval.
    """
    half = estimate.half_width
    spread = [] if half is None else [f"± {number(half, _size(estimate))}"]
    remarks = [] if estimate.n == usual else [f"n = {estimate.n}"]
    if half is None:
        remarks.append("no interval")
    return " ".join([*spread, *([f"({', '.join(remarks)})"] if remarks else [])])


def _size(estimate: Estimate) -> float:
    return max(abs(estimate.mean), estimate.half_width or 0.0)


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
