"""Logs studies to MLflow: a run for a study, and a run below it for every cell."""

from __future__ import annotations

from typing import Final

from fairforget_mlflow.tracker import Tracker

__all__ = ["TRACKER", "Tracker"]

TRACKER: Final = Tracker()
"""What the entry point names. An event says nothing of the study that it belongs to, so the tracker remembers it."""
