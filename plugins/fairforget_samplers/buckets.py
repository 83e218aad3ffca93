"""Placing units by a number that many of them share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fairforget.errors import FairforgetError

if TYPE_CHECKING:
    from fairforget.api import Pool


def places(values: np.ndarray) -> np.ndarray:
    """Return (n,) the share of known values below each, with half of those equal to it; NaN where there is none."""
    known = np.sort(values[np.isfinite(values)])
    below, upto = np.searchsorted(known, values, "left"), np.searchsorted(known, values, "right")
    return np.where(np.isfinite(values), (below + upto) / (2 * max(len(known), 1)), np.nan)


def attribute_values(pool: Pool, attribute: str, owner: str) -> np.ndarray:
    """Return (n,) a numeric attribute of the samples; NaN where a sample has none.

    Raises:
        FairforgetError: no sample has it as a number.
    """
    found = [sample.attributes.get(attribute) for sample in pool.samples]
    numbers = [float(v) if isinstance(v, int | float) and not isinstance(v, bool) else np.nan for v in found]
    if not np.isfinite(numbers).any():
        numeric = sorted(
            name
            for name in {name for sample in pool.samples for name in sample.attributes}
            if all(isinstance(s.attributes.get(name), int | float) for s in pool.samples)
        )
        raise FairforgetError(
            f"{owner}: no sample has a number as attribute {attribute!r}; this task has "
            f"{', '.join(numeric) or 'none that are numbers'}, or remove attribute to count by the difficulty in by"
        )
    return np.array(numbers)
