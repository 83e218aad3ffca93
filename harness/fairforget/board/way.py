"""What a board knows of the way to the end, and of its price: values, as those of `fairforget.board.values`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fairforget.stats.intervals import Estimate


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Updates until a share is done, by Kaplan and Meier; None where so many never were."""

    quarter: float | None
    median: float | None
    low: float | None
    """Lower end of the 95 % interval of the median; None where there is no interval."""
    high: float | None
    """Upper end; None where the interval is open, or there is none."""
    three_quarters: float | None


@dataclass(frozen=True, slots=True)
class Matched:
    """How a row did where completeness reaches the goal of the budget. A cell that never got there is a failure."""

    goal: float
    cells: int
    """Cells that ran, failed ones included."""
    reached: int
    """Cells in which completeness reached the goal."""
    utility: Estimate | None
    """Utility there, over the forget sets of which every seed reached it."""
    columns: Mapping[str, Estimate | None]
    """The same for every column of utility."""
    updates: Quantiles | None
    """Updates to the goal; a cell that never reached it is censored at its last update."""
    best: float | None
    """Highest completeness in a cell that never reached the goal; None where all did."""


@dataclass(frozen=True, slots=True)
class Forgetting:
    """After how many updates samples were forgotten."""

    samples: int
    """Samples of all cells together."""
    forgotten: int
    cap: float
    """Update of the last look of any cell."""
    quantiles: Quantiles
    curve: tuple[tuple[float, float], ...]
    """Updates, and the share that is not forgotten after them."""


@dataclass(frozen=True, slots=True)
class Look:
    """The means of a row after some updates; a run that ended keeps what it delivered."""

    update: float
    forward_equivalents: float | None
    """Mean of what cells had paid by then."""
    completeness: Estimate | None
    utility: Estimate | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How a curriculum spread the updates over the samples of a forget set: means over cells."""

    samples: float
    """Samples of a forget set."""
    effective: float
    """Effective sample size of the weights, mean over epochs."""
    seen: float
    """Different samples that an update met."""
    fewest: float
    """Visits of the sample that was met least often."""
    most: float
    scorings: float
    """Times the samples were scored by difficulty."""
    undefined: float
    """Scores that are no numbers, a scoring."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one cell of a row takes: medians over its cells that went well."""

    updates: float
    forward_equivalents: float
    difficulty_share: float | None
    """Share of the forward-equivalents that went into difficulty scores; None where nothing was spent."""
    reference_share: float | None
    """Share that went into passes through the target as it was."""
    looks: float
    """Forward-equivalents of looking at the way, which the study pays and not the method."""
    seconds: float
    """Unlearning, difficulty and reference passes, without the evaluation."""
    cells: int
    declared: bool = False
    """Whether the numbers are what somebody declares, and nobody measured; then NaN is what was not declared."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """What was searched for a row before it ran."""

    trials: int
    forward_equivalents: float
    """What all trials spent, once for the row."""
    chosen: Mapping[str, Any]
    """The settings that were chosen."""
    given: float | None
    """What the objective was under the settings of the study, on the forget sets of tuning."""
    best: float | None
    """What it was under those that were chosen: the best of all trials, and so too good."""
