"""Comparing two folders of results."""

from __future__ import annotations

from pathlib import Path

from fairforget.compare.build import compare
from fairforget.compare.values import Comparison, Side
from fairforget.errors import FairforgetError
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
    return compare(found[0][2].records, found[1][2].records, score=score, margin=margin, rejected=rejected)
