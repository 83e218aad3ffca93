"""``board.html``: one file that needs nothing else, from disk as from a web server."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from fairforget.board import words
from fairforget.board.forms.drawing import drawings, environment, template
from fairforget.board.page.answers import answers
from fairforget.board.page.chapters import chapters
from fairforget.board.sheets.order import all_sheets
from fairforget.board.text import plural, shown
from fairforget.board.values import Board, Table


def render_html(board: Board) -> str:
    """Return the text of ``board.html``.

    The page has no link that leaves it and loads nothing; a content security policy lets nothing run but its own few
    lines, named by their hash. Every word of others is escaped by jinja2.
    """
    from markupsafe import Markup

    style = template("board.css") + template("figures.css")
    script = template("tables.js") + template("filters.js") + template("downloads.js")
    labels = dict.fromkeys(stratum.label for table in board.tables for stratum in table.strata)
    page = environment().get_template("board.html.j2")
    return page.render(
        board=board,
        tables=[_table(table) for table in board.tables],
        about=_about(board),
        # Strangers' words are no good as values to compare: every kind of forget set has a mark instead.
        marks={label: f"k{i}" for i, label in enumerate(labels)},
        kinds=[(f"k{i}", shown(label, 40)) for i, label in enumerate(labels)],
        standing=words.standing(board),
        left_out=[(plural(len(left.keys), "cell"), left.reason) for left in board.left_out],
        rejected=[(shown(name), shown(reason, 200)) for name, reason in board.rejected],
        # Our own files, not anybody's text.
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        style_hash=digest(style),
        script_hash=digest(script),
    )


def _table(table: Table) -> dict[str, Any]:
    return {
        "table": table,
        "title": words.title(table),
        "budget": words.budget_text(table),
        "summary": words.summary(table),
        "setting": words.setting(table),
        "answers": answers(table),
        "notes": [shown(note, 500) for note in table.notes],
        "chapters": chapters(drawings(table), all_sheets(table)),
    }


def _about(board: Board) -> dict[str, Any] | None:
    """Return what the board file says, fit to be printed; None without one."""
    about = board.about
    if about is None:
        return None
    return {
        "title": shown(about.title, 120),
        "summary": shown(about.summary, 600) if about.summary else "",
        "asks": [shown(line, 300) for line in about.asks],
    }


def digest(text: str) -> str:
    """Return what a content security policy calls a style or a script."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
