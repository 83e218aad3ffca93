"""What a claim file may say.

The models are frozen and closed, as those of a study file: an unknown key or a wrong type is an error that names file,
line and key. The text under a field is its documentation, in ``docs/reference/claims.md`` too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    field_validator,
    model_validator,
)

from fairforget.api.spec import PluginSpec
from fairforget.claims.beside_file import BesideFile, Line, Text
from fairforget.claims.expectation import Expectation
from fairforget.claims.number import Number, Spread
from fairforget.study.part import Part
from fairforget.study.places import shown
from fairforget.study.spec import parse_spec

Family = Literal["selection", "difficulty", "forgotten"]
Settings = Annotated[dict[str, Any], Field(default_factory=dict, max_length=100)]
MOST_STUDIES: Final = 200
"""Targets times parts of a claim."""


def _statistic(value: Any) -> PluginSpec:
    return parse_spec(value, what="statistic")


def _study(value: Any) -> Any:
    if (isinstance(value, str) and value) or isinstance(value, Mapping):
        return value
    msg = f"must be a mapping as in a study file, ./FILE.yaml, or the name of a study, not {shown(value)}"
    raise ValueError(msg)


StatisticSpec = Annotated[PluginSpec, PlainValidator(_statistic), PlainSerializer(PluginSpec.to_json)]


class Source(Part):
    """Who claims it."""

    paper: Line
    """The paper, by an identifier that can be looked up: ``arXiv:2504.06658``, a DOI."""
    where: Line
    """Where in it: a section, a figure, a table."""


class Target(Part):
    """A target model that the claim is tested on."""

    set: Settings
    """Dotted keys of the study and what they are for this target, as in ``--set``: ``task.hidden_size: 64``."""


class Variation(Part):
    """A variation of the study within each target."""

    set: Settings
    """Dotted keys of the study and what they are in this part; applied after those of the target."""
    facts: Annotated[dict[str, Number], Field(default_factory=dict, max_length=100)]
    """Numbers of the part that the statistic may regress on: ``parameters``, ``forget_size``."""


class Scores(BaseModel):
    """A difficulty scored over the pool of each target and part. Besides these keys it has the difficulty's options."""

    model_config = ConfigDict(
        extra="allow", strict=True, frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    name: Line
    """Name of the difficulty, bare or ``distribution/name``."""
    seeds: Annotated[int, Field(ge=1, le=1_000)] = 1
    """Seeds of its draws: 0, 1, …; a set of scores each."""

    @model_validator(mode="before")
    @classmethod
    def _bare_name(cls, value: Any) -> Any:
        return parse_spec(value, what="difficulty").to_json()

    @property
    def spec(self) -> PluginSpec:
        """The difficulty with its own options."""
        return PluginSpec(self.name, dict(self.model_extra or {}))


class Control(Part):
    """The claim's statistic where there is nothing to find, or by which it could be fooled."""

    statistic: StatisticSpec
    """The statistic, on the same evidence; the claim is undecided where this meets the expectation too."""
    because: Text
    """Why it should not."""


class Assumed(Part):
    """What is assumed before the run, to tell how many units it needs."""

    effect: Number
    """The effect that is expected, in the unit of the statistic."""
    spread: Spread
    """Standard deviation between independent units, in the unit of the statistic."""
    because: Text
    """Where both are from: a pilot, the paper's table, a derivation."""


class Means(Part):
    """What each verdict means for someone who unlearns, in plain words."""

    supported: Text
    """Where the claim is supported."""
    contradicted: Text
    """Where it is contradicted."""
    undecided: Text
    """Where it is undecided."""


class ClaimFile(Part):
    """A claim: what is said, on what it is tested, and what would decide it."""

    title: Annotated[str, Field(min_length=1, max_length=120)]
    """The claim in a few words."""
    statement: Text
    """The claim in full, as precise as it is tested."""
    family: Family
    """What it is about: how forget sets are selected, how difficulty is measured, or what is forgotten."""
    source: Source
    """Who claims it."""
    study: Annotated[dict[str, Any] | str, PlainValidator(_study)]
    """The study: a mapping as in a [study file](study.md), ``./FILE.yaml`` beside the claim, or a study's name."""
    targets: Annotated[dict[str, Target], Field(min_length=1, max_length=50)]
    """The targets it is tested on, by name; the verdict is about their mean."""
    parts: Annotated[dict[str, Variation], Field(min_length=1, max_length=50)] | None = None
    """Variations within a target, by name, where the statistic compares them; null = the study as it is."""
    scores: Annotated[tuple[Scores, ...], Field(max_length=100)] = ()
    """Difficulties that are scored over the whole pool of each target and part."""
    cells: bool = True
    """Whether the cells of the study are evidence; without them only `scores` are made."""
    statistic: StatisticSpec
    """The statistic that tells the effect on a target: its name, or a mapping with its name and options."""
    expect: Expectation
    """Where the effect lies if the claim is true."""
    controls: Annotated[dict[str, Control], Field(default_factory=dict, max_length=20)]
    """What could fool the claim, by name."""
    assumed: Assumed
    """What the power before the run is computed from."""
    would_change: Text
    """What would change the verdict."""
    means: Means
    """What each verdict means for someone who unlearns."""
    beside: BesideFile | None = None
    """What the source shows of it, which the report lays beside ours; null = nothing."""

    @field_validator("targets", "parts", "controls")
    @classmethod
    def _named(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        for name in value or ():
            # Names of targets and parts are names of folders, joined by a dot.
            if len(name) > 40 or not re.fullmatch(r"[a-z0-9]+([_-][a-z0-9]+)*", name):
                msg = f"names are lower-case letters and digits, joined by '-' or '_', at most 40, not {shown(name)}"
                raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _evidence(self) -> Self:
        if not self.cells and not self.scores:
            msg = "cells: there is no evidence without cells and without scores; remove this key, or give scores"
            raise ValueError(msg)
        if (studies := len(self.targets) * len(self.parts or "-")) > MOST_STUDIES:
            msg = f"parts: {studies:,} studies, a part on a target each; at most {MOST_STUDIES} are run"
            raise ValueError(msg)
        return self
