"""What a claim expects of its effect, and the verdict that an interval gives."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from fairforget.claims.number import Number
from fairforget.claims.values import Effect, Verdict
from fairforget.study.part import Part


class Expectation(Part):
    """Where the effect lies if the claim is true. Exactly one of the three.

    An interval that lies wholly inside supports the claim, one that lies wholly outside contradicts it, and every other
    leaves it undecided. So at the border itself a 95 % interval gives a verdict, either way, in 5 % of all runs.
    """

    above: Number | None = None
    """The effect is larger than this."""
    below: Number | None = None
    """The effect is smaller than this."""
    within: tuple[Number, Number] | None = None
    """The effect lies between these two: an equivalence, which two one-sided tests decide."""
    because: Annotated[str, Field(min_length=1, max_length=500)]
    """Why the border lies there."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        given = [name for name in ("above", "below", "within") if getattr(self, name) is not None]
        if len(given) != 1:
            msg = f"needs exactly one of above, below and within, and has {', '.join(given) or 'none'}"
            raise ValueError(msg)
        if self.within is not None and self.within[0] >= self.within[1]:
            msg = f"within: the first number is to be smaller than the second, and {self.within[0]} is not"
            raise ValueError(msg)
        return self

    @property
    def borders(self) -> tuple[float, ...]:
        """The numbers at which a verdict turns."""
        return tuple(one for one in (self.above, self.below, *(self.within or ())) if one is not None)

    def verdict(self, effect: Effect) -> Verdict:
        """Return what an effect says of the claim; undecided where it has no interval."""
        if not effect.known:
            return "undecided"
        low, high = self._span
        if effect.low > low and effect.high < high:
            return "supported"
        if effect.high < low or effect.low > high:
            return "contradicted"
        return "undecided"

    def distance(self, value: float) -> float:
        """Return how far a value is from the nearest border."""
        return min(abs(value - border) for border in self.borders)

    @property
    def _span(self) -> tuple[float, float]:
        if self.within is not None:
            return self.within
        return (
            float("-inf") if self.above is None else self.above,
            float("inf") if self.below is None else self.below,
        )
