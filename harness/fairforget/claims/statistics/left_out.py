"""What a statistic could not use, counted and in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MOST_LEFT_OUT: Final = 0.1
"""Share of the forget sets beyond which there is no effect: a mean over those that happened to work is another one."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Forget sets, or samples of them, that a statistic was asked about and could not use."""

    sets: int
    asked: int
    """Sets in all."""
    failed: int = 0
    """Cells that failed."""
    valueless: int = 0
    """Cells that went well and have no value, as where the goal was never reached."""
    absent: int = 0
    """Cells that are not there."""
    spare: int = 0
    """Cells that stand for the same row, forget set and seed as another; they are not used."""
    unit: str = "forget sets"

    @property
    def too_many(self) -> bool:
        """Whether what is left speaks for too few of the sets."""
        return self.sets > MOST_LEFT_OUT * self.asked

    def __add__(self, other: LeftOut) -> LeftOut:
        """Return what is left out of two strata together."""
        return LeftOut(
            self.sets + other.sets,
            self.asked + other.asked,
            self.failed + other.failed,
            self.valueless + other.valueless,
            self.absent + other.absent,
            self.spare + other.spare,
            self.unit,
        )

    def text(self) -> str | None:
        """Return it in words; None where nothing was left out."""
        found = [
            f"{n} {'cell' if n == 1 else 'cells'} {why}"
            for n, why in (
                (self.failed, "failed"),
                (self.valueless, "without a value"),
                (self.absent, "not there"),
                (self.spare, "there twice"),
            )
            if n
        ]
        if not found and not self.sets:
            return None
        sets = f"{self.sets or 'none'} of {self.asked} {self.unit} left out"
        return f"{sets}: {', '.join(found)}" if found else sets
