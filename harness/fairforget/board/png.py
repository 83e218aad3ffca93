"""The figures of a board as PNG files, painted from their SVG."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from fairforget.board.svg import svg_files
from fairforget.board.values import Board
from fairforget.errors import FairforgetError

_ZOOM: Final = 3.0
"""Pixels a unit: a figure of one panel fills a column of a paper at 300 dots an inch."""
_MOST: Final = 12_000.0
"""Pixels of the longer side."""
_FAMILIES: Final = (
    "Helvetica",
    "Arial",
    "Liberation Sans",
    "Nimbus Sans",
    "Noto Sans",
    "DejaVu Sans",
    "Open Sans",
    "Roboto",
    "Ubuntu",
    "FreeSans",
    "sans-serif",
)
"""The first that the machine has paints the letters: those as wide as Helvetica, for which there is room, first."""


def png_files(board: Board) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of every figure, see `fairforget.board.svg.svg_files`.

    Letters are those of the machine's fonts, so the bytes may differ from one machine to another.

    Raises:
        FairforgetError: the extra ``figures`` is not installed, or the machine has no font.
    """
    try:
        import resvg_py
    except ImportError:
        msg = (
            "figures as PNG need resvg-py, which is not installed: pip install 'fairforget[figures]'; or take "
            "--format svg, which needs nothing"
        )
        raise FairforgetError(msg) from None
    paint = resvg_py.svg_to_bytes
    family = next((name for name in _FAMILIES if paint(svg_string=_probe(name)) != paint(svg_string=_probe(""))), None)
    if family is None:
        msg = (
            "figures as PNG need a font without serifs, and this machine has none that is known: install one, for "
            "example DejaVu Sans; or take --format svg, whose letters are the viewer's"
        )
        raise FairforgetError(msg)
    for name, text in svg_files(board):
        width, height = (float(found) for found in re.findall(r' (?:width|height)="([0-9.]+)"', text)[:2])
        zoom = min(_ZOOM, _MOST / max(width, height))
        yield f"{name.removesuffix('.svg')}.png", bytes(paint(svg_string=text, zoom=zoom, sans_serif_family=family))


def _probe(family: str) -> str:
    """Return a picture of one letter, which is empty where the machine has not that font."""
    letter = f'<text x="2" y="15" font-family="{family}" font-size="12">M</text>' if family else ""
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20">{letter}</svg>'
