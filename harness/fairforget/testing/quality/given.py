"""Item scores that a test has measured itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

from fairforget.errors import FairforgetError
from fairforget.testing.quality.values import Column, Scores


def scores_given(
    name: str,
    scores: Mapping[str, Mapping[str, float]],
    *,
    benchmark: Mapping[str, str],
    better: Literal["higher", "lower"],
) -> Scores:
    """Return what a test has measured: group of items -> item -> value.

    Raises:
        FairforgetError: a value is no number, a group is empty, or ``better`` is something else.
    """
    if better not in {"higher", "lower"}:
        msg = f"{name}: better={better!r}; say better='higher' or better='lower'"
        raise FairforgetError(msg)
    sign = 1.0 if better == "higher" else -1.0
    items = {
        str(group): {str(i): sign * _finite(name, i, v) for i, v in found.items()} for group, found in scores.items()
    }
    if empty := [group for group, found in items.items() if not found]:
        msg = f"{name}: no items in {', '.join(empty)}"
        raise FairforgetError(msg)
    values = {group: math.fsum(found.values()) / len(found) for group, found in items.items()}
    role = "score" if sign > 0 else "-score"  # what is judged: higher is better
    columns = {role: Column(role, "items", values, items)}
    return Scores(name, {"better": better}, dict(benchmark), columns, {"groups": sorted(items)})


def _finite(name: str, item: str, value: Any) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value):
        msg = f"{name}: item {item} has the value {value!r}, which is no number"
        raise FairforgetError(msg)
    return float(value)
