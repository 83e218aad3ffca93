"""A study from its plan to its board."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fairforget.paths import cache_folder
from fairforget.run.stopping import told_when_stopped
from fairforget.run.study import Outcome, run_study
from fairforget.study.options import build
from fairforget.study.spec import engine_spec

if TYPE_CHECKING:
    from fairforget.board.values import Board
    from fairforget.registry import Registry
    from fairforget.run.sharing.shards import Shard
    from fairforget.run.watcher import Watcher
    from fairforget.study.plan import Plan


@dataclass(frozen=True)
class Session:
    """What `run_to_board` made."""

    outcome: Outcome
    board: Board
    files: tuple[Path, ...]
    """``board.md``, ``board.html``, ``board.json``."""


def run_to_board(
    plan: Plan,
    registry: Registry,
    folder: Path,
    *,
    watcher: Watcher,
    retry_failed: bool = False,
    shard: Shard | None = None,
) -> Session:
    """Run what is missing of a study and make its board from the files of the folder.

    The board is that of the whole study: where a part of it was run, the board says how many cells are missing.

    Raises:
        FairforgetError: the user can mend it; nothing that was done is lost.
    """
    from fairforget.board.forms.json import plain
    from fairforget.board.forms.write import write_board
    from fairforget.board.kept.reading import read_for_board
    from fairforget.board.table import build as build_board

    engine = build(registry, "engine", engine_spec(plan.study.engine))
    outcome = run_study(
        plan,
        registry,
        folder,
        engine=engine,
        cache=cache_folder(),
        watcher=watcher,
        retry_failed=retry_failed,
        shard=shard,
    )
    watcher.stage("making the board")
    with told_when_stopped(registry, plan.study):
        found = read_for_board([folder])
        planned = set(outcome.planned)
        records = [record for record in found.records if record.key in planned]
        if others := len(found.records) - len(records):
            other = "are of other cells than this study's"
            watcher.note(f"{others} records in {folder} {other}; its board leaves them out")
        board = build_board(records, rejected=found.rejected, planned=outcome.planned)
        files = write_board(board, folder)
    registry.emit("fairforget_study_finished", study=plan.study, results=plain(board))
    return Session(outcome, board, tuple(files))
