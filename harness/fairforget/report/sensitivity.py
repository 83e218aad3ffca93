"""How a score depends on the size of its noise and on the number of its draws (Fig. 5 of arXiv 2504.06658)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from fairforget.errors import FairforgetError
from fairforget.report.correlations import rank_correlation
from fairforget.run.scoring import Scoring
from fairforget.study.options import Built

SIGMA: Final = "sigma"
DRAWS: Final = ("draws", "max_forwards", "probes")
"""Options that say how many draws there are; the first that a difficulty has is varied."""
SIGMA_FACTORS: Final = (0.1, 0.3, 1.0, 3.0, 10.0)
DRAW_SHARES: Final = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
_NEXT: Final = 8
"""Numbers of draws that are tried one after the other where a difficulty takes not every one."""
_STOP: Final = "reliability"
_NEVER: Final = 1 - 1e-9


@dataclass(frozen=True, slots=True)
class Point:
    """The scores under one value of the option."""

    value: float
    mean: float | None
    """Mean score over the samples that have one; None where it failed."""
    correlation: float | None
    """Spearman with the scores that the report is about."""
    reliability: float | None
    forward_sequences: int
    gap: str | None = None
    """Why there are no scores."""
    own: bool = False
    """Whether these are the very scores that the report is about, and `correlation` None for it."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """Scores under several values of one option, all else as in the report."""

    option: str
    given: float
    """The value the report's scores have."""
    points: tuple[Point, ...]
    slope: float | None
    """Of log mean score on log sigma by least squares; None with fewer than two points, and for numbers of draws."""
    fixed: Mapping[str, Any]
    """Options that differ from the report's scores at every point."""


def sweeps_of(
    scoring: Scoring,
    built: Built,
    found: Mapping[str, Any],
    sigmas: Sequence[float] | None,
    draws: Sequence[int] | None,
    told: Callable[[str], None],
) -> tuple[Sweep, ...]:
    """Vary the size of the noise and the number of draws, where the difficulty has such options.

    Every point has draws of its own, so two points correlate no better than their reliabilities allow; but for the
    point with the options of the report, which is the report's scores.

    Args:
        scoring: the task and its target.
        built: the difficulty with the options of the report.
        found: its scores.
        sigmas: values of ``sigma``; None = 0.1, 0.3, 1, 3 and 10 times the difficulty's; empty = none.
        draws: numbers of draws; None = 1/16 … 1 of the difficulty's, each the next that it takes (pairs want an even
            number); empty = none. Where the difficulty stops at a reliability, here it does not.
        told: is told what is being computed.
    """
    options = built.to_json()["options"]
    sweeps = []
    if isinstance(options.get(SIGMA), int | float) and not isinstance(options[SIGMA], bool):
        given = float(options[SIGMA])
        wanted = [float(f"{given * f:.3g}") for f in SIGMA_FACTORS] if sigmas is None else list(sigmas)
        sweeps.append(_sweep(scoring, built, found, SIGMA, given, wanted, {}, told))
    # A score without draws may have an option of that name, and it means something else.
    random = found["stderr"] is not None
    option = next((name for name in DRAWS if random and isinstance(options.get(name), int)), None)
    if option is not None:
        given = options[option]
        counts = list(draws) if draws is not None else _counts(scoring, built, option, given)
        fixed = {_STOP: _NEVER} if isinstance(options.get(_STOP), float) else {}
        sweeps.append(_sweep(scoring, built, found, option, given, counts, fixed, told))
    return tuple(sweep for sweep in sweeps if sweep.points)


def _counts(scoring: Scoring, built: Built, option: str, given: int) -> list[int]:
    """Return the shares of `given` in whole numbers that the difficulty takes, or as they are where it takes none."""
    found = set()
    for least in {max(1, int(given * share)) for share in DRAW_SHARES}:
        near = range(least, min(given, least + _NEXT) + 1)
        found.add(next((count for count in near if _taken(scoring, built, {option: count})), least))
    return sorted(found)


def _taken(scoring: Scoring, built: Built, changed: Mapping[str, Any]) -> bool:
    try:
        _varied(scoring, built, changed)
    except FairforgetError:
        return False
    return True


def _varied(scoring: Scoring, built: Built, changed: Mapping[str, Any]) -> Built:
    described = built.to_json()
    return scoring.build(described["name"], {**described["options"], **changed})


def _sweep(
    scoring: Scoring,
    built: Built,
    found: Mapping[str, Any],
    option: str,
    given: float,
    values: Sequence[float],
    fixed: Mapping[str, Any],
    told: Callable[[str], None],
) -> Sweep:
    points = []
    for value in values:
        told(f"scoring the pool by {built.entry.name} with {option} {value:g}")
        points.append(_point(scoring, built, found, {**fixed, option: value}, value))
    return Sweep(option, given, tuple(points), _slope(points) if option == SIGMA else None, dict(fixed))


def _point(scoring: Scoring, built: Built, found: Mapping[str, Any], changed: Mapping[str, Any], value: float) -> Point:
    own = all(built.to_json()["options"].get(name) == wanted for name, wanted in changed.items())
    try:
        varied = scoring.score(_varied(scoring, built, changed))
    except FairforgetError as error:
        return Point(value, None, None, None, 0, " ".join(str(error).split()))
    here, there = (np.array(scores["values"], dtype=np.float64) for scores in (varied, found))
    mean = float(here[np.isfinite(here)].mean()) if np.isfinite(here).any() else None
    correlation = None if own else rank_correlation(here, there)
    cost = varied["ledger"]["forward_sequences"]
    return Point(value, mean, correlation, varied["reliability"], cost, own=own)


def _slope(points: Sequence[Point]) -> float | None:
    known = [(p.value, p.mean) for p in points if p.mean is not None and p.mean > 0 and p.value > 0]
    if len({value for value, _ in known}) < 2:
        return None
    x, y = np.log(np.array(known)).T
    return float(np.polyfit(x, y, 1)[0])
