"""What a board is: frozen values, which the pages print and `fairforget.board.forms.json` writes down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from fairforget.board.about import About
from fairforget.board.by_sample import BySample
from fairforget.board.compared import Compared, RankSet
from fairforget.board.loose import number
from fairforget.board.way import Cost, Coverage, Forgetting, Look, Matched, Tuned
from fairforget.stats.intervals import Estimate

Reference = Literal["untouched", "oracle"]


@dataclass(frozen=True, slots=True)
class Figures:
    """The headline quantities of a row, in one stratum or over the strata that count."""

    score: Estimate | None
    """Harmonic mean of completeness and utility, taken in every cell; None where no draw is complete."""
    completeness: Estimate | None
    utility: Estimate | None
    by_probability: Estimate | None
    """Completeness seen in probabilities; it ranks methods differently from what is generated."""
    by_generation: Estimate | None
    columns: Mapping[str, Estimate | None]
    """Every column's own mean."""


@dataclass(frozen=True, slots=True)
class Point:
    """One draw of one row, its seeds averaged; None where a seed failed or is missing."""

    index: int
    digest: str
    score: float | None
    completeness: float | None
    utility: float | None
    seeds: int
    """Cells with a score."""


@dataclass(frozen=True, slots=True)
class InStratum:
    """A row in one stratum."""

    figures: Figures
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A method under a curriculum."""

    id: str
    """Twelve hex digits over method, version, options, curriculum and optimizer."""
    label: str
    method: Mapping[str, Any]
    curriculum: Mapping[str, Any] | None
    optimizer: Mapping[str, Any] | None
    reference: Reference | None
    rank: RankSet | None
    unranked: str | None
    """Why there is no rank."""
    headline: Figures
    strata: Mapping[str, InStratum]
    """By the label of the stratum."""
    cost: Cost | None
    ok: int
    failed: int
    missing: int
    """Cells that were planned, or that the other rows have, and this one has not."""
    collapsed: int
    """Cells that went well and whose model is broken; they count."""
    seeds: int
    """Seeds a draw, the most there are."""
    tuned: Tuned | None = None
    """None for a row that was not tuned."""
    matched: Matched | None = None
    """None where the budget has no goal, and for a reference row."""
    way: tuple[Look, ...] = ()
    """Empty where no cell was looked at on its way."""
    forgetting: Mapping[str, Forgetting] = field(default_factory=dict)
    """By the label of the stratum, and the strata that count together under an empty one."""
    worst_quarter: Estimate | None = None
    """Completeness of the quarter of each forget set that is forgotten worst, over the strata that count."""
    coverage: Coverage | None = None
    """None where no cell says which samples its updates met."""
    normalised: Estimate | None = None
    """(score − untouched) / (oracle − untouched) over the strata that count, the noise of both reference rows in its
    interval; None without just one of each, or where they are too close to divide by what parts them."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """Forget sets of one kind."""

    label: str
    name: str
    sampler: Mapping[str, Any]
    draws: int
    weight: float
    """Share of the headline mean."""


@dataclass(frozen=True, slots=True)
class Column:
    """One measured number."""

    name: str
    role: str
    better: str | None
    average: bool
    view: str | None
    metric: str
    on: str
    items: tuple[int, int]
    """Fewest and most items behind a value."""


@dataclass(frozen=True, slots=True)
class Covariate:
    """A property of the forget sets that the strata may differ in."""

    name: str
    strata: Mapping[str, Estimate | None]
    p: float | None
    """Of a one-way analysis of variance between the strata; None where it cannot be tested."""


@dataclass(frozen=True, slots=True)
class Binning:
    """The difficulty score that a sampler drew by."""

    sampler: str
    score: str
    reliability: float | None
    """Split-half, Spearman–Brown corrected; None for a score without randomness."""
    forward_equivalents: float | None
    """What scoring the pool cost, once for the whole study."""
    advice: tuple[str, ...]
    """What the sampler said about it."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What went wrong in the same way in cells of one row."""

    row: str
    failed: bool
    """Whether these cells have no score."""
    kind: str
    message: str
    """Of the first of them."""
    cells: tuple[tuple[str, int, int, str], ...]
    """Stratum, index of the draw, seed and key of each."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Cells that no table holds."""

    reason: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Cells that may be compared: equal task version, target, forget sets, seeds, budget and evaluation."""

    task: Mapping[str, Any]
    target: Mapping[str, Any]
    budget: Mapping[str, Any] | None
    evaluation: Mapping[str, Any]
    forget_size: int
    unit: str
    apart: tuple[str, ...]
    """In what it differs from the first table; empty for the first."""
    seeds: tuple[int, ...]
    strata: tuple[Stratum, ...]
    rows: tuple[Row, ...]
    """Ranked rows by score, the others by score, then the reference rows."""
    columns: tuple[Column, ...]
    covariates: tuple[Covariate, ...]
    binnings: tuple[Binning, ...]
    problems: tuple[Trouble, ...]
    provenance: Mapping[str, Any]
    notes: tuple[str, ...]
    trials: int | None = None
    """Trials by which each row was tuned; None where none was."""
    on_the_way: tuple[str, ...] = ()
    """Columns of completeness and utility that were looked at on the way."""
    compared: Compared | None = None
    """None with fewer than two rows that have every cell that counts, or fewer than three draws of such a stratum."""
    by_sample: tuple[BySample, ...] = ()
    """One for every difficulty score of which records say what it was for each sample."""

    @property
    def goal(self) -> float | None:
        """The completeness at which rows are compared; None where they are compared at their end."""
        return None if self.budget is None else number(self.budget.get("completeness"))

    @property
    def competing(self) -> tuple[Row, ...]:
        """The rows that are ranked among each other."""
        return tuple(row for row in self.rows if row.reference is None)

    @property
    def references(self) -> tuple[Row, ...]:
        """The rows to compare with."""
        return tuple(row for row in self.rows if row.reference is not None)


@dataclass(frozen=True, slots=True)
class Board:
    """A leaderboard."""

    tables: tuple[Table, ...]
    left_out: tuple[LeftOut, ...]
    rejected: tuple[tuple[str, str], ...]
    """Name of a file that is not used, and why."""
    cells: int
    failed: int
    planned: int | None
    """Cells of the plan, where it is known."""
    missing: int | None
    """Cells of the plan without a record."""
    schema: int = field(default=1)
    about: About | None = None
    """None for a board without a board file."""

    def to_json(self) -> dict[str, Any]:
        """Return the content of ``board.json``."""
        from fairforget.board.forms.json import plain

        found: dict[str, Any] = plain(self)
        return found

    def _repr_html_(self) -> str:
        """Return the board for a notebook."""
        from fairforget.board.forms.notebook import render_fragment

        return render_fragment(self)
