"""A board in a notebook: what `Board._repr_html_` returns."""

from __future__ import annotations

import base64
from typing import Final

from fairforget.board import words
from fairforget.board.forms.drawing import environment
from fairforget.board.forms.svg import svg_of, well_formed
from fairforget.board.sheets.results import ranking
from fairforget.board.text import shown
from fairforget.board.values import Board, Table

_MOST_TABLES: Final = 10


def render_fragment(board: Board) -> str:
    """Return a fragment of HTML for notebooks: of every table its sentence, its ranking and its first figure.

    There is no script in it, its style reaches nothing outside, its colours are the notebook's, and every word of
    others is escaped. The figure is an image of its own, so that no two of them share a style.
    """
    made = environment().get_template("notebook.j2")
    about = board.about
    text = made.render(
        heading=None if about is None else shown(about.title, 120),
        told=[] if about is None else [shown(said, 1000) for said in (about.summary, " ".join(about.asks)) if said],
        standing=words.standing(board),
        tables=[
            {
                "title": words.title(table),
                "apart": table.apart,
                "summary": words.summary(table),
                "stability": words.stability(table),
                "setting": words.setting(table),
                "notes": [shown(note, 500) for note in table.notes],
                "sheet": ranking(table),
                "image": _image(table),
            }
            for table in board.tables[:_MOST_TABLES]
        ],
        more=max(0, len(board.tables) - _MOST_TABLES),
    )
    return well_formed(text)


def _image(table: Table) -> tuple[str, str] | None:
    """Return the title of the first figure, and its address: the image itself."""
    found = next(svg_of(table), None)
    if found is None:
        return None
    drawing, text = found
    return drawing.title, f"data:image/svg+xml;base64,{base64.b64encode(text.encode()).decode()}"
