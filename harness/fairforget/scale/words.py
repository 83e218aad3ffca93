"""Numbers and tables as a page shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_PREFIXES: Final = ((1e21, "Z"), (1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))
_TIMES: Final = ((86_400 * 365.25, "years"), (86_400.0, "days"), (3_600.0, "h"), (60.0, "min"), (1.0, "s"))


def si(value: float, unit: str) -> str:
    """Return a number with two digits and the prefix of its size: ``1.2 TFLOP``; powers of ten, also for bytes."""
    if value <= 0:
        return f"0 {unit}"
    scale, prefix = next((pair for pair in _PREFIXES if _two(value / pair[0]) >= 1), _PREFIXES[-1])
    return f"{_shown(value / scale)} {prefix}{unit}"


def duration(seconds: float) -> str:
    """Return a time with two digits in the largest unit of which it is two or more: ``90 min``, ``3.5 h``."""
    scale, unit = next((pair for pair in _TIMES if _two(seconds / pair[0]) >= 2), _TIMES[-1])
    return f"{_shown(seconds / scale)} {unit}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; the first column stands left, the others right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _two(value: float) -> float:
    return float(f"{value:.2g}")


def _shown(value: float) -> str:
    rounded = _two(value)
    return f"{rounded:,.0f}" if rounded >= 10 else f"{rounded:.2g}"
