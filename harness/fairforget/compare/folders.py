"""Comparing two folders of results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fairforget.board.planned import planned_keys
from fairforget.compare.build import compare
from fairforget.compare.identity import identity
from fairforget.compare.values import Comparison, Side
from fairforget.errors import FairforgetError
from fairforget.store.record import Record
from fairforget.store.results import Results


def compare_folders(base: Path, head: Path, *, score: str = "score", margin: float = 0.0) -> Comparison:
    """Compare the results of two folders.

    Raises:
        FairforgetError: a folder does not exist or holds no cell that can be used, the two have no cell in common, or
            there is no such score.
    """
    sides: tuple[tuple[Side, Path], ...] = (("BASE", base), ("HEAD", head))
    found = [(side, folder, Results.read([folder])) for side, folder in sides]
    for side, folder, results in found:
        if not results.records:
            why = "; cell files lie in the folder cells/ of a run and are called KEY.json"
            if results.rejected:
                files = f"{len(results.rejected)} {'file is' if len(results.rejected) == 1 else 'files are'} not used"
                why = f": {files}, the first because {results.rejected[0].reason}"
            msg = f"there are no cells in {side}, {folder}{why}"
            raise FairforgetError(msg)
    rejected = [(side, file) for side, _, results in found for file in results.rejected]
    base_cells, head_cells = (_of_plan(folder, results.records) for _, folder, results in found)
    return compare(base_cells, head_cells, score=score, margin=margin, rejected=rejected)


def _of_plan(folder: Path, records: Sequence[Record]) -> list[Record]:
    """Return the records without those that another one of the run's plan has replaced.

    So of models that were made elsewhere and came back once more those count that the run's own board shows.
    """
    planned = planned_keys([folder]) or frozenset()
    of_plan = {identity(record) for record in records if record.key in planned}
    return [record for record in records if record.key in planned or not of_plan or identity(record) not in of_plan]
