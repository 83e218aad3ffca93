"""The three files of a board."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from fairforget.board.html import render_html
from fairforget.board.json import render_json
from fairforget.board.markdown import render_markdown
from fairforget.board.values import Board
from fairforget.store.atomic import write_text

RENDERERS: Final[dict[str, Callable[[Board], str]]] = {
    "md": render_markdown,
    "html": render_html,
    "json": render_json,
}
"""Format, which is the ending of the file too -> how it is made."""


def write_board(board: Board, out: Path) -> tuple[Path, Path, Path]:
    """Write ``board.md``, ``board.html`` and ``board.json`` into `out`, each whole or not at all; return the paths.

    Raises:
        FairforgetError: the folder cannot be written.
    """
    return write_format(board, out, "md"), write_format(board, out, "html"), write_format(board, out, "json")


def write_format(board: Board, out: Path, name: str) -> Path:
    """Write one of the files, ``md``, ``html`` or ``json``, and return its path."""
    path = out / f"board.{name}"
    write_text(path, RENDERERS[name](board))
    return path
