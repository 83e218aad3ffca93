"""What a claim file says of the figures and tables of its source that stand beside ours."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, PlainValidator, field_validator

from fairforget.errors import did_you_mean
from fairforget.study.part import Part, Positive, as_tuple
from fairforget.study.places import shown

Line = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(min_length=1, max_length=2_000)]
Drawn = Literal["statistic", "bars", "spread"]
OURS: Final = ("effect", "low", "high", "high/low")
PAIR: Final = "pair "
"""What begins the name of one pair of rows."""


def _ours(value: object) -> str:
    if isinstance(value, str) and (value in OURS or value.removeprefix(PAIR).strip() not in {"", value}):
        return value
    msg = f"is 'pair METHOD' or one of our numbers, not {shown(value)}. {did_you_mean(str(value), OURS)}"
    raise ValueError(msg)


class NamedFigure(Part):
    """A figure of the source that our runs re-draw. A number that is not printed there is read off no picture."""

    name: Line
    """Its name in the source: `Figure 4`."""
    shows: Text
    """What is drawn there, and of how many samples or runs."""
    drawn: Drawn = "statistic"
    """How ours are drawn: as the statistic of the claim does, or its forget sets as bars or one by one (spread)."""
    told: Text | None = None
    """The numbers that the source prints of it; null = it prints none, and the page says so."""
    value: Positive | None = None
    """A number that the source prints for all of it, drawn as a line across; null = none."""


class NamedLine(Part):
    """A printed number and which number of ours stands beside it."""

    rows: Annotated[tuple[Line, ...], Field(min_length=1, max_length=50)]
    """Rows of the table; of several the mean is meant."""
    column: Line
    """Column of the table."""
    less: Annotated[tuple[Line, ...], Field(max_length=50)] = ()
    """Rows whose mean is taken off."""
    by: Line | None = None
    """Column by which the number is divided; null = none."""
    ours: Annotated[str, PlainValidator(_ours)]
    """`effect`, `pair METHOD` (mean difference of its rows), or, of samples, `low`, `high`, `high/low` (see above)."""

    _tuple = field_validator("rows", "less", mode="before")(as_tuple)


class NamedTable(Part):
    """A printed table of the source, of which some numbers stand beside ours."""

    file: Line
    """The file of the table, `./FILE.yaml`; it does not lead out of the folder that the claim's paths stay in."""
    lines: Annotated[dict[str, NamedLine], Field(min_length=1, max_length=100)]
    """What is compared, by what it is called on the page."""


class BesideFile(Part):
    """What the source shows and ours stands beside."""

    figures: Annotated[tuple[NamedFigure, ...], Field(max_length=10)] = ()
    """Figures that our runs re-draw."""
    tables: Annotated[tuple[NamedTable, ...], Field(max_length=10)] = ()
    """Printed tables whose numbers stand beside ours."""

    _tuple = field_validator("figures", "tables", mode="before")(as_tuple)
