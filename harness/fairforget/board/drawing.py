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
class Panel:
    """What stands in one ``<svg>``."""

    told: str
    """For those who do not see it."""
    height: float
    value: object
    width: float = WIDTH


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure: one panel, or several that are read together."""

    name: str
    """Of its file, of its anchor on the page."""
    title: str
    about: str
    """One sentence on how to read it."""
    macro: str
    """Of ``figures.j2``; it draws the value of a panel."""
    panels: tuple[Panel, ...]


def drawings(table: Table) -> dict[str, Drawing]:
    """Return the figures of a table by name, in the order of the page; none that has nothing to show."""
    return {found.name: found for make in _FIGURES if (found := make(table)).panels}


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


def _plane(table: Table) -> Drawing:
    found = plane(table)
    told = "Completeness against utility, every row of the ranking; the numbers are in the ranking."
    curves = "thin curves join points of equal score, " if found is not None and found.contours else ""
    about = (
        f"Up is more forgotten, right is more kept; {curves}crosses are 95 % intervals over forget sets, "
        "hollow marks are reference rows."
    )
    panel = () if found is None else (Panel(told, found.height, found),)
    return Drawing("plane", "Completeness and utility", about, "plane", panel)


def _scores(table: Table) -> Drawing:
    name = words.score_name(table).capitalize()
    about = (
        "A small dot is one forget set, the large one their mean, the bar its 95 % interval; a method that holds only "
        "on easy ones is not ahead."
    )
    found = (
        Panel(f"{name} on {panel.title}; the numbers are in the tables.", panel.height + 22, panel)
        for panel in panels(table)
    )
    return Drawing("scores", f"{name} by kind of forget set", about, "panel", tuple(found))


def _way(table: Table) -> Drawing:
    level = "" if table.goal is None else ", the level line the completeness at which rows are compared"
    about = f"Means over forget sets: the thick line is completeness, the dashed one utility{level}."
    found = (Panel(f"After updates, {row.told}.", row.height, row) for row in ways(table))
    return Drawing("way", "Completeness and utility on the way", about, "curves", tuple(found))


def _survival(table: Table) -> Drawing:
    about = "Kaplan–Meier, all forget sets that count together."
    found = (Panel(f"After updates, {row.told}.", row.height, row) for row in survivals(table))
    return Drawing("survival", "Share of samples not yet forgotten", about, "curves", tuple(found))


_FIGURES: Final[tuple[Callable[[Table], Drawing], ...]] = (_plane, _scores, _way, _survival)
