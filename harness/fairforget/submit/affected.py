"""The published boards, before and after results are added."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from fairforget.board.files.board_file import OpenBoard, open_board
from fairforget.board.files.folders import BOARDS, covers, home_of
from fairforget.board.files.from_file import compose
from fairforget.board.identity import Declared
from fairforget.board.values import Board
from fairforget.errors import FairforgetError
from fairforget.store.record import Record
from fairforget.submit.board_files import board_files
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
    """What moves, by its rules before and after."""
    by_results: tuple[Move, ...]
    """What would move by its rules before alone."""
    error: str | None
    """Why the board cannot be made any more."""


def affected(
    home: Path, before: State, after: State, former: Mapping[str, OpenBoard | None] = MappingProxyType({})
) -> list[Affected]:
    """Return what moves on every board.

    Args:
        home: the folder of the leaderboards.
        before: the results as they were.
        after: the results as they are.
        former: boards whose files changed, as they were, by name of the file.
    """
    found = []
    for path in board_files(home):
        try:
            opened = open_board(path)
            new = _made(opened, after)
        except FairforgetError as error:
            found.append(Affected(path.name, (), (), str(error)))
            continue
        ruled = former.get(path.name) or opened
        try:
            old = _made(ruled, before)
        except FairforgetError:  # what it asks for was not there yet
            old = compose(ruled, (), (), {})
        moved = moves(old, new)
        found.append(Affected(path.name, moved, moved if ruled is opened else _by_results(ruled, old, after), None))
    return found


def _by_results(ruled: OpenBoard, old: Board, after: State) -> tuple[Move, ...]:
    try:
        return moves(old, _made(ruled, after))
    except FairforgetError:  # which may be why its rules changed
        return ()


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


def lowered(boards: Iterable[Affected]) -> Iterator[Finding]:
    """Yield the boards and ranks that are lost by what is added; what changed rules do is only shown."""
    for board in boards:
        where = f"{BOARDS}/{board.file}"
        if board.error is not None:
            yield Finding(where, f"cannot be made any more: {board.error}")
        for move in board.by_results:
            ranked = move.before is not None and move.before.rank is not None
            if move.kind == "lost its rank" or (move.kind == "gone" and ranked):
                yield Finding(where, f"a row that was ranked is not any more: {move.text()}")
