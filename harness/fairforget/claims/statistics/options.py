"""Options that statistics over forget sets have in common, and how they are told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fairforget.claims.statistics.cells import Only, Side
from fairforget.claims.statistics.left_out import LeftOut
from fairforget.claims.values import Effect
from fairforget.stats.intervals import FEWEST_DRAWS

First = Annotated[Side, "facets of the one side: part, sampler, stratum, method, curriculum"]
Second = Annotated[Side, "the same facets of the other side"]
Kept = Annotated[Only, "facet -> values to keep; all where it is not named"]
Of = Annotated[str, "completeness, worst-quartile, utility, log-updates, log-forward-equivalents, or a column"]


def why_not(left_out: LeftOut, sets: int, fewest: int = FEWEST_DRAWS, needs: str = "") -> Effect | None:
    """Return the unknown effect of too few forget sets; None where there are enough of them.

    Args:
        left_out: of all that was asked for.
        sets: forget sets that are left.
        fewest: that the statistic takes.
        needs: where values come from that cells may lack; said where none has one.
    """
    if sets < fewest:
        few = f"{sets} {left_out.unit} are too few; {fewest} are needed"
        why = _joined(few, left_out.text(), needs if left_out.valueless and not sets else None)
        return Effect.unknown(why, sets, left_out.unit)
    if left_out.too_many:
        return Effect.unknown(_joined("what is left does not speak for all", left_out.text()), sets, left_out.unit)
    return None


def no_pair(single: Sequence[str]) -> Effect:
    """Return the unknown effect of two sides that have no row in common."""
    rows = f"; on one side only: {', '.join(sorted(single)[:5])}" if single else ""
    return Effect.unknown(f"no row has cells on both sides{rows}")


def noted(left_out: LeftOut, single: Sequence[str] = ()) -> str | None:
    """Return what was left out of an effect, in words."""
    rows = f"on one side only, and not compared: {', '.join(sorted(single)[:5])}" if single else None
    return _joined(left_out.text(), rows) or None


def _joined(*texts: str | None) -> str:
    return "; ".join(text for text in texts if text)
