"""A claim, opened: whatever it names exists and fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fairforget.api import PluginSpec
    from fairforget.claims.expectation import Expectation
    from fairforget.claims.statistics.base import Statistic
    from fairforget.study.load import StudyFile


@dataclass(frozen=True, slots=True)
class ScoresWanted:
    """A difficulty that is scored over the pool of every target and part."""

    difficulty: PluginSpec
    seeds: int = 1
    """Score sets: one a seed, 0, 1, …"""


@dataclass(frozen=True, slots=True)
class Site:
    """Where a claim is measured: one target under one variation, which is one study in one folder."""

    target: str
    part: str
    """Empty where the claim has none."""
    study: StudyFile
    """With the settings of target and part in it."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Of the part, see `fairforget.claims.values.Part`."""

    @property
    def name(self) -> str:
        """``target`` or ``target.part``; the name of its folder."""
        return f"{self.target}.{self.part}" if self.part else self.target


@dataclass(frozen=True, slots=True)
class Assumed:
    """What is taken for granted before a run, to say what it can show."""

    effect: float
    spread: float
    """Standard deviation of the effect between independent units."""
    because: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """What is run and judged of a claim; its texts stand in its file."""

    name: str
    """Canonical, ``distribution/name``; the path of a file."""
    sites: tuple[Site, ...]
    """In the order of the file: target by target, part by part."""
    statistic: Statistic
    expect: Expectation
    controls: Mapping[str, Statistic]
    scores: tuple[ScoresWanted, ...] = ()
    cells: bool = True
    """Whether the cells of its studies are evidence."""
    assumed: Assumed | None = None

    @property
    def targets(self) -> tuple[str, ...]:
        """Names, each once."""
        return tuple(dict.fromkeys(site.target for site in self.sites))
