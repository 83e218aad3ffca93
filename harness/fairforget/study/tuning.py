"""What a study file says of tuning."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from fairforget.study.part import Count, Part, Positive, as_tuple


def _rising(value: Any) -> Any:
    if isinstance(value, tuple) and not value[0] < value[1]:
        msg = f"must be [low, high] with low < high, not [{value[0]:g}, {value[1]:g}]"
        raise ValueError(msg)
    return value


Range = Annotated[tuple[Positive, Positive] | Literal[False] | None, BeforeValidator(as_tuple), AfterValidator(_rising)]


class Tuning(Part):
    """How the options of methods are searched before anything is evaluated."""

    trials: Count = 8
    """Trials of every row of the board (a method under a curriculum); the first is the row as the study gives it."""
    draws: Annotated[int, Field(ge=1, le=1_000)] = 2
    """Forget sets of every trial, of groups that no other forget set of the study has."""
    reserve: bool = False
    """Set their groups apart before the study draws its own forget sets, which then are others than without tuning; \
false = take them from what those leave of the pool."""
    lr: Range = None
    """Learning rates to try, `[low, high]`, on a logarithmic scale; null = a tenth of the row's own to ten times it; \
false = the learning rate is not searched."""
    objective: Literal["score", "mean"] = "score"
    """What is made large, as a mean over the draws: ``score``, by which boards rank (the harmonic mean of \
completeness and utility, or with `budget.completeness` the utility there), or ``mean``, the arithmetic mean."""
    batch: Annotated[int, Field(ge=1, le=1_000)] = 4
    """Trials chosen together, before the result of any is known: more keep more workers busy, fewer learn more from \
those before."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Of the search and of the forget sets that it draws."""
    untuned: bool = False
    """Evaluate every row as the study gives it too, beside the tuned one."""
