"""The numbers of a figure as tables, whatever its shape: one table for what stands alone, one for each list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from fairforget.board.loose import items, mapping, number
from fairforget.board.sheets.sheet import Cell, Head, Line, Sheet
from fairforget.board.text import shown
from fairforget.claims.report import words
from fairforget.claims.report.measured import columns
from fairforget.claims.report.told import Told

MOST_LINES: Final = 40
MOST_COLUMNS: Final = 24
_SMALL: Final = 1e-3
"""What is smaller has a power of ten."""
_SINGLE: Final = frozenset({"points", "values"})
"""Lists of single samples: they are drawn, and too long to be printed."""
_INTERVALS: Final = frozenset({"ratio", "true", "observed"})
"""Lists of a value and the ends of its interval."""
_COLUMNS: Final[Mapping[tuple[str, int], tuple[str, ...]]] = {
    ("sets", 2): ("forget set", "value"),
    ("pairs", 2): ("method and curriculum", "mean"),
    ("rows", 2): ("row", "value"),
    ("rows", 5): ("row", "share", "low", "high", "estimate below 0"),
    ("parts", 5): ("part", "fact", "value", "low", "high"),
    ("slopes", 3): ("of", "slope", "standard error"),
}
"""What stands in the lists that statistics hand on, by the name of the list and its width."""

_TITLES: Final[Mapping[str, str]] = {
    "sets": "Forget set by forget set",
    "pairs": "By method and curriculum",
    "rows": "Rows of the study",
    "parts": "Parts",
    "slopes": "Slopes",
    "matrix": "Correlations",
    "by_draws": "By number of draws",
    "readings": "Readings",
    "levels": "Level by level",
}
Row = dict[str, Any]


def numbers(told: Told) -> tuple[Sheet, ...]:
    """Return the numbers behind the figures of a claim; those of single samples are in ``claims.json`` alone.

    What their columns are is said once, over the first table, in the words of the statistic.
    """
    legend = "" if told.read is None else columns(told.read.file.statistic.name)
    alone: list[Row] = []
    lists: dict[str, list[Row]] = {}
    for one in told.outcome.targets:
        figure, target = one.judged.effect.figure, {"target": one.target}
        scalars = {key: value for key, value in _flat(figure) if key not in _SINGLE}
        if scalars:
            alone.append({**target, **scalars})
        for key, value in figure.items():
            if key not in _SINGLE and _is_list(value):
                _listed(lists, key, figure, items(value), target)
    found = [("Single numbers", alone), *((_TITLES.get(key, shown(key, 40)), rows) for key, rows in lists.items())]
    titled = [(title, rows) for title, rows in found if rows]
    return tuple(_sheet(f"numbers-{i}", title, rows, "" if i else legend) for i, (title, rows) in enumerate(titled))


def _listed(
    lists: dict[str, list[Row]], key: str, figure: Mapping[str, Any], found: Sequence[Any], before: Row
) -> None:
    """Put the lines of a list, and of lists within its lines, where they belong."""
    for entry in found:
        if isinstance(entry, Mapping):
            line = dict(_flat(entry))
            lists.setdefault(key, []).append({**before, **line})
            name = {key: value for key, value in line.items() if isinstance(value, str)}
            for inner, value in entry.items():
                if inner not in _SINGLE and _is_list(value) and all(isinstance(one, Mapping) for one in value):
                    rows = [{**before, **name, **dict(_flat(mapping(one)))} for one in value]
                    lists.setdefault(inner, []).extend(rows)
        elif isinstance(entry, list):
            heads = _heads(key, figure, entry)
            lists.setdefault(key, []).append({**before, **dict(zip(heads, entry, strict=True))})


def _heads(key: str, figure: Mapping[str, Any], entry: Sequence[Any]) -> Sequence[str]:
    """Return what the values of a list in a list are."""
    width = len(entry)
    if key == "sets" and width == 3 and "ratio" in figure:
        return ("forget set", "low", "high")
    rows = [shown(items(row)[0] if items(row) else row, 40) for row in items(figure.get("rows"))]
    if key == "sets" and len(rows) == width - 1 and ("matrix" in figure or width > 2):
        return ("forget set", *_distinct(rows))
    if key == "matrix" and len(rows) == width:
        return _distinct(rows)
    return _COLUMNS.get((key, width), tuple(f"{i + 1}" for i in range(width)))


def _flat(found: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what is no table, mappings in it opened one level deep."""
    for key, value in found.items():
        if isinstance(value, Mapping):
            yield from ((f"{key} {inner}", one) for inner, one in value.items() if not isinstance(one, Mapping | list))
        elif isinstance(value, list):
            if not _is_list(value):
                yield key, _interval(value) if key in _INTERVALS else value
        else:
            yield key, value


def _interval(found: Sequence[Any]) -> str:
    value, *ends = (("–" if (known := number(one)) is None else words.number(known)) for one in found or [None])
    return f"{value} ({' to '.join(ends)})"


def _is_list(value: Any) -> bool:
    """Whether a value is a list of lists or of mappings: a table."""
    return isinstance(value, list) and any(isinstance(one, list | Mapping) for one in value)


def _sheet(name: str, title: str, rows: Sequence[Row], legend: str) -> Sheet:
    keys = list(dict.fromkeys(key for row in rows for key in row))[:MOST_COLUMNS]
    several = len({row.get("target") for row in rows}) > 1
    keys = [key for key in keys if key != "target" or several] or keys
    drawn = rows[:MOST_LINES]
    numeric = {key: all(_is_number(row.get(key)) for row in drawn) for key in keys}
    heads = tuple(Head(shown(key.replace("_", " "), 40), numeric=numeric[key]) for key in keys)
    lines = tuple(Line(tuple(_cell(row.get(key)) for key in keys)) for row in drawn)
    said = [f"In these tables: {legend}"] if legend else []
    if len(rows) > MOST_LINES:
        said.append(f"The first {MOST_LINES} of {len(rows):,} lines; claims.json has all.")
    return Sheet(name, title, " ".join(said), heads, lines)


def _cell(value: Any) -> Cell:
    found = number(value)
    if found is None:
        return Cell("–" if value is None or value == "" else shown(words.flow(value)))
    whole = found.is_integer() and abs(found) < 1e15
    if whole:
        return Cell(f"{found:,.0f}", found)
    return Cell(words.number(found) if abs(found) >= _SMALL else f"{found:.3g}", found)


def _is_number(value: Any) -> bool:
    return value is None or number(value) is not None


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names, numbered where two are alike: they are the heads of columns."""
    if len(set(names)) == len(names):
        return tuple(names)
    return tuple(f"{i + 1} {name}" for i, name in enumerate(names))
