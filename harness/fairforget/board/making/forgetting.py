"""After how many updates samples are forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np

from fairforget.board.grouping import Place
from fairforget.board.loose import mapping, number
from fairforget.board.making.matched import quantiles
from fairforget.board.way import Forgetting
from fairforget.stats.survival import kaplan_meier
from fairforget.store.record import Record


def forgetting_of(
    cells: Mapping[Place, Record], expected: Mapping[str, Sequence[Place]], weights: Mapping[str, float]
) -> dict[str, Forgetting]:
    """Return the curves of a row by stratum, and of the strata that count together under an empty label.

    A sample that its run did not forget is censored at the last look. A failed cell counts up to where it came.
    """
    if not any("forgetting" in record.extra for record in cells.values()):
        return {}
    groups = {**expected, "": list(chain.from_iterable(expected.get(label, ()) for label in weights))}
    made = {label: _curve(cells, places) for label, places in groups.items()}
    return {label: curve for label, curve in made.items() if curve is not None}


def _curve(cells: Mapping[Place, Record], places: Sequence[Place]) -> Forgetting | None:
    times: list[float] = []
    seen: list[bool] = []
    clusters: list[object] = []
    caps = []
    for place in places:
        found = mapping(cells[place].extra.get("forgetting")) if place in cells else {}
        cap = number(found.get("cap"))
        if cap is None:
            continue
        caps.append(cap)
        for updates in mapping(found.get("updates")).values():
            at = number(updates)
            times.append(cap if at is None else at)
            seen.append(at is not None)
            clusters.append(place[0])
    if not times:
        return None
    curve = kaplan_meier(np.array(times), np.array(seen), clusters)
    steps = tuple((float(t), float(s)) for t, s in zip(curve.times, curve.share, strict=True))
    return Forgetting(curve.n, curve.observed, max(caps), quantiles(curve), steps)
