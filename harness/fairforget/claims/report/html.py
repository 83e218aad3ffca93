"""``claims.html``: one file that needs nothing else, made of the parts of the board's page."""

from __future__ import annotations

from importlib import resources
from typing import Final

from fairforget.board.forms.drawing import environment
from fairforget.board.forms.drawing import template as of_board
from fairforget.board.forms.html import digest
from fairforget.claims.report.page import Report
from fairforget.claims.report.reading import READING
from fairforget.claims.report.words import SIGNS

_PAGE: Final = "claims.html.j2"
_STYLE: Final = "claims.css"
_FILTERS: Final = "claims.js"


def render_html(report: Report) -> str:
    """Return the text of ``claims.html``.

    As on the page of a board, no link leaves it, nothing is loaded, a content security policy lets nothing run but its
    own lines, and every word of others is escaped by jinja2.
    """
    import jinja2
    from markupsafe import Markup

    made = environment()
    made.loader = jinja2.FunctionLoader(lambda name: _template(name) if name == _PAGE else of_board(name))
    style = of_board("board.css") + of_board("figures.css") + _template(_STYLE)
    script = of_board("tables.js") + of_board("downloads.js") + _template(_FILTERS)
    return made.get_template(_PAGE).render(
        report=report,
        signs=SIGNS,
        reading=READING,
        marks={},
        # Our own files, not anybody's text.
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        style_hash=digest(style),
        script_hash=digest(script),
    )


def _template(name: str) -> str:
    return resources.files("fairforget.claims.report").joinpath("templates", name).read_text(encoding="utf-8")
