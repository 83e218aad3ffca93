"""The commands as calls: ``fairforget.run``, ``board``, ``compare``, ``score`` and ``draws``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairforget.registry import Registry

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-untyped]

    from fairforget.board.values import Board
    from fairforget.compare.values import Comparison
    from fairforget.draws.values import Exported


def run(
    study: str | Path | Mapping[str, Any],
    out: str | Path | None = None,
    *,
    settings: Sequence[str] = (),
    plugins: Sequence[str | Path] = (),
    retry_failed: bool = False,
    shard: str | None = None,
) -> pd.DataFrame:
    """Run what is missing of a study, make its board, and return its results.

    A script that calls this with an engine of several processes has to do so under ``if __name__ == "__main__":``.

    Args:
        study: a file, the name of a study that a plugin ships, or what a study file says as a mapping.
        out: where results go; ``runs/<name of the study>`` where it is None.
        settings: ``key=value`` each, as ``--set``.
        plugins: Python files with hooks, as ``--plugin``.
        retry_failed: run cells again whose record says they failed.
        shard: ``I/N`` to run part I of N, as ``--shard``.

    Returns:
        One row a cell and column, as `fairforget.store.results.Results.frame`.

    Raises:
        FairforgetError: the study is wrong, or the machine cannot do what it asks for.
    """
    from fairforget.run.session import run_to_board
    from fairforget.run.sharing.shards import Shard
    from fairforget.run.watcher import Silent
    from fairforget.store.results import Results
    from fairforget.study.load import open_study, parse_study
    from fairforget.study.planning import make_plan

    part = None if shard is None else Shard.parse(shard)
    registry = Registry.discover([Path(file) for file in plugins])
    if isinstance(study, Mapping):
        opened = parse_study(json.dumps(study), "study", settings)  # JSON is YAML
    else:
        opened = open_study(study, registry, settings)
    plan = make_plan(opened.study, registry, opened.places)
    folder = Path(out) if out is not None else Path("runs") / plan.study.name
    run_to_board(plan, registry, folder, watcher=Silent(), retry_failed=retry_failed, shard=part)
    return Results.read([folder]).frame()


def draws(
    study: str | Path | Mapping[str, Any],
    out: str | Path,
    *,
    settings: Sequence[str] = (),
    plugins: Sequence[str | Path] = (),
) -> Exported:
    """Write every draw of a study for code that is no plugin; the method ``checkpoint`` brings its models back.

    Args:
        study: a file, the name of a study that a plugin ships, or what a study file says as a mapping.
        out: where ``manifest.json`` and the draws go.
        settings: ``key=value`` each, as ``--set``.
        plugins: Python files with hooks, as ``--plugin``.

    Returns:
        What was written: the folder, the manifest, and a file for every draw.

    Raises:
        FairforgetError: the study is wrong, or the folder holds other draws.
    """
    from fairforget.draws.export import export_study
    from fairforget.run.watcher import Silent

    registry = Registry.discover([Path(file) for file in plugins])
    return export_study(study, registry, Path(out), settings=settings, watcher=Silent())


def board(*folders: str | Path, file: str | Path | None = None) -> Board:
    """Return the leaderboard of result folders.

    Args:
        folders: of runs, or of cell files.
        file: a board file, by whose rules the board is made; without folders, of the results that it names.

    Raises:
        FairforgetError: a folder does not exist, or the file is wrong.
    """
    from fairforget.board.kept.reading import read_for_board
    from fairforget.board.planned import planned_keys
    from fairforget.board.table import build

    if file is not None:
        from fairforget.board.files.from_file import board_of_file

        return board_of_file(file, folders)[0]
    found = read_for_board(folders)
    return build(found.records, rejected=found.rejected, planned=planned_keys([Path(f) for f in folders]))


def score(
    task: str,
    by: str,
    *,
    settings: Sequence[str] = (),
    model: str | None = None,
    seed: int = 0,
    plugins: Sequence[str | Path] = (),
) -> pd.DataFrame:
    """Return the difficulty of every sample of a task's pool: columns ``sample``, ``score``, ``stderr``.

    What holds for all of them stands in ``frame.attrs``: ``reliability``, ``higher_is``, ``unit``, ``details``,
    ``trust``, ``seed``, ``identity``.

    Raises:
        FairforgetError: a name, an option or a file is wrong.
    """
    import pandas as pd

    from fairforget.report.trust import trust_of
    from fairforget.run.scoring import score_task

    registry = Registry.discover([Path(f) for f in plugins])
    found = score_task(registry, task, by, settings, model=model, seed=seed)
    found["trust"] = trust_of(found)
    values = {"sample": found["ids"], "score": found["values"], "stderr": found["stderr"]}
    frame = pd.DataFrame(values)
    frame.attrs.update({key: value for key, value in found.items() if key not in {"ids", "values", "stderr"}})
    return frame


def compare(
    base: str | Path,
    head: str | Path,
    *,
    score: str = "score",
    margin: float = 0.0,
) -> Comparison:
    """Compare two result folders, paired by forget set and seed: better, worse, or not to be told.

    Args:
        base: the folder of a run, which is compared with.
        head: the folder of a run, which is judged; `Comparison.fails` says whether a gate on it is red.
        score: ``score``, ``completeness``, ``utility`` or the name of a column.
        margin: a loss of less than this is none.

    Raises:
        FairforgetError: a folder does not exist or has no cells, the two have no cell in common, or there is no such
            score.
    """
    from fairforget.compare.folders import compare_folders

    return compare_folders(Path(base), Path(head), score=score, margin=margin)
