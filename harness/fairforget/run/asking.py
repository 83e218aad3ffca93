"""What has to be known before there are draws, asked of the workers of an engine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairforget.run import jobs
from fairforget.run.flight import Flight
from fairforget.run.runtime import Runtime
from fairforget.run.targets.target_folder import lock_path
from fairforget.run.targets.told import looking
from fairforget.run.watcher import Watcher
from fairforget.store.lock import held_by
from fairforget.study.cell import canonical_json
from fairforget.study.options import Built
from fairforget.study.plan import Plan

if TYPE_CHECKING:
    from fairforget.registry import Registry


@dataclass(frozen=True)
class Asking:
    """Makes the target and scores the pool, or finds both in the cache."""

    flight: Flight
    shared: tuple[str, str, str]
    """Task, model and runtime, as every job gets them."""
    watcher: Watcher
    target: Path | None = None
    """Its folder in the cache."""

    def prepare(self) -> Mapping[str, Any]:
        """Make the target, or find it; return the facts about its pool."""
        other = None if self.target is None else held_by(lock_path(self.target))
        look = None if self.target is None else looking(self.target)
        if other is None:
            self.watcher.stage("making the target model, or finding it in the cache", look)
        else:
            self.watcher.stage(f"waiting for the target model, which {other} makes", look)
        return _parsed(self.flight.ask((jobs.prepare, self.shared)))

    def score(self, difficulty: Built) -> Mapping[str, Any]:
        """Score the pool by a difficulty."""
        self.watcher.stage(f"scoring the pool by {difficulty.entry.name}")
        return _parsed(self.flight.ask((jobs.score, (*self.shared, canonical_json(difficulty.to_json())))))


def shared_texts(plan: Plan, registry: Registry, cache: Path, data: str, threads: int) -> tuple[str, str, str]:
    """Return the texts that every job gets: task, model, runtime.

    Args:
        plan: of the study.
        registry: for the plugin files.
        cache: where targets, oracles and scores are kept.
        data: digest of the corpus.
        threads: of a job.
    """
    runtime = Runtime(str(cache), tuple(map(str, registry.plugin_files)), threads)
    return canonical_json(plan.task_json(data)), canonical_json(plan.study.model_json()), runtime.to_json()


def _parsed(text: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(text)
    return found
