"""The reference rows of two sides."""

from __future__ import annotations

import math
from collections.abc import Sequence

from fairforget.compare.identity import ROW, Identity
from fairforget.compare.labels import Labels
from fairforget.compare.measures import Measure
from fairforget.compare.pairing import Pair
from fairforget.compare.values import Control


def controls_of(pairs: Sequence[Pair], labels: Labels) -> tuple[Control, ...]:
    """Return in how many cells each reference row changed; they are no methods, so nothing is better or worse."""
    rows: dict[Identity, list[Pair]] = {}
    for pair in pairs:
        rows.setdefault(pair.identity[:ROW], []).append(pair)
    made = []
    for mine in rows.values():
        moved = [_moved(pair) for pair in mine]
        changed = [size for size in moved if size > 0]
        largest = max(changed, default=0.0)
        label = labels.row(mine[0].identity)
        made.append(Control(label, len(mine), len(changed), largest if math.isfinite(largest) else None))
    return tuple(sorted(made, key=lambda control: control.label))


def _moved(pair: Pair) -> float:
    """Return how far completeness or utility of a cell moved; infinity where only one side has it."""
    sizes = [0.0]
    for name in ("completeness", "utility"):
        before, after = Measure(name).of(pair.base), Measure(name).of(pair.head)
        if math.isnan(before) != math.isnan(after):
            return math.inf
        if not math.isnan(before) and before != after:
            sizes.append(abs(after - before))
    return max(sizes)
