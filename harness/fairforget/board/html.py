"""``board.html``: one file that needs nothing else, from disk as from a web server."""

from __future__ import annotations

import base64
import hashlib

from fairforget.board import words
from fairforget.board.drawing import drawings, environment, template
from fairforget.board.sheets import all_sheets
from fairforget.board.text import plural, shown
from fairforget.board.values import Board


def render_html(board: Board) -> str:
    """Return the text of ``board.html``.

    The page has no link and loads nothing; a content security policy lets nothing run but its own few lines, named by
    their hash. Every word of others is escaped by jinja2.
    """
    from markupsafe import Markup

    style, script = template("board.css") + template("figures.css"), template("board.js")
    page = environment().get_template("board.html.j2")
    return page.render(
        board=board,
        tables=[
            {
                "table": table,
                "title": words.title(table),
                "summary": words.summary(table),
                "setting": words.setting(table),
                "notes": [shown(note, 500) for note in table.notes],
                "sheets": all_sheets(table),
                "drawings": drawings(table),
                "score": words.score_name(table),
            }
            for table in board.tables
        ],
        standing=words.standing(board),
        left_out=[(plural(len(left.keys), "cell"), left.reason) for left in board.left_out],
        rejected=[(shown(name), shown(reason, 200)) for name, reason in board.rejected],
        # Our own files, not anybody's text.
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
