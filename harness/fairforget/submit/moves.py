"""What moves on a board between two states of its results."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from fairforget.board import words
from fairforget.board.forms.json import plain
from fairforget.board.text import shown
from fairforget.board.values import Board, Row, Table
from fairforget.study.cell import canonical_json

Kind = Literal["new", "gone", "lost its rank", "got a rank", "rank", "score"]


class Standing(NamedTuple):
    """Where a row stands."""

    rank: int | None
    low: int | None
    high: int | None
    unranked: str | None
    """Why it has no rank."""
    score: float | None
    n: int
    """Forget sets behind the score."""

    def text(self) -> str:
        """Return rank and score, with the rank's interval and the number of forget sets."""
        place = f"rank {self.rank} ({self.low}–{self.high})" if self.rank else f"no rank: {shown(self.unranked, 200)}"
        return place if self.score is None else f"{place}, score {self.score:.3f}, n = {self.n}"


class Move(NamedTuple):
    """What became of one row."""

    kind: Kind
    table: str
    row: str
    before: Standing | None
    after: Standing | None

    def text(self) -> str:
        """Return the move as a line."""
        parts = [one.text() for one in (self.before, self.after) if one is not None]
        return f"{self.table}: {shown(self.row)}: {self.kind}: {' → '.join(parts)}"


def moves(before: Board, after: Board) -> tuple[Move, ...]:
    """Return the rows that are new, gone, or stand elsewhere or with another score; in the order of the board."""
    old, new = _rows(before), _rows(after)
    titles = {_identity(table): _title(table) for table in (*before.tables, *after.tables)}
    found: list[Move] = []
    for key in dict.fromkeys((*new, *old)):
        here, there = new.get(key, {}), old.get(key, {})
        for row in dict.fromkeys((*here, *there)):
            label = (here.get(row) or there[row]).label
            was, now = (None if at.get(row) is None else _standing(at[row]) for at in (there, here))
            if (kind := _kind(was, now)) is not None:
                found.append(Move(kind, titles[key], label, was, now))
    return tuple(found)


def _kind(was: Standing | None, now: Standing | None) -> Kind | None:
    if was is None or now is None:
        return "new" if was is None else "gone"
    if (was.rank is None) != (now.rank is None):
        return "lost its rank" if now.rank is None else "got a rank"
    if (was.rank, was.low, was.high) != (now.rank, now.low, now.high):
        return "rank"
    return "score" if (was.score, was.n) != (now.score, now.n) or was.unranked != now.unranked else None


def _identity(table: Table) -> str:
    """Return what a table has in common with itself after rows were added."""
    common: Mapping[str, Any] = {
        "task": plain(table.task),
        "target": table.target.get("id"),
        "budget": plain(table.budget),
        "evaluation": plain(table.evaluation),
        "forget size": table.forget_size,
        "unit": table.unit,
        "trials": table.trials,
    }
    return hashlib.sha256(canonical_json(common).encode()).hexdigest()


def _rows(board: Board) -> dict[str, dict[str, Row]]:
    """Return the rows by table; of tables that differ in their forget sets alone, those of the one with most cells."""
    found: dict[str, dict[str, Row]] = {}
    for table in board.tables:
        rows = found.setdefault(_identity(table), {})
        for row in table.competing:
            rows.setdefault(row.id, row)
    return found


def _title(table: Table) -> str:
    tuned = "" if table.trials is None else f", {table.trials} trials"
    return f"{words.title(table)}, {words.budget_text(table)}{tuned}"


def _standing(row: Row) -> Standing:
    score, rank = row.headline.score, row.rank
    mean, n = (None, 0) if score is None else (score.mean, score.n)
    if rank is None:
        return Standing(None, None, None, row.unranked, mean, n)
    return Standing(rank.rank, rank.low, rank.high, None, mean, n)
