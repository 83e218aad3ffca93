"""Making the board that a board file describes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from fairforget.board.files.board_file import OpenBoard, open_board
from fairforget.board.files.declarations import declared_in, with_declared
from fairforget.board.files.folders import folders_of
from fairforget.board.files.selection import by_columns, select
from fairforget.board.identity import Declared
from fairforget.board.kept.reading import read_for_board
from fairforget.board.table import build
from fairforget.board.values import Board
from fairforget.errors import FairforgetError
from fairforget.store.record import Record, Rejected
from fairforget.store.results import Results


def board_of_file(path: Path | str, folders: Sequence[Path | str] = ()) -> tuple[Board, Results]:
    """Make a board by its file.

    Args:
        path: the board file.
        folders: results that take the place of those the file names: to see one's own under the rules of a board.

    Returns:
        The board, and what was read for it.

    Raises:
        FairforgetError: the file is wrong, or a folder is not there.
    """
    opened = open_board(path)
    where = [Path(folder) for folder in folders] or folders_of(opened)
    found = read_for_board(where)
    declared, odd = declared_in(where)
    found = Results(found.records, (*found.rejected, *odd))
    return compose(opened, found.records, found.rejected, declared), found


def compose(
    opened: OpenBoard, records: Iterable[Record], rejected: Iterable[Rejected], declared: Mapping[str, Declared]
) -> Board:
    """Make a board from records that were read already.

    Raises:
        FairforgetError: the file asks for a column or a stratum that no result has.
    """
    file = opened.file
    kept, left = select(file, records)
    averaged = by_columns(opened, with_declared(kept, declared))
    try:
        # Where there is no result yet, there is no stratum to weigh.
        weights = file.strata if averaged else None
        made = build(averaged, rejected=rejected, weights=weights, rules=file.rules)
    except FairforgetError as error:
        if file.strata is None:
            raise
        raise opened.error(("strata",), str(error)) from error
    return replace(made, left_out=(*left, *made.left_out), about=file.about)
