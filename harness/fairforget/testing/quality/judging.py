"""From paired item scores to a verdict.

Two 95 % t-intervals of the mean change are made, and a verdict has to hold in both:

- over forget sets, from the change of each: how far another forget set would show the same. It is the interval of
  boards (docs/explanation/statistics.md), corrected for forget sets that share samples.
- over items, from the change of each, averaged over the forget sets and columns that have it: how far other questions
  would show the same. With few forget sets, changes that happen to be alike have no spread, and the first interval
  is then too short; the second one knows that a handful of questions moved.

Both speak for the task, the target and the seeds of the benchmark, and for no others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from fairforget.errors import FairforgetError
from fairforget.stats.intervals import FEWEST_DRAWS
from fairforget.stats.strata import standardised_mean
from fairforget.testing.quality.values import Column, Judgement, Scores, Verdict

_SHOWN: Final = 5
Pairs = Sequence[tuple[Column, Column]]
"""Columns of the baseline and the same ones now."""


def judge(base: Scores, head: Scores, margin: float) -> list[Judgement]:
    """Return the verdict on every role.

    Each is judged by itself. Where a role lost exactly the margin, it is called worse with a probability of at most
    2.5 %; where nothing is lost but digits, a verdict is wrong about never.

    Args:
        base: the baseline.
        head: the same draws, columns and items, measured now.
        margin: a loss that matters, more than 0, in units of the columns.

    Raises:
        FairforgetError: the margin is no margin, or there are fewer than three draws.
    """
    if not 0 < margin < float("inf"):
        msg = f"margin={margin}: say which loss matters, a number above 0, for example 0.02"
        raise FairforgetError(msg)
    if few := [f"{s} has {len(draws)}" for s, draws in head.strata.items() if len(draws) < FEWEST_DRAWS]:
        msg = (
            f"{head.name}: with fewer than {FEWEST_DRAWS} forget sets nothing can be told ({', '.join(few)}); draw more"
        )
        raise FairforgetError(msg)
    return [_judged(base, head, role, margin) for role in head.roles]


def same(scores: Scores, margin: float) -> list[Judgement]:
    """Return the verdict where no bit differs: nothing was left to chance, so nothing is tested."""
    found = []
    for role in scores.roles:
        columns = [column for column in scores.columns.values() if column.role == role]
        mean = float(np.mean([part.mean() for part in _by_stratum(columns, scores)]))
        found.append(Judgement(scores.name, role, "same", margin, mean, mean))
    return found


def _judged(base: Scores, head: Scores, role: str, margin: float) -> Judgement:
    names = [name for name, column in head.columns.items() if column.role == role]
    pairs = [(base.columns[name], head.columns[name]) for name in names]
    named = zip(names, pairs, strict=True)
    before, after = (_by_stratum([pair[side] for pair in pairs], head) for side in (0, 1))
    changes = [b - a for a, b in zip(before, after, strict=True)]
    weights = [1.0] * len(changes)
    over_draws = standardised_mean(changes, weights, overlap=[head.overlap.get(s, 0.0) for s in head.strata])
    if over_draws is None or over_draws.low is None or over_draws.half_width is None:
        msg = f"{head.name}: all forget sets are one set, and one tells nothing; draw others"
        raise FairforgetError(msg)
    half = max(over_draws.half_width, half_of_items(pairs))
    low, high = over_draws.mean - half, over_draws.mean + half
    mean_before = float(np.mean([part.mean() for part in before]))
    by_item = _by_item(pairs)
    return Judgement(
        name=head.name,
        role=role,
        verdict=_verdict(low, high, margin),
        margin=margin,
        base=mean_before,
        head=mean_before + over_draws.mean,
        low=low,
        high=high,
        draws=over_draws.n,
        items=sum(len(found) for found in by_item.values()),
        columns={n: _mean(now.values, head) - _mean(then.values, head) for n, (then, now) in named},
        worst=_worst(pairs),
    )


def _verdict(low: float, high: float, margin: float) -> Verdict:
    if high < -margin:
        return "worse"
    if low > margin:
        return "better"
    return "not worse" if low > -margin else "cannot tell"


def _by_stratum(columns: Sequence[Column], scores: Scores) -> list[np.ndarray]:
    """Return the mean of columns on every draw, an array a stratum."""
    return [
        np.array([np.mean([column.values[d] for column in columns]) for d in draws]) for draws in scores.strata.values()
    ]


def _mean(values: Mapping[str, float], scores: Scores) -> float:
    return float(np.mean([np.mean([values[d] for d in draws]) for draws in scores.strata.values()]))


def _by_item(pairs: Pairs) -> dict[str, dict[str, float]]:
    """Return set of items -> item -> its mean change over the columns and draws that have it."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for before, after in pairs:
        if after.averaged:
            for draw, items in after.items.items():
                for item, value in items.items():
                    found[after.on][item].append(value - before.items[draw][item])
    return {on: {item: float(np.mean(v)) for item, v in items.items()} for on, items in found.items()}


def half_of_items(pairs: Pairs) -> float:
    """Return half the 95 % t-interval over items of the mean change; 0 where no column is a mean of items.

    A set of items weighs as many columns as are measured on it; columns that are no means of items count as known
    without error, so that nothing is made up for them. Degrees of freedom by Welch and Satterthwaite.
    """
    by_item = {on: np.array(list(changes.values())) for on, changes in _by_item(pairs).items()}
    parts = {on: changes for on, changes in by_item.items() if len(changes) >= FEWEST_DRAWS}
    if not parts:
        return 0.0
    weights = [float(sum(after.averaged and after.on == on for _, after in pairs)) for on in parts]
    found = standardised_mean(list(parts.values()), weights)
    if found is None or found.half_width is None:
        return 0.0
    return found.half_width * sum(weights) / len(pairs)


def _worst(pairs: Pairs) -> list[tuple[str, float]]:
    """Return what lost most, on one draw each."""
    found: dict[str, list[float]] = defaultdict(list)
    for before, after in pairs:
        if after.averaged:
            for draw, items in after.items.items():
                for item, value in items.items():
                    found[f"{item} ({draw})"].append(value - before.items[draw][item])
    lost = sorted((float(np.mean(v)), label) for label, v in found.items())
    return [(label, change) for change, label in lost[:_SHOWN] if change < 0]
