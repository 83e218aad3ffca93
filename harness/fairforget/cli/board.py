"""``fairforget board DIR…``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fairforget.board.cycles import without_search
from fairforget.errors import FairforgetError
from fairforget.terminal import printable

if TYPE_CHECKING:
    import argparse

    from fairforget.board.values import Board
    from fairforget.store.results import Results

_TEXTS: Final = ("md", "html", "json", "tex")
_FIGURES: Final = ("svg", "png")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "folders",
        nargs="*",
        type=Path,
        metavar="DIR",
        help="the folder of a run, or a folder of cell files; several make one board; with --board: instead of its own",
    )
    parser.add_argument(
        "--board",
        type=Path,
        metavar="FILE",
        help="a board file: which results are compared, and what a row needs to be ranked",
    )
    parser.add_argument(
        "--format",
        choices=(*_TEXTS, *_FIGURES),
        help="print the board in this format, or with --out write this file alone; svg and png need --out, for every "
        "figure is a file; default: the rankings as a table",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="write board.md, board.html and board.json there")


@without_search()
def execute(args: argparse.Namespace) -> int:
    """Make a board from cell files."""
    from fairforget.board.kept.reading import read_for_board
    from fairforget.board.planned import planned_keys
    from fairforget.board.table import build

    if args.format in _FIGURES and args.out is None:
        raise FairforgetError(f"--format {args.format} makes a file of every figure: say with --out DIR where they go")
    if args.board is not None:
        from fairforget.board.files.from_file import board_of_file

        board, found = board_of_file(args.board, args.folders)
        _show(board, args.format, args.out)
        return _complain(found)
    if not args.folders:
        raise FairforgetError("name the folder of a run (runs/NAME), or a board file with --board FILE")
    found = read_for_board(args.folders)
    if not found.records and not found.rejected:
        names = ", ".join(map(str, args.folders))
        msg = f"there are no cells in {names}; cell files lie in the folder cells/ of a run and are called KEY.json"
        raise FairforgetError(msg)
    board = build(found.records, rejected=found.rejected, planned=planned_keys(args.folders))
    _show(board, args.format, args.out)
    return _complain(found)


def _show(board: Board, form: str | None, out: Path | None) -> None:
    from fairforget.board.forms.terminal import print_board
    from fairforget.board.forms.write import RENDERERS, write_any, write_board

    if out is not None:
        paths = write_board(board, out) if form is None else write_any(board, out, form)
        for path in paths:
            print(printable(str(path)))
        if not paths:
            print("fairforget: there is nothing to draw yet", file=sys.stderr)
    elif form is None:
        print_board(board)
    else:
        sys.stdout.write(RENDERERS[form](board))


def _complain(found: Results) -> int:
    """Say what could not be used or failed, on standard error; return 2 for a file, else 1 for a cell, else 0."""
    for rejected in found.rejected:
        print(printable(f"fairforget: {rejected.path} is not used: {rejected.reason}"), file=sys.stderr)
    failed = sum(record.status == "failed" for record in found.records)
    if failed:
        said = f"fairforget: {failed} of {len(found.records)} cells failed; the board says which"
        print(printable(said), file=sys.stderr)
    if found.rejected:
        return 2
    return 1 if failed else 0
