"""Every figure of a table, ready to be drawn: on the page, and as a file of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Final

from fairforget.board import words
from fairforget.board.curves import survivals, ways
from fairforget.board.figures import WIDTH, panels, plane
from fairforget.board.values import Table

if TYPE_CHECKING:
    import jinja2


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure: what is drawn, and by which macro of ``figures.j2``."""

    macro: str
    title: str
    told: str
    """For those who do not see it."""
    width: float
    height: float
    value: object


def drawings(table: Table) -> dict[str, list[Drawing]]:
    """Return the figures of a table by name, in the order of the page.

    Under a name there are several small panels, one, or none where the table has not what it needs.
    """
    return {name: make(table) for name, make in _KINDS.items()}


def environment() -> jinja2.Environment:
    """Return what renders the templates of the board; every word of others is escaped."""
    import jinja2

    return jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        loader=jinja2.FunctionLoader(template),
    )


def template(name: str) -> str:
    """Return the text of a file among the templates."""
    return resources.files("fairforget.board").joinpath("templates", name).read_text(encoding="utf-8")


def _plane(table: Table) -> list[Drawing]:
    found = plane(table)
    told = "Completeness against utility, every row of the ranking; the numbers are in the ranking."
    return [] if found is None else [Drawing("plane", "Completeness and utility", told, WIDTH, found.height, found)]


def _scores(table: Table) -> list[Drawing]:
    name = words.score_name(table).capitalize()
    return [
        Drawing(
            "panel",
            f"{name}, {panel.title}",
            f"{name} on {panel.title}; the numbers are in the tables.",
            WIDTH,
            panel.height + 22,
            panel,
        )
        for panel in panels(table)
    ]


def _way(table: Table) -> list[Drawing]:
    return [
        Drawing("curves", f"On the way, {row.title}", f"After updates, {row.told}.", WIDTH, row.height, row)
        for row in ways(table)
    ]


def _survival(table: Table) -> list[Drawing]:
    return [
        Drawing(
            "curves", f"Not yet forgotten, {panel.title}", f"After updates, {panel.told}.", WIDTH, panel.height, panel
        )
        for panel in survivals(table)
    ]


_KINDS: Final[dict[str, Callable[[Table], list[Drawing]]]] = {
    "plane": _plane,
    "scores": _scores,
    "way": _way,
    "survival": _survival,
}
