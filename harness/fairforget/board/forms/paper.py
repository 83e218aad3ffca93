"""The columns that papers on unlearning print: every measurement of a role, and beside them their average."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Final

from fairforget.board import text, words
from fairforget.board.sheets.sheet import Cell, Head, Line, Sheet, figure
from fairforget.board.values import Column, Row, Table

MOST_COLUMNS: Final = 12
"""Measurements that a page has room for."""
ROLES: Final = {"completeness": "unlearning completeness", "utility": "utility"}
_NAMES: Final = {
    "ua": "UA",
    "fa": "FA",
    "ma": "MA",
    "el": "EL",
    "mia": "MIA",
    "rr": "RR",
    "rouge_l": "ROUGE-L",
    "accuracy": "Acc.",
    "perplexity": "PPL",
}
"""What papers call a measurement. RR is 1 − ROUGE-L, of the forget set; ROUGE-L of what is kept has its own name."""
_ARROWS: Final = {"higher": " ↑", "lower": " ↓", None: ""}


def paper(table: Table) -> Sheet:
    """Return a line a row with its measurements of completeness, their average, those of utility, and theirs."""
    usual = sum(stratum.draws for stratum in table.strata if stratum.weight > 0)
    found = [(role, columns) for role, columns in groups(table) if columns]
    heads = [Head("method", numeric=False)]
    for _, columns in found:
        heads += [Head(_head(column), text.shown(column.name)) for column in columns]
        heads.append(Head("Avg. ↑", "The mean of the measurements before it, taken in every cell."))
    lines = [
        Line((Cell(text.shown(row.label)), *_cells(row, found, usual)), row.reference is not None) for row in table.rows
    ]
    aside = any(not _averaged(column) for _, columns in found for column in columns)
    left = sum(column.role in ROLES for column in table.columns) - sum(len(columns) for _, columns in found)
    about = (
        f"{'What the averages are made of' if left else 'Every measurement of completeness and of utility'}, "
        f"{words.headline_name(table)}."
        + (" What an average leaves out stands in brackets." if aside else "")
        + (f" {text.plural(left, 'measurement')} in no average left out." if left else "")
    )
    return Sheet("paper", "Completeness and utility by measurement", about, tuple(heads), tuple(lines) if found else ())


def groups(table: Table) -> list[tuple[str, list[Column]]]:
    """Return the measurements of both roles; of many those that the averages are made of."""
    found = [(role, [c for c in table.columns if c.role == role]) for role in ROLES]
    if sum(len(columns) for _, columns in found) <= MOST_COLUMNS:
        return found
    return [(role, [c for c in columns if _averaged(c)]) for role, columns in found]


def _cells(row: Row, found: Sequence[tuple[str, list[Column]]], usual: int) -> Iterator[Cell]:
    for role, columns in found:
        for column in columns:
            yield figure(row.headline.columns.get(column.name), usual)
        yield figure(getattr(row.headline, role), usual)


def _head(column: Column) -> str:
    """Return ``retain, ROUGE-L ↑``: what is measured on, and how."""
    where, how = _parted(column)
    name = _NAMES.get(how, how.replace("_", " "))
    # Completeness is about the forget set, so only other sets need their name.
    parts = [text.shown(part, 24) for part in (where.replace("_", " "), name) if part and part != "forget"]
    head = ", ".join(parts or [text.shown(column.name, 24)]) + _ARROWS[column.better]
    return head if _averaged(column) else f"[{head}]"


def _parted(column: Column) -> tuple[str, str]:
    """Return the set and the measurement in the name of a column; an empty set where it has none."""
    named, on = column.name.split("_"), column.on.split("_")
    same = len(list(takewhile(lambda i: named[i : i + 1] == on[i : i + 1], range(len(named) - 1))))
    if not same:
        known = [name for name in _NAMES if column.name.endswith(f"_{name}")]
        same = len(named) - max((name.count("_") + 1 for name in known), default=len(named))
    return "_".join(named[:same]), "_".join(named[same:])


def _averaged(column: Column) -> bool:
    return column.average and column.better == "higher"
