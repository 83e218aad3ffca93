"""A registry of plugins made for these tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pytest
from pydantic import Field

from fairforget.api import (
    Corpus,
    Curriculum,
    Difficulty,
    Engine,
    Method,
    Metric,
    MetricUse,
    PluginSpec,
    Pool,
    Sample,
    Sampler,
    Scratch,
    TargetRecipe,
    Task,
)
from fairforget.kinds import Registered
from fairforget.names import find


@dataclass(frozen=True)
class Sleepy(Method):
    """A method with options of many types."""

    beta: Annotated[float, "inverse temperature", Field(gt=0)] = 0.1
    reduction: Annotated[Literal["sum", "mean"], "how tokens are put together"] = "sum"
    layers: Sequence[int] = (1, 2)
    weights: Annotated[Mapping[str, float], Field(description="by module")] = field(default_factory=dict)
    folder: Path | None = None
    steps: int | None = None

    def unlearn(self, run):
        """Do nothing."""


@dataclass(frozen=True)
class Ascent(Method):
    uses_retain: ClassVar[bool] = False

    def unlearn(self, run):
        """Do nothing."""


@dataclass(frozen=True)
class Untouched(Ascent):
    reference: ClassVar[Any] = "untouched"


@dataclass(frozen=True)
class Oracle(Ascent):
    reference: ClassVar[Any] = "oracle"


@dataclass(frozen=True)
class Greedy(Method):
    """Has an option that is a key of the study file."""

    draws: int = 3

    def unlearn(self, run):
        """Do nothing."""


@dataclass(frozen=True)
class Random(Sampler):
    with_replacement: bool = False

    @property
    def strata(self):
        return ("random",)

    def draw(self, pool: Pool, stratum, size, rng):
        units = pool.units()
        chosen = []
        for i in rng.permutation(len(units)):
            if len(chosen) + len(units[i]) <= size:
                chosen += [pool.samples[j].id for j in units[i]]
        return chosen


@dataclass(frozen=True)
class Binned(Random):
    by: Annotated[str | Mapping[str, Any], "the difficulty"] = "mrd"
    bins: Annotated[int, Field(ge=2)] = 3

    @property
    def strata(self):
        return tuple(f"bin-{i}" for i in range(self.bins))

    def needs(self):
        if isinstance(self.by, str):
            return (PluginSpec(self.by),)
        return (PluginSpec(self.by["name"], {k: v for k, v in self.by.items() if k != "name"}),)


@dataclass(frozen=True)
class Mrd(Difficulty):
    higher_is = "easier"
    sigma: Annotated[float, Field(gt=0)] = 1e-3

    def score(self, model, samples, rng):
        return np.zeros(len(samples))


@dataclass(frozen=True)
class Uniform(Curriculum):
    """The uniform order."""


@dataclass(frozen=True)
class Weighted(Curriculum):
    by: str = "mrd"
    refresh: int = 1

    def difficulty(self):
        return PluginSpec(self.by)


@dataclass(frozen=True)
class Probability(Metric):
    higher_is = "more memory"
    scope: Literal["answer", "full"] = "answer"

    def measure(self, subject):
        raise NotImplementedError


@dataclass(frozen=True)
class People(Task):
    version: ClassVar[int] = 3
    split: str = "forget10"
    data: Path | None = None
    groups: int = 5

    def corpus(self):
        people = [Sample(f"{g}-{i}", "q", f"a{g}{i}", group=str(g)) for g in range(self.groups) for i in range(4)]
        return Corpus(pool=tuple(people), retain=())

    def target(self):
        return TargetRecipe(Scratch({"model_type": "llama"}), None)

    def metrics(self):
        return (
            MetricUse("forget_probability", PluginSpec("probability"), "forget", "completeness", complement=True),
            MetricUse("retain_probability", PluginSpec("probability", {"scope": "full"}), "retain", "utility"),
        )


@dataclass(frozen=True)
class Inline(Engine):
    workers: int = 1

    def open(self):
        raise NotImplementedError


class Registry:
    """Finds what it was given, by the rules of the real one."""

    def __init__(self):
        self.classes: dict[Registered, type] = {}

    def add(self, kind, name, cls, dist="fairforget", version="0.1.0"):
        entry = Registered(kind, name, dist, version, f"{cls.__module__}:{cls.__qualname__}", "", f"{dist}:tests")
        self.classes[entry] = cls
        return self

    def entries(self, kind=None):
        return [entry for entry in self.classes if kind in {None, entry.kind}]

    def find(self, kind, name):
        return find(list(self.classes), kind, name)

    def load(self, entry):
        return self.classes[entry]


@pytest.fixture
def registry():
    found = Registry()
    for kind, name, cls in (
        ("method", "sleepy", Sleepy),
        ("method", "ascent", Ascent),
        ("method", "untouched", Untouched),
        ("method", "oracle", Oracle),
        ("method", "greedy", Greedy),
        ("sampler", "random", Random),
        ("sampler", "binned", Binned),
        ("difficulty", "mrd", Mrd),
        ("curriculum", "uniform", Uniform),
        ("curriculum", "weighted", Weighted),
        ("metric", "probability", Probability),
        ("task", "people", People),
        ("engine", "local", Inline),
    ):
        found.add(kind, name, cls)
    return found


STUDY = """\
name: small
task: people
forget_size: 8
draws: 3
methods:
  - untouched
  - sleepy
  - ascent
budget:
  epochs: 2
optimizer: {lr: 1e-5, batch_size: 4}
"""


@pytest.fixture
def study_text():
    return STUDY
