"""How far the training of a target is, told in the file of the lock that its maker holds."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fairforget.run.targets.target_folder import lock_path
from fairforget.run.watcher import Look, Seen
from fairforget.store.lock import add_to, is_held, told

if TYPE_CHECKING:
    from fairforget.run.targets.training import Progress, TrainingProgress

_EVERY: Final = 5.0
"""Seconds between two words."""


def telling(folder: Path, clock: Callable[[], float] = time.monotonic) -> Progress:
    """Return what tells of a training, to whoever sees the cache.

    Args:
        folder: of the target that is made.
        clock: seconds.
    """
    path, spoke = lock_path(folder), clock()

    def tell(training: TrainingProgress) -> None:
        nonlocal spoke
        if clock() - spoke >= _EVERY:
            spoke = clock()
            add_to(path, update=training.update, updates=training.updates, remaining=training.remaining)

    return tell


def looking(folder: Path) -> Look:
    """Return what looks how far the training of a target is; None where nobody trains it, or nobody says."""
    path = lock_path(folder)

    def look() -> Seen | None:
        said = told(path)
        done, total, left = said.get("update"), said.get("updates"), said.get("remaining")
        if type(done) is not int or type(total) is not int or not 0 <= done <= total or not is_held(path):
            return None
        known = isinstance(left, int | float) and not isinstance(left, bool) and 0 <= left < math.inf
        return Seen(done, total, "updates", left if known else None)

    return look
