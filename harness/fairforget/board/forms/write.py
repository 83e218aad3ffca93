"""The files of a board."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from fairforget.board.cycles import without_search
from fairforget.board.forms.html import render_html
from fairforget.board.forms.json import render_json
from fairforget.board.forms.latex import render_latex
from fairforget.board.forms.markdown import render_markdown
from fairforget.board.forms.png import png_files
from fairforget.board.forms.svg import svg_files
from fairforget.board.values import Board
from fairforget.store.atomic import write_bytes, write_text

RENDERERS: Final[dict[str, Callable[[Board], str]]] = {
    "md": render_markdown,
    "html": render_html,
    "json": render_json,
    "tex": render_latex,
}
"""Format, which is the ending of the file too -> how it is made."""
FIGURES: Final[dict[str, Callable[[Board], Iterable[tuple[str, str | bytes]]]]] = {"svg": svg_files, "png": png_files}
"""Formats of several files, one a figure -> their names and contents."""


def write_board(board: Board, out: Path) -> tuple[Path, Path, Path]:
    """Write ``board.md``, ``board.html`` and ``board.json`` into `out`, each whole or not at all; return the paths.

    Raises:
        FairforgetError: the folder cannot be written.
    """
    return write_format(board, out, "md"), write_format(board, out, "html"), write_format(board, out, "json")


@without_search()
def write_format(board: Board, out: Path, name: str) -> Path:
    """Write the board in one of the `RENDERERS`, and return the path."""
    path = out / f"board.{name}"
    write_text(path, RENDERERS[name](board))
    return path


def write_figures(board: Board, out: Path, name: str) -> list[Path]:
    """Write every figure in one of the formats of `FIGURES`, and return the paths.

    Raises:
        FairforgetError: the folder cannot be written, or what paints is not installed; nothing is written then.
    """
    made = list(FIGURES[name](board))
    for file, content in made:
        write_bytes(out / file, content.encode() if isinstance(content, str) else content)
    return [out / file for file, _ in made]


def write_any(board: Board, out: Path, name: str) -> list[Path]:
    """Write the board in any one format, and return the paths."""
    return write_figures(board, out, name) if name in FIGURES else [write_format(board, out, name)]
