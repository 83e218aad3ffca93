"""A printed table as a file: what it says, where that is from, and what it does not say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from fairforget.claims.beside_file import Line, Text
from fairforget.claims.claim_file import Source
from fairforget.study.faults import faults_of
from fairforget.study.part import Count, Part, as_tuple
from fairforget.study.places import Fault, shown
from fairforget.study.yaml_lines import Document, read_yaml

Quantity = Literal["completeness", "utility"]


class Ours(Part):
    """The row of ours that a printed row is laid beside."""

    method: Line
    """Canonical name: ``fairforget/npo``."""
    curriculum: Line | None = None
    """Canonical name; null for a reference row, which meets no forget samples."""


class Column(Part):
    """A printed column."""

    unit: Line
    better: Literal["higher", "lower"] | None = None
    """Which is better by the paper; null where neither is."""
    decimals: Annotated[int, Field(ge=0, le=12)] = 4
    """Of the printed numbers."""
    column: Line | None = None
    """The task's column of the same measure."""
    average: Quantity | None = None
    """The average of a cell that it is, where it is one."""
    mean_of: Annotated[tuple[Line, ...], Field(default=(), max_length=50)]
    """The printed columns whose mean it is said to be."""
    items: Count | None = None
    """Questions behind it, by which it weighs in a mean; null = all columns of the mean weigh the same."""

    _tuple = field_validator("mean_of", mode="before")(as_tuple)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.column is not None and self.average is not None:
            msg = "is laid beside a column or beside an average; remove one of the two"
            raise ValueError(msg)
        return self

    @property
    def rounding(self) -> float:
        """The most that rounding has moved a printed number: half a unit of the last decimal."""
        return 0.5 * 10.0**-self.decimals


class Table(Part):
    """A printed table.

    Numbers are as they are printed, in the units of the columns. What is printed nowhere is in no row: a row may lack a
    column, and `left_out` says in words what else is missing.
    """

    source: Source
    title: Line
    taken: Text
    """Where the numbers were taken from, and how that was checked."""
    n: Line | None = None
    """What stands behind a number, as far as the paper says it."""
    study: Line | None = None
    """Name of the study with the table's settings; null where no board has its numbers."""
    columns: Annotated[dict[str, Column], Field(min_length=1, max_length=200)]
    rows: Annotated[dict[str, dict[str, float]], Field(min_length=1, max_length=1_000)]
    """Row -> column -> printed number."""
    ours: Annotated[dict[str, Ours], Field(default_factory=dict)]
    """Row -> the row of ours; empty where no board has its numbers."""
    left_out: Annotated[tuple[Line, ...], Field(default=())]
    """What the paper does not print, or we do not have."""

    _tuple = field_validator("left_out", mode="before")(as_tuple)

    @model_validator(mode="after")
    def _names(self) -> Self:
        for row, found in self.rows.items():
            self._known(found, self.columns, f"row {row!r} has the column")
        for name, column in self.columns.items():
            self._known(dict.fromkeys(column.mean_of), self.columns, f"column {name!r} is the mean of")
        self._known(self.ours, self.rows, "ours has the row")
        return self

    @staticmethod
    def _known(names: Mapping[str, Any], among: Mapping[str, Any], what: str) -> None:
        for name in names:
            if name not in among:
                msg = f"{what} {name!r}, which the table does not have; it has {', '.join(among)}"
                raise ValueError(msg)


def read_table(path: Path) -> Table:
    """Read a table.

    Raises:
        FairforgetError: it cannot be read, or is wrong; the message has one line for each fault, with file, line and
            key.
    """
    document = read_yaml(path)
    if not isinstance(document.value, dict):
        raise document.places.error([Fault((), f"a table is a mapping of keys, not {shown(document.value)}")])
    return _table_of(document)


def _table_of(document: Document) -> Table:
    try:
        # As JSON, as study files are: numbers without a point are numbers too.
        return Table.model_validate_json(json.dumps(document.value))
    except ValidationError as error:
        raise document.places.error(faults_of(error, Table)) from error
