"""``python -m fairforget_tasks.paper TABLE DIR…``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from fairforget.claims.printed.beside import records_beside
from fairforget.claims.printed.markdown import markdown
from fairforget.errors import FairforgetError
from fairforget.store.results import Results
from fairforget_tasks.paper.tables import NUMBERS, paper_table


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table of the paper with our numbers beside it; return the exit code: 2 where the input is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m fairforget_tasks.paper",
        description="Print a table of arXiv 2504.06658, with the numbers of runs beside it, as Markdown.",
    )
    known = ", ".join(map(str, NUMBERS))
    parser.add_argument("table", type=int, metavar="TABLE", help=f"number of the table in the paper: {known}")
    parser.add_argument("runs", type=Path, nargs="*", metavar="DIR", help="folders of runs of the study of the table")
    given = parser.parse_args(arguments)
    try:
        sys.stdout.write(_beside(given.table, given.runs))
    except FairforgetError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _beside(number: int, runs: Sequence[Path]) -> str:
    table = paper_table(number)
    if runs and not table.ours:
        msg = f"{table.source.where} has no study: none of its numbers is on a board; give no folder"
        raise FairforgetError(msg)
    results = Results.read(runs)
    sys.stderr.writelines(f"not used: {file.path}: {file.reason}\n" for file in results.rejected)
    return markdown(table, records_beside(table, results.records))


if __name__ == "__main__":
    raise SystemExit(main())
