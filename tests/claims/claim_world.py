"""Claims so small that they run for real within a second or two, and a statistic that can be computed by hand."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
from scipy import stats

from fairforget.api import PluginSpec
from fairforget.claims.claim import Assumed, Claim, ScoresWanted, Site
from fairforget.claims.expectation import Expectation
from fairforget.claims.planned import plan_claim
from fairforget.claims.statistics.base import Statistic
from fairforget.claims.values import Effect
from fairforget.registry import Registry
from fairforget.study.load import parse_study

PLUGIN = Path(__file__).parents[1] / "faults" / "faultrig" / "world.py"
"""The task ``small`` and the method ``fragile``: a cell takes a hundredth of a second."""

STUDY = {
    "name": "by-hand",
    "task": "small",
    "samplers": ["random"],
    "draws": 4,
    "forget_size": 2,
    "methods": ["untouched", "fragile"],
    "seeds": 2,
    "budget": {"updates": 2},
    "optimizer": {"name": "adamw", "lr": 1.0e-2, "batch_size": 2},
    "engine": "inline",
}


@dataclass(frozen=True)
class Gap(Statistic):
    """Mean over forget sets of one row minus another, with Student's interval."""

    unit: ClassVar[str] = "forget sets"
    column: Annotated[str, "of the records"] = "forget_likelihood"
    first: Annotated[str, "label of a method"] = "fragile"
    second: Annotated[str, "label of a method"] = "untouched"
    noise: Annotated[float, "standard deviation of what is added"] = 0.0

    def estimate(self, evidence, rng):
        rows = {self.first: {}, self.second: {}}
        for record in evidence.only.records:
            if record.status == "ok":
                draws = rows[record.cell["method"]["label"]]
                draws.setdefault(record.cell["draw"]["index"], []).append(record.scores[self.column].value)
        first, second = ({i: np.mean(v) for i, v in rows[label].items()} for label in (self.first, self.second))
        gaps = np.array([first[i] - second[i] for i in sorted(first.keys() & second.keys())])
        gaps = gaps + self.noise * rng.standard_normal(len(gaps))
        if len(gaps) < 2:
            return Effect.unknown("fewer than two forget sets", len(gaps))
        low, high = stats.t.interval(0.95, len(gaps) - 1, gaps.mean(), stats.sem(gaps))
        return Effect(float(gaps.mean()), float(low), float(high), len(gaps), figure={"gaps": gaps.tolist()})


@dataclass(frozen=True)
class Fixed(Statistic):
    """The same whatever the evidence; by target where `by` says so."""

    unit: ClassVar[str] = "forget sets"
    value: float = 0.0
    half: float = 0.1
    n: int = 10
    by: dict[str, float] = field(default_factory=dict)

    def estimate(self, evidence, rng):
        del rng
        value = self.by.get(evidence.target, self.value)
        return Effect(value, value - self.half, value + self.half, self.n)


@dataclass(frozen=True)
class Crash(Statistic):
    """Falls over its evidence."""

    unit: ClassVar[str] = "samples"

    def estimate(self, evidence, rng):
        del rng
        return evidence.parts["no such part"]


@dataclass(frozen=True)
class Uniform(Statistic):
    """A number from the generator."""

    unit: ClassVar[str] = "forget sets"

    def estimate(self, evidence, rng):
        del evidence
        value = float(rng.random())
        return Effect(value, value - 1, value + 1, 5)


def registry() -> Registry:
    """Return what is installed, with the tiny task."""
    return Registry.discover([PLUGIN])


def site(target="one", part="", facts=None, **changes) -> Site:
    """Return a site of the tiny study, with other top-level keys."""
    return Site(target, part, parse_study(json.dumps({**STUDY, **changes})), facts or {})


def claim(name="tests/by-hand", sites=None, statistic=None, **changes) -> Claim:
    """Return a claim about two targets: that ascent raises completeness."""
    two = (site("one"), site("two", model={"seed": 1}))
    given = {
        "expect": Expectation(above=0.0, because="a test"),
        "controls": {},
        "assumed": Assumed(0.02, 0.02, "a guess"),
        **changes,
    }
    return Claim(name, two if sites is None else sites, statistic or Gap(), **given)


def scores(name, seeds=1, **options) -> ScoresWanted:
    """Return a difficulty that is wanted."""
    return ScoresWanted(PluginSpec(name, options), seeds)


def planned(*claims):
    """Return claims with their studies planned."""
    known = registry()
    return [plan_claim(one, known) for one in claims]
