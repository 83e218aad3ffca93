"""What an engine runs: module-level functions of texts, so that any engine and any start method will do.

Importing this imports no torch: the process that hands jobs out does no work of its own.
"""

from __future__ import annotations


def prepare(task: str, model: str, runtime: str) -> str:
    """Make the target, or find it; return what the draws need to know of its pool as JSON.

    Args:
        task: JSON of the task as in a cell.
        model: JSON of the study's ``model``.
        runtime: JSON of a `fairforget.run.runtime.Runtime`.
    """
    from fairforget.run import work

    return work.prepare(task, model, runtime)


def score(task: str, model: str, runtime: str, difficulty: str, seed: str = "0") -> str:
    """Score every sample of the pool on the target, or find the scores; return them, and what they are of, as JSON."""
    from fairforget.run import work

    return work.score(task, model, runtime, difficulty, int(seed))


def cell(task: str, model: str, runtime: str, folder: str, described: str, draw_info: str, tuning: str = "null") -> str:
    """Compute one cell and write its record into `folder`; return its key.

    A cell whose record is there is not computed again, unless it failed; nor is one that another process computes:
    this one waits for its record, and computes the cell where that process dies over it.

    Args:
        task: JSON of the task as in the cell.
        model: JSON of the study's ``model``.
        runtime: JSON of a `fairforget.run.runtime.Runtime`.
        folder: where records lie.
        described: JSON of the cell.
        draw_info: JSON of what is known about the draw beside its samples; goes into the record as it is.
        tuning: JSON of what `fairforget.run.tuning` has to say of the row; null where it was not tuned.
    """
    import json
    from pathlib import Path

    from fairforget.run.sharing.holds import computed_once
    from fairforget.study.cell import cell_key

    def compute() -> str:
        from fairforget.run import work

        return work.cell(task, model, runtime, folder, described, draw_info, tuning)

    return computed_once(Path(folder), cell_key(json.loads(described)), compute)
