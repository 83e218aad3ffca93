"""Asking a task for its corpus and its columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from fairforget.api import Corpus, Metric, MetricUse, Sample, Task
from fairforget.errors import FairforgetError
from fairforget.testing.definition import CheckFailed, Skipped

if TYPE_CHECKING:
    from fairforget.testing.examined import Examined

OWN_SETS = ("forget", "retain", "holdout")


def corpus_of(examined: Examined, *, again: bool = False) -> Corpus:
    """Return the corpus of the task, loaded once for all checks.

    Args:
        examined: the task.
        again: load it once more, by a new instance.

    Raises:
        Skipped: its data is not here.
        CheckFailed: it is no `fairforget.api.Corpus`.
    """

    def load() -> Corpus:
        task: Task = examined.make()
        try:
            found: Any = task.corpus()
        except FairforgetError as error:
            msg = f"its corpus is not here: {error}"
            raise Skipped(msg) from error
        if not isinstance(found, Corpus):
            raise CheckFailed(f"corpus returns {type(found).__name__}; it returns a fairforget.api.Corpus")
        return found

    return load() if again else examined.once("corpus", load)


def parts(corpus: Corpus) -> dict[str, tuple[Sample, ...]]:
    """Return the three parts of a corpus whose ids are unique together."""
    return {"pool": corpus.pool, "retain": corpus.retain, "holdout": corpus.holdout}


def sets_of(corpus: Corpus, forget: int) -> dict[str, tuple[Sample, ...]]:
    """Return the sets that columns are measured on, the first samples of the pool as what is forgotten."""
    found = {"forget": corpus.pool[:forget], "retain": corpus.retain, "holdout": corpus.holdout}
    return {**found, **corpus.evaluation}


def columns(examined: Examined) -> Iterator[tuple[MetricUse, Metric]]:
    """Yield the columns of the task with their metrics, built as a plan builds them.

    Raises:
        CheckFailed: it returns something else, or a metric cannot be built.
    """
    from fairforget.study.options import build

    task: Task = examined.make()
    uses: Any = task.metrics()
    if not isinstance(uses, Sequence) or not all(isinstance(use, MetricUse) for use in uses):
        raise CheckFailed("metrics returns something else than a list of fairforget.api.MetricUse")
    for use in uses:
        try:
            metric = build(examined.registry, "metric", use.metric).of(Metric)  # type: ignore[type-abstract]
        except FairforgetError as error:
            raise CheckFailed(f"column {use.column!r}: {error}") from error
        yield use, metric
