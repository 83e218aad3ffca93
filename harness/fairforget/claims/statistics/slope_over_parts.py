"""How another statistic changes from part to part."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np

from fairforget.board.loose import number
from fairforget.claims.statistics.base import Statistic
from fairforget.claims.values import Effect, Evidence
from fairforget.stats.linear import slope_weights, weighted_sum
from fairforget.study.spec import parse_spec

FEWEST = 3
"""Parts: through two there is always a line."""


@dataclass(frozen=True, kw_only=True)
class SlopeOverParts(Statistic):
    """Least-squares slope of a statistic on the natural logarithm of a fact of the parts, such as ``parameters``.

    The statistic is told of every part by itself. The slope is a weighted sum of what it tells, and its interval
    follows from theirs (`fairforget.stats.linear`). It speaks for these parts and new forget sets: whether other
    models of the same sizes would do as these did, it does not know.

    Figure: ``parts`` (name, fact, value, low, high), ``inner`` (part -> the figure of the statistic there).
    """

    statistic: Annotated[Mapping[str, Any], "name and options of the statistic that is told of every part"]
    over: Annotated[str, "fact of the parts, a positive number"]

    unit: ClassVar[str] = "forget sets"

    def __post_init__(self) -> None:
        self._inner()

    def estimate(self, evidence: Evidence, rng: np.random.Generator) -> Effect:
        """Return the slope: the change of the statistic where the fact is e times as large."""
        inner = self._inner()
        facts = {name: number(part.facts.get(self.over)) for name, part in evidence.parts.items()}
        lacking = [name for name, fact in facts.items() if fact is None or fact <= 0]
        if lacking:
            return Effect.unknown(f"no positive number {self.over!r} among the facts of {', '.join(lacking)}")
        at = {name: math.log(fact) for name, fact in facts.items() if fact is not None}
        if len(set(at.values())) < FEWEST:
            return Effect.unknown(f"parts of {len(set(at.values()))} different {self.over}; {FEWEST} are needed")
        effects = {
            name: inner.estimate(Evidence(evidence.target, {"": part}), rng) for name, part in evidence.parts.items()
        }
        n, unit = sum(effect.n for effect in effects.values()), inner.unit
        unknown = [f"{name}: {effect.problem}" for name, effect in effects.items() if not effect.known]
        if unknown:
            return Effect.unknown("; ".join(unknown), n, unit)
        told = list(effects.values())
        value, low, high = weighted_sum(
            [e.value for e in told],
            [e.low for e in told],
            [e.high for e in told],
            slope_weights([at[n] for n in effects]),
        )
        return Effect(
            value,
            low,
            high,
            n,
            unit,
            problem="; ".join(f"{name}: {e.problem}" for name, e in effects.items() if e.problem) or None,
            figure={
                "parts": [
                    [name, math.exp(at[name]), e.value, _plain(e.low), _plain(e.high)] for name, e in effects.items()
                ],
                "inner": {name: dict(e.figure) for name, e in effects.items()},
            },
        )

    def _inner(self) -> Statistic:
        from fairforget.claims.open import statistic

        found = statistic(parse_spec(dict(self.statistic), what="statistic"))
        if isinstance(found, SlopeOverParts):
            msg = "statistic: a slope over parts is told of all parts, and not of one; name another statistic"
            raise ValueError(msg)  # noqa: TRY004 - the type is right, the choice is not
        return found


def _plain(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
