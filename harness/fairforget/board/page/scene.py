"""What a figure is made of: shapes with places, classes and words. A template draws them and escapes every word."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final

from fairforget.board.sheets.sheet import Sheet

MOST_STRATA: Final = 12
"""Kinds of forget set that a figure draws."""
WIDTH: Final = 360.0
"""Units of a scene; about a phone's width, so that text keeps its size there."""


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line."""

    tag: ClassVar[str] = "line"
    x1: float
    y1: float
    x2: float
    y2: float
    kind: str
    """Class of the style sheet: ours, never a stranger's word."""


@dataclass(frozen=True, slots=True)
class Dot:
    """A circle."""

    tag: ClassVar[str] = "circle"
    x: float
    y: float
    r: float
    kind: str


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle."""

    tag: ClassVar[str] = "rect"
    x: float
    y: float
    width: float
    height: float
    kind: str
    shade: float | None = None
    """How opaque it is, 0 … 1; None where the style sheet says."""


@dataclass(frozen=True, slots=True)
class Path:
    """A path, in the notation of SVG."""

    tag: ClassVar[str] = "path"
    d: str
    kind: str


@dataclass(frozen=True, slots=True)
class Text:
    """Words; `x` and `y` are of their anchor on the base line."""

    tag: ClassVar[str] = "text"
    x: float
    y: float
    text: str
    kind: str = ""
    anchor: str = "start"
    turn: float = 0.0
    """Degrees about the anchor."""


Shape = Line | Dot | Box | Path | Text


@dataclass(frozen=True, slots=True)
class Group:
    """Shapes that belong to one row of the board or say one thing."""

    tag: ClassVar[str] = "g"
    shapes: tuple[Shape, ...]
    kind: str = ""
    told: str = ""
    """What it says when one points at it."""
    row: str = ""
    """Name of the row of the board, as it is printed."""


@dataclass(frozen=True, slots=True)
class Panel:
    """What stands in one ``<svg>``."""

    told: str
    """For those who do not see it."""
    height: float
    value: tuple[Shape | Group, ...]
    width: float = WIDTH
    title: str = ""
    """Drawn above its shapes; empty where that of the figure is enough."""
    stratum: str = ""
    """Label of the stratum that it is about, where it is about one."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure: one panel, or several that are read together."""

    name: str
    """Of its file, of its anchor on the page: letters and hyphens."""
    title: str
    about: str
    """One sentence or two on how to read it."""
    panels: tuple[Panel, ...]
    numbers: Sheet | None = None
    """Its table; None where a table right before it has the numbers."""
    cap: str = ""
    """What is not drawn, because it is too much for a figure."""
    macro: str = "scene"
    """Of ``figures.j2``; it draws the value of a panel."""


def left_out_strata(found: int) -> list[str]:
    """Return the sentence that a figure says where it does not draw every kind of forget set."""
    return [f"The first {MOST_STRATA} of {found} kinds of forget set are drawn."] if found > MOST_STRATA else []


def joined(points: Iterable[tuple[float, float]], *, closed: bool = False) -> str:
    """Return the path through points; empty for fewer than two."""
    corners = [f"{x:g} {y:g}" for x, y in points]
    return f"M{' L'.join(corners)}{'Z' if closed else ''}" if len(corners) > 1 else ""


def dotted(points: Iterable[tuple[float, float]]) -> str:
    """Return one path with a point of no length at every place: many dots in few bytes."""
    return "".join(f"M{x:g} {y:g}h0" for x, y in points)
