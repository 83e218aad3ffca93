"""How fast a study goes and what is left of it, from its files alone."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fairforget.run.progress import Estimate

if TYPE_CHECKING:
    from fairforget.store.present import Runner

_LATEST: Final = 50
"""Records that the rate is taken from."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What the records of a study tell of time."""

    last: float | None
    """When the last record was written: seconds since 1970, by the clock of the file system."""
    an_hour: float | None
    """Cells an hour, by the times of the last 50 records; None before there are two of different times."""
    work: float | None
    """Seconds of work in the cells that have no record, as the others of their kind took; None before the first."""
    known: float
    """Share of those cells whose kind has a record."""

    def left(self, runners: Sequence[Runner], remaining: int, now: float) -> float | None:
        """Return the seconds left if those at work go on; None where nobody is, or nothing is known.

        Args:
            runners: who is at work.
            remaining: cells without a record.
            now: seconds since 1970. Where clocks differ, what cells at work have done is wrong by so much.
        """
        slots = min(sum(runner.slots for runner in runners), remaining)
        if self.work is None or not slots:
            return None
        cells = [cell for runner in runners for cell in runner.cells]
        spent = [(max(0.0, now - (cell.since or now)), cell.expected_seconds or 0.0) for cell in cells]
        gone = sum(min(seconds, expected) for seconds, expected in spent)
        longest = max((expected - seconds for seconds, expected in spent), default=0.0)
        return max((self.work - gone) / slots, longest, 0.0)


def pace_of(planned: Mapping[str, str], seconds: Mapping[str, float], times: Sequence[float]) -> Pace:
    """Return the pace of a study.

    Args:
        planned: kind of each cell of the plan, by its key.
        seconds: of each cell that has a record, by its key.
        times: when the records were written, seconds since 1970, in any order.
    """
    estimate = Estimate(dict(Counter(planned.values())), 1)
    for key, spent in seconds.items():
        if key in planned:
            estimate.finish(planned[key], spent)
    last = sorted(time for time in times if math.isfinite(time))[-_LATEST:]
    span = last[-1] - last[0] if last else 0.0
    rate = (len(last) - 1) / span * 3600 if span > 0 else None
    return Pace(last[-1] if last else None, rate, estimate.seconds(), estimate.known)
