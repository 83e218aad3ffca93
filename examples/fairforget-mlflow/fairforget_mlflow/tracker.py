"""The events of fairforget, for MLflow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fairforget import hookimpl

if TYPE_CHECKING:
    from fairforget.study.plan import Plan
    from fairforget.study.schema import Study
    from fairforget_mlflow.log import StudyLog


class Tracker:
    """Hears of one study at a time, in the process of ``fairforget run``."""

    def __init__(self) -> None:
        """Wait for a study."""
        self._log: StudyLog | None = None

    @hookimpl
    def fairforget_study_started(self, study: Study, plan: Plan) -> None:
        """Open the study's run, or the one that an earlier call of the same study has left."""
        from fairforget_mlflow.log import StudyLog  # MLflow takes a second to load; only studies need it

        self._log = None  # what fails to open must not write into the study before
        self._log = StudyLog.open(study.to_json(), cells=len(plan))

    @hookimpl
    def fairforget_cell_finished(self, record: Mapping[str, Any], progress: Mapping[str, Any]) -> None:
        """Log a cell, and how far the study is."""
        if self._log is not None:
            self._log.cell(record)
            self._log.progress(progress)

    @hookimpl
    def fairforget_study_finished(self, results: Mapping[str, Any]) -> None:
        """Log the board, and close the study's run."""
        if self._log is not None:
            self._log.finish(results)
            self._log = None

    @hookimpl
    def fairforget_study_stopped(self, reason: str) -> None:
        """Close the study's run before its end; the same study goes on in it."""
        if self._log is not None:
            self._log.stop(reason)
            self._log = None
