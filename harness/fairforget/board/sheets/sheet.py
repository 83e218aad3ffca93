"""What a printed table consists of, before it is Markdown, HTML or a terminal's."""

from __future__ import annotations

from dataclasses import dataclass

from fairforget.board import text
from fairforget.stats.intervals import Estimate


@dataclass(frozen=True, slots=True)
class Head:
    """A column of a sheet."""

    label: str
    about: str = ""
    """One sentence for those who do not know."""
    numeric: bool = True
    stratum: str = ""
    """Label of the stratum that the column is about, where it is about one."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a sheet."""

    text: str
    order: float | None = None
    """What a numeric column is sorted by."""
    aside: str = ""
    """What belongs to the text and may stand below it: the interval."""
    estimate: Estimate | None = None
    """What the text is the figure of, for those who take the numbers with them."""
    link: str = ""
    """Anchor of the page where more is said of what the row is about."""

    @property
    def whole(self) -> str:
        """Text and aside on one line."""
        return f"{self.text} {self.aside}".strip()


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a sheet."""

    cells: tuple[Cell, ...]
    reference: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """One printed table."""

    name: str
    title: str
    about: str
    heads: tuple[Head, ...]
    lines: tuple[Line, ...]
    header: int = 0
    """Which column names the row."""


def figure(estimate: Estimate | None, usual: int) -> Cell:
    """Return the cell of a figure; `usual` is the number of draws at the head of the column."""
    if estimate is None:
        return Cell("–")
    return Cell(text.mean(estimate), estimate.mean, text.aside(estimate, usual), estimate)
