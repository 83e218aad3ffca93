"""From rounds to a verdict: ratios of head to base, with an interval and a threshold."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

WALL_MARGIN = 1.0
"""Time on the clock depends on what else the machine does: only what makes it twice as long is waiting of ours."""

Word = Literal["slower", "faster", "as fast", "new", "failed"]


@dataclass(frozen=True, slots=True)
class Ratio:
    """Head over base, each beside its control: the median of the rounds, with its interval."""

    median: float
    low: float
    high: float
    rounds: int


@dataclass(frozen=True, slots=True)
class Judged:
    """One benchmark."""

    name: str
    word: Word
    ratio: Ratio | None = None
    """Of processor time; None where one of the versions was not measured."""
    wall: Ratio | None = None
    threshold: float = math.nan
    """The interval has to lie beyond it."""
    milliseconds: float = math.nan
    """Processor time of a round of the head."""

    @property
    def suspect(self) -> bool:
        """Whether the median is beyond the threshold, sure or not: worth a second look."""
        if self.ratio is None or self.wall is None:
            return False
        return self.ratio.median > self.threshold or self.wall.median > max(1 + WALL_MARGIN, self.threshold)


def ratio_of(head: Sequence[float], base: Sequence[float]) -> Ratio:
    """Return the median ratio of paired rounds with its exact interval, of at least 95 % for rounds that are alike.

    The interval lies between two order statistics: the k-th of n from below and from above, k the greatest with
    ``P(Binomial(n, 1/2) < k) ≤ 2.5 %``. It wants nothing of the distribution but that the rounds are independent.

    Args:
        head: a value a round.
        base: of the same rounds.

    Raises:
        ValueError: fewer than six rounds, for which there is no such interval, or the two are not paired.
    """
    if len(head) != len(base):
        msg = f"{len(head)} rounds cannot be paired with {len(base)}"
        raise ValueError(msg)
    found = sorted(h / b for h, b in zip(head, base, strict=True))
    k = order_statistic(len(found))
    return Ratio(statistics.median(found), found[k - 1], found[-k], len(found))


def order_statistic(n: int) -> int:
    """Return which order statistics of `n` bound the median with at least 95 %.

    Raises:
        ValueError: `n` is below six.
    """
    below, k = 0, 0
    while (below + math.comb(n, k)) / 2**n <= 0.025:
        below += math.comb(n, k)
        k += 1
    if k == 0:
        msg = f"{n} rounds have no interval of 95 %; measure at least six"
        raise ValueError(msg)
    return k


def noise(rounds: Sequence[float]) -> float:
    """Return the standard error of the ratio of two medians of rounds that scatter like these, as a share.

    From the median absolute deviation of their logarithms, so that a single round that was disturbed does not count;
    the median of n values scatters √(π/2) times as much as their mean.
    """
    logs = [math.log(value) for value in rounds]
    middle = statistics.median(logs)
    deviation = 1.4826 * statistics.median(abs(value - middle) for value in logs)
    return math.sqrt(math.pi / 2) * deviation * math.sqrt(2 / len(logs))


def judge(name: str, base: Mapping[str, Any] | None, head: Mapping[str, Any] | None) -> Judged:
    """Return the verdict on one benchmark.

    It is slower where the whole interval of head/base lies beyond the threshold, 1 + the greater of the benchmark's
    margin and twice the noise of the base's own rounds in this very job.

    Args:
        name: of the benchmark.
        base: its rounds: ``data`` and ``control``, processor seconds, and ``wall``, seconds; None = it could not run.
        head: likewise, and ``margin``.
    """
    if head is None:
        return Judged(name, "failed")
    milliseconds = 1000 * statistics.median(head["data"])
    if base is None:
        return Judged(name, "new", milliseconds=milliseconds)
    paired = min(len(base["data"]), len(head["data"]))
    beside = {
        tree: [d / c for d, c in zip(found["data"][:paired], found["control"][:paired], strict=True)]
        for tree, found in (("base", base), ("head", head))
    }
    ratio = ratio_of(beside["head"], beside["base"])
    wall = ratio_of(head["wall"][:paired], base["wall"][:paired])
    margin = max(float(head["margin"]), 2 * noise(beside["base"]))
    slower = ratio.low > 1 + margin or wall.low > 1 + max(WALL_MARGIN, margin)
    word: Word = "slower" if slower else "faster" if ratio.high < 1 / (1 + margin) else "as fast"
    return Judged(name, word, ratio, wall, 1 + margin, milliseconds)
