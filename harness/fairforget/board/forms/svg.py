"""The figures of a board as SVG files, each whole on its own."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from fairforget.board import words
from fairforget.board.forms.drawing import Drawing, Panel, drawings, environment, template
from fairforget.board.values import Board, Table

_MARGIN: Final = 14.0
_GAP: Final = 18.0
_ACROSS: Final = 3
"""Panels side by side, at most."""
_LETTER: Final = 5.8
"""Width of a letter of the captions in the widest of the usual fonts."""
_VARIABLE: Final = re.compile(r"var\((--[a-z0-9-]+)\)")
_WEIGHT: Final = re.compile(r"font-weight:\s*(\d+)")
# Not even escaped.
_NO_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Placed:
    """A panel with its upper left corner."""

    x: float
    y: float
    panel: Panel


@dataclass(frozen=True, slots=True)
class Sheet:
    """A figure on paper: its panels in rows, what it is about above, and what it shows below them."""

    drawing: Drawing
    width: float
    height: float
    above: tuple[str, ...]
    below: tuple[str, ...]
    foot: float
    """Where the lines below start."""
    placed: tuple[Placed, ...]


def svg_files(board: Board) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of every figure: ``1-plane.svg`` is the first table's plane.

    A file needs nothing else: its style is inside, on white, fonts are the viewer's own, and nothing is loaded or run.
    """
    for number, table in enumerate(board.tables, 1):
        for drawing, text in svg_of(table):
            yield f"{number}-{drawing.name}.svg", text


def svg_of(table: Table) -> Iterator[tuple[Drawing, str]]:
    """Yield every figure of a table with the text of its SVG."""
    made = environment().get_template("svg.j2")
    style = plain_style()
    for drawing in drawings(table).values():
        text = made.render(sheet=_sheet(drawing, table), style=style)
        yield drawing, well_formed(text)


def plain_style() -> str:
    """Return the style of the figures with the colours of the light page in it, for renderers without variables."""
    found = re.search(r":root\s*\{([^}]*)\}", template("board.css"))
    assert found is not None, "our own style sheet has its colours in :root"  # noqa: S101
    colours = dict(re.findall(r"(--[a-z0-9-]+):\s*([^;}]+)", found[1]))
    colours["--ground"] = colours["--card"] = "#ffffff"
    # Renderers know hundreds alone.
    weighed = _WEIGHT.sub(lambda match: f"font-weight: {round(int(match[1]), -2)}", template("figures.css"))
    return _VARIABLE.sub(lambda match: colours[match[1]].strip(), weighed)


def well_formed(text: str) -> str:
    """Return text without the characters that XML has no place for."""
    return _NO_XML.sub("", text)


def _sheet(drawing: Drawing, table: Table) -> Sheet:
    rows = list(_rows(drawing.panels))
    width = max(sum(panel.width for panel in row) + _GAP * (len(row) - 1) for row in rows)
    above = _wrapped(f"{drawing.about} {drawing.cap}".strip(), width)
    y = _MARGIN + 18 + 13 * len(above) + 10
    placed = []
    for row in rows:
        x = _MARGIN
        for panel in row:
            placed.append(Placed(x, y, panel))
            x += panel.width + _GAP
        y += max(panel.height for panel in row) + _GAP
    numbers = "The numbers with their intervals are in the tables of the board."
    below = _wrapped(f"{words.title(table)}. {words.setting(table)} {numbers}", width)
    foot = y - _GAP + 6
    return Sheet(drawing, width + 2 * _MARGIN, foot + 13 * len(below) + _MARGIN, above, below, foot, tuple(placed))


def _rows(panels: Sequence[Panel]) -> Iterator[Sequence[Panel]]:
    # Four panels are two and two, not three and one.
    across = 2 if len(panels) == 4 else _ACROSS
    for start in range(0, len(panels), across):
        yield panels[start : start + across]


def _wrapped(text: str, width: float) -> tuple[str, ...]:
    return tuple(textwrap.wrap(text, max(20, int(width / _LETTER))))
