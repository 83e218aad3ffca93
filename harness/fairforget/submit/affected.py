"""The published boards, before and after results are added."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fairforget.board.board_file import OpenBoard, open_board
from fairforget.board.board_folders import BOARDS, covers, home_of
from fairforget.board.from_file import compose
from fairforget.board.identity import Declared
from fairforget.board.values import Board
from fairforget.errors import FairforgetError
from fairforget.store.record import Record
from fairforget.submit.findings import Finding
from fairforget.submit.layout import RESULTS
from fairforget.submit.moves import Move, moves


@dataclass(frozen=True, slots=True)
class State:
    """The published results at one time."""

    records: Mapping[str, Record]
    """By place relative to the results."""
    declared: Mapping[str, Declared]
    """By key."""


@dataclass(frozen=True, slots=True)
class Affected:
    """One board."""

    file: str
    """Name of its file."""
    moves: tuple[Move, ...]
    error: str | None
    """Why the board cannot be made any more."""


def board_files(home: Path) -> list[Path]:
    """Return the board files of the leaderboards in `home`, by name; a link is none."""
    return sorted(path for path in (home / BOARDS).glob("*.yaml") if not path.is_symlink())


def affected(home: Path, before: State, after: State) -> list[Affected]:
    """Return what moves on every board."""
    found = []
    for path in board_files(home):
        try:
            opened = open_board(path)
            new = _made(opened, after)
        except FairforgetError as error:
            found.append(Affected(path.name, (), str(error)))
            continue
        try:
            old = _made(opened, before)
        except FairforgetError:  # what it asks for was not there yet
            old = compose(opened, (), (), {})
        found.append(Affected(path.name, moves(old, new), None))
    return found


def _made(opened: OpenBoard, state: State) -> Board:
    fitting: dict[str, Record] = {}
    results = home_of(opened.path) / RESULTS
    for place, record in sorted(state.records.items()):
        if covers(opened, results / place):
            # Of two files for one cell, which a check refuses, the one that went well.
            kept = fitting.get(record.key)
            if kept is None or kept.status != "ok":
                fitting[record.key] = record
    return compose(opened, fitting.values(), (), state.declared)


def lowered(boards: Iterable[Affected], changed: Collection[str] = ()) -> Iterator[Finding]:
    """Yield the boards and ranks that are lost by what is added.

    Args:
        boards: what moves on them.
        changed: board files whose own rules changed, where a row may lose its rank by that.
    """
    for board in boards:
        where = f"{BOARDS}/{board.file}"
        if board.error is not None:
            yield Finding(where, f"cannot be made any more: {board.error}")
        if board.file in changed:
            continue
        for move in board.moves:
            ranked = move.before is not None and move.before.rank is not None
            if move.kind == "lost its rank" or (move.kind == "gone" and ranked):
                yield Finding(where, f"a row that was ranked is not any more: {move.text()}")
