"""The parts of a plan: samplers, curricula and methods, built and named."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fairforget.api import Difficulty, MadeElsewhere, Metric
from fairforget.store.jsonable import jsonable
from fairforget.study.cell import canonical_json
from fairforget.study.option_types import options_of
from fairforget.study.options import Built
from fairforget.study.places import shortened
from fairforget.study.searches import Dimension


@dataclass(frozen=True, slots=True)
class PlannedSampler:
    """A sampler of a study."""

    built: Built
    strata: tuple[str, ...]
    needs: Mapping[str, Built]
    """Difficulties whose scores it wants, under the names that `fairforget.api.Pool.scores` has to use."""


@dataclass(frozen=True, slots=True)
class PlannedCurriculum:
    """A curriculum of a study."""

    built: Built
    label: str
    difficulty: Built | None
    """What it weighs by."""
    searched: tuple[Dimension, ...] = ()
    """What of its options tuning searches."""

    def to_json(self) -> dict[str, Any]:
        """Return the form it has in a cell."""
        difficulty = None if self.difficulty is None else with_contents(self.difficulty)
        return {**self.built.to_json(), "difficulty": difficulty, "label": self.label}


def with_contents(built: Built) -> dict[str, Any]:
    """Return a difficulty or metric as in a cell, with what lies at its paths: it changes scores as options do.

    ``paths`` names the options whose content ``depends_on`` says; they are no part of a key.
    """
    plugin = built.plugin
    if not isinstance(plugin, Difficulty | Metric):
        raise TypeError(built.entry.target)
    described = built.to_json()
    more, _ = jsonable(plugin.depends_on())
    covered = sorted(described["options"].keys() & more.keys())
    return {**described, **({"depends_on": more} if more else {}), **({"paths": covered} if covered else {})}


@dataclass(frozen=True, slots=True)
class PlannedMethod:
    """A method of a study, with what it is crossed with."""

    built: Built
    label: str
    """The name of its row on boards."""
    reference: Literal["untouched", "oracle"] | None
    sequences: int
    """Texts that an update runs through the model and back for each of its forget samples."""
    draws: int
    """Draws a stratum."""
    seeds: int
    curricula: tuple[PlannedCurriculum | None, ...]
    """None alone for a reference row, which has no order of samples."""
    optimizer: Mapping[str, Any]
    searched: tuple[Dimension, ...] = ()
    """What of its options tuning searches."""
    tuned: bool = False
    """Whether options and learning rate are those that tuning chose."""

    @property
    def elsewhere(self) -> bool:
        """Whether its models were made outside of the harness."""
        return isinstance(self.built.plugin, MadeElsewhere)

    def to_json(self) -> dict[str, Any]:
        """Return the form it has in a cell."""
        described = {**self.built.to_json(), "label": self.label, "reference": self.reference}
        return {**described, "tuned": True} if self.tuned else described


def labels(built: Sequence[Built], given: Sequence[str | None], beside: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the name of each row.

    It is the plugin's name, and where that stands more than once, the options that differ from their defaults with it.

    Args:
        built: the plugins, in their order.
        given: labels from the study file.
        beside: settings that are different for a row without being options of the plugin.
    """
    times = Counter(one.entry.canonical for one in built)
    bare = {name: {b.entry.canonical for b in built if b.entry.name == name} for name in {b.entry.name for b in built}}
    named = []
    for one, label, more in zip(built, given, beside, strict=True):
        name = one.entry.name if len(bare[one.entry.name]) == 1 else one.entry.canonical
        unusual = {**_unusual(one), **more} if times[one.entry.canonical] > 1 else {}
        settings = ", ".join(f"{key}={_value(value)}" for key, value in unusual.items())
        named.append(label or (f"{name} ({settings})" if settings else name))
    return named


def _unusual(built: Built) -> dict[str, Any]:
    """Return the options that have another value than their default."""
    options = options_of(type(built.plugin))
    described = built.to_json()["options"]
    return {name: value for name, value in described.items() if not _is_default(value, options[name].default)}


def _is_default(value: Any, default: Any) -> bool:
    try:
        return canonical_json(value) == canonical_json(default)
    except (TypeError, ValueError):
        # A required option has none, and a path is not JSON.
        return bool(str(default) == value)


def _value(value: Any) -> str:
    return value if isinstance(value, str) else shortened(json.dumps(value, ensure_ascii=False), 40)
