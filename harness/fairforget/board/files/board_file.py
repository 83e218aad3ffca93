"""Board files: which results make a board, and what its rows need to be ranked.

The models are frozen and closed, as those of a study file: an unknown key or a wrong type is an error that names file,
line and key. The text under a field is its documentation, in ``docs/reference/board.md`` too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, ValidationError, model_validator

from fairforget.api.spec import PluginSpec
from fairforget.board.about import About
from fairforget.board.rules import Rules
from fairforget.errors import FairforgetError
from fairforget.study.cell import canonical_json
from fairforget.study.faults import faults_of
from fairforget.study.part import Count, Part
from fairforget.study.places import Fault, Places, shown
from fairforget.study.spec import parse_spec, study_name
from fairforget.study.yaml_lines import Document, read_yaml


def _as_recorded(options: dict[str, Any]) -> dict[str, Any]:
    """Return options that those of records can be compared with."""
    try:
        canonical_json(options)
    except ValueError:  # somewhere within
        msg = "no result has an option that is infinite or NaN; write a finite number"
        raise ValueError(msg) from None
    return options


def _sampler(value: Any) -> PluginSpec:
    spec = parse_spec(value, what="sampler")
    return PluginSpec(spec.name, _as_recorded(dict(spec.options)))


Names = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]


class TaskWanted(Part):
    """The task whose results a board compares."""

    name: Annotated[str, Field(min_length=1)]
    """Name of the task, bare for one of fairforget's own, else ``distribution/name``; or the form of an import."""
    version: Count
    """Version of the task; results of another version are left out, and the board says so."""
    options: Annotated[dict[str, Any], Field(default_factory=dict), AfterValidator(_as_recorded)]
    """Options that the task has to have; those that are not named may have any value."""


class ScoreColumns(Part):
    """The columns that are averaged into completeness and utility."""

    completeness: Names
    """Columns of completeness."""
    utility: Names
    """Columns of utility; a board without them would reward whoever breaks the model."""


class BoardFile(Part):
    """A board: which results it compares and by which rules."""

    name: Annotated[str, AfterValidator(study_name)]
    """Lower-case letters and digits, joined by ``-``, ``_`` or ``.``."""
    title: Annotated[str, Field(min_length=1, max_length=120)]
    """The heading."""
    summary: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    """A sentence or two under the heading."""
    results: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=300)], ...], Field(min_length=1)]
    """Folders with results, relative to this file, with ``*``, ``?`` and ``[…]`` for parts of a name. A file in a
    folder ``boards`` may look into the folder that ``boards`` lies in, any other into its own folder; no further."""
    task: TaskWanted
    """The task."""
    targets: Names | None = None
    """Ids of the target models; null = all, each with a table of its own."""
    samplers: Annotated[
        tuple[
            Annotated[PluginSpec, PlainValidator(_sampler), PlainSerializer(PluginSpec.to_json)],
            ...,
        ],
        Field(min_length=1),
    ] | None = None  # fmt: skip
    """Samplers whose forget sets count, with the options they have to have; null = all. Name them where others may add
    results: forget sets of a sampler that nobody expected are then left out."""
    goal: Annotated[float, Field(gt=0, le=1)] | None = None
    """Completeness at which utility is compared (``budget.completeness`` of the study); null = runs are compared at
    their end, by the harmonic mean of completeness and utility."""
    score: ScoreColumns | None = None
    """Columns to average instead of those the task names; not with a goal, which is reached by the task's own."""
    strata: Annotated[dict[str, Annotated[float, Field(ge=0, le=1_000_000)]], Field(min_length=1)] | None = None
    """Label of a stratum -> its share of the score; null = ``random`` alone, or all alike where there is none."""
    draws: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """Forget sets a row needs in every stratum that counts: those of index 0 … draws − 1. Others are left out, so that
    nobody's further forget sets make another row incomplete; null = all there are."""
    seeds: Annotated[int, Field(ge=1, le=1_000)] | None = None
    """Seeds a row needs on each of them: 0 … seeds − 1; others are left out; null = all there are."""
    trials: Annotated[int, Field(ge=0)] | None = None
    """Trials by which a row may have been tuned, by a search or by hand; null = any number. Rows tuned by equally many
    share a table, apart from those that were not tuned."""

    @model_validator(mode="after")
    def _one_score(self) -> Self:
        if self.goal is not None and self.score is not None:
            msg = "score: a board with a goal compares utility where the task's own completeness reaches it; remove one"
            raise ValueError(msg)
        if self.strata is not None and not any(self.strata.values()):
            msg = "strata: at least one stratum has to count; give one a share above 0"
            raise ValueError(msg)
        return self

    @property
    def rules(self) -> Rules:
        """What a row needs to be ranked."""
        return Rules(self.draws, self.seeds, self.trials)

    @property
    def about(self) -> About:
        """What the board says of itself."""
        asks = []
        if self.draws is not None:
            asks.append(f"A row needs the first {self.draws:,} forget sets of every stratum that counts.")
        if self.seeds is not None:
            asks.append(f"A row needs the first {self.seeds:,} seeds on each forget set.")
        if self.trials is not None:
            asks.append(f"A row may have been tuned by at most {self.trials:,} trials, and says so.")
        if self.score is not None:
            averaged = f"{', '.join(self.score.completeness)}; utility that of {', '.join(self.score.utility)}"
            asks.append(f"Completeness is the mean of {averaged}.")
        return About(self.name, self.title, self.summary, tuple(asks))


@dataclass(frozen=True, slots=True)
class OpenBoard:
    """A board file together with where it lies."""

    file: BoardFile
    path: Path
    places: Places

    def error(self, key: tuple[str | int, ...], message: str) -> FairforgetError:
        """Return the error about one key, with file and line."""
        return self.places.error([Fault(key, message)])


def open_board(path: Path | str) -> OpenBoard:
    """Read a board file.

    Raises:
        FairforgetError: it does not exist, or is wrong; one line for each fault, with file, line and key.
    """
    path = Path(path)
    if path.is_dir():
        msg = f"{path}: a folder; name the board file in it"
        raise FairforgetError(msg)
    return parse_board(read_yaml(path), path)


def parse_board(document: Document, path: Path) -> OpenBoard:
    """Return the board that a document describes, as if it lay at `path`.

    Raises:
        FairforgetError: it is wrong, as `open_board`.
    """
    if not isinstance(document.value, dict):
        raise document.places.error([Fault((), f"a board file is a mapping of keys, not {shown(document.value)}")])
    try:
        # As JSON, because pydantic's strictness then allows what YAML cannot say otherwise: a list for a tuple.
        file = BoardFile.model_validate_json(json.dumps(document.value))
    except ValidationError as error:
        raise document.places.error(faults_of(error, BoardFile)) from error
    return OpenBoard(file, path, document.places)
