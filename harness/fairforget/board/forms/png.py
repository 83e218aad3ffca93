"""The figures of a board as PNG files, painted from their SVG."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from fairforget.board.forms.svg import svg_files
from fairforget.board.values import Board
from fairforget.errors import FairforgetError

_ZOOM: Final = 3.0
"""Pixels a unit: a figure of one panel fills a column of a paper at 300 dots an inch."""
_MOST: Final = 12_000.0
"""Pixels of the longer side."""
_FAMILIES: Final = (
    "sans-serif",
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
)
"""Fonts without serifs: the machine's own choice, then those as wide as Helvetica, for which there is room."""


def png_files(board: Board) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of every figure, see `fairforget.board.forms.svg.svg_files`.

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
    family = _family(paint)
    if family is None:
        msg = (
            "figures as PNG need a font without serifs, and this machine has none that is known: install one, for "
            "example DejaVu Sans; or take --format svg, whose letters are the viewer's"
        )
        raise FairforgetError(msg)
    for name, text in svg_files(board):
        width, height = (float(found) for found in re.findall(r' (?:width|height)="([0-9.]+)"', text)[:2])
        zoom = min(_ZOOM, _MOST / max(width, height))
        yield (
            f"{name.removesuffix('.svg')}.png",
            bytes(paint(svg_string=text, zoom=zoom, sans_serif_family=None if family == _FAMILIES[0] else family)),
        )


def _family(paint: Callable[..., bytes]) -> str | None:
    """Return the first of the families that the machine has; None where it paints no letters at all."""
    blank, unknown = paint(svg_string=_probe("")), paint(svg_string=_probe("No Such Font"))
    for family in _FAMILIES:
        if paint(svg_string=_probe(family)) not in {blank, unknown}:
            return family
    # What stands in for a font that is not there is better than nothing.
    return None if unknown == blank else _FAMILIES[0]


def _probe(family: str) -> str:
    """Return a picture of one letter, which is empty where the machine has not that font."""
    letter = f'<text x="2" y="15" font-family="{family}" font-size="12">M</text>' if family else ""
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20">{letter}</svg>'
