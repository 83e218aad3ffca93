"""The order of the page: which figures and tables answer which question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fairforget.board.page.scene import Drawing
from fairforget.board.sheets.sheet import Sheet


@dataclass(frozen=True, slots=True)
class Chapter:
    """Figures and tables that answer one question."""

    name: str
    title: str
    about: str
    parts: tuple[Drawing | Sheet, ...]


_PLAN: Final[tuple[tuple[str, str, str, tuple[str, ...]], ...]] = (
    (
        "ahead",
        "Who is ahead",
        "Rows that share a rank cannot be told apart with the forget sets there are.",
        ("sheet ranking", "ranks", "sheet matched", "sheet standing"),
    ),
    (
        "kinds",
        "By kind of forget set",
        "Which samples were to be forgotten decides how well a method looks.",
        (
            "scores",
            "sheet strata",
            "sheet reversals",
            "sheet between",
            "sheet lines",
            "sheet turns",
            "differences",
            "sheet differences",
            "sheet binnings",
        ),
    ),
    (
        "kept",
        "Forgotten, kept, paid",
        "Forgetting is easy for those who may break the model, and cheap for those who may train for long.",
        ("plane", "costs", "sheet columns", "sheet cost", "sheet tuning"),
    ),
    (
        "pairs",
        "Who beats whom",
        "Two rows are compared on the same forget sets, so what a forget set does to both cancels.",
        ("beats", "sheet pairs"),
    ),
    (
        "draws",
        "From forget set to forget set",
        "If another draw of samples would name another winner, no single draw can.",
        ("draws", "sheet agreement", "sheet components", "sheet null"),
    ),
    (
        "samples",
        "Sample by sample",
        "A mean over a forget set hides which of its samples are still there.",
        ("difficulty", "sheet forgetting", "survival", "sheet coverage"),
    ),
    ("way", "On the way", "What a run has forgotten and kept before it ends.", ("way", "sheet way")),
    (
        "behind",
        "Where the numbers come from",
        "What went wrong, and everything needed to make them again.",
        ("sheet problems", "sheet provenance"),
    ),
)


def chapters(drawings: Mapping[str, Drawing], sheets: Sequence[Sheet]) -> list[Chapter]:
    """Return the chapters that have a part; a table that no chapter asks for stands in the last one, first."""
    parts: dict[str, Drawing | Sheet] = {**drawings, **{f"sheet {sheet.name}": sheet for sheet in sheets}}
    asked = {name for _, _, _, names in _PLAN for name in names}
    others = [part for name, part in parts.items() if name not in asked]
    found = []
    for name, title, about, names in _PLAN:
        mine = [parts[wanted] for wanted in names if wanted in parts]
        if name == _PLAN[-1][0]:
            mine = [*others, *mine]
        if mine:
            found.append(Chapter(name, title, about, tuple(mine)))
    return found
