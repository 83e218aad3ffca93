"""Every figure of a table, ready to be drawn: on the page, and as a file of its own."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from typing import TYPE_CHECKING, Final

from fairforget.board.page.beats import beats_drawing
from fairforget.board.page.bump import bump_drawing
from fairforget.board.page.costs import costs_drawing
from fairforget.board.page.covariates import covariates_drawing
from fairforget.board.page.curves import survivals_drawing, ways_drawing
from fairforget.board.page.difficulty import difficulty_drawing
from fairforget.board.page.panels import panels_drawing
from fairforget.board.page.plane import plane_drawing
from fairforget.board.page.ranks import ranks_drawing
from fairforget.board.page.scene import Drawing, Panel
from fairforget.board.values import Table

if TYPE_CHECKING:
    import jinja2

__all__ = ["Drawing", "Panel", "drawings", "environment", "template"]

_FIGURES: Final[tuple[Callable[[Table], Drawing | None], ...]] = (
    ranks_drawing,
    panels_drawing,
    covariates_drawing,
    plane_drawing,
    beats_drawing,
    bump_drawing,
    difficulty_drawing,
    ways_drawing,
    survivals_drawing,
    costs_drawing,
)


def drawings(table: Table) -> dict[str, Drawing]:
    """Return the figures of a table by name, in the order of the page; none that has nothing to show."""
    return {found.name: found for make in _FIGURES if (found := make(table)) is not None}


def environment() -> jinja2.Environment:
    """Return what renders the templates of the board; every word of others is escaped."""
    import jinja2

    made = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        loader=jinja2.FunctionLoader(template),
    )
    made.filters["narrow"] = narrow
    return made


def narrow(text: str) -> str:
    """Return text whose figures keep together where a line ends; it is yet to be escaped."""
    return text.replace("n = ", "n\u00a0=\u00a0").replace("± ", "±\u00a0").replace(" %", "\u00a0%")


def template(name: str) -> str:
    """Return the text of a file among the templates."""
    return resources.files("fairforget.board.forms").joinpath("templates", name).read_text(encoding="utf-8")
