"""Measuring the model of a cell with the metrics of its task."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any

from fairforget.api import Metric, MetricUse, PluginSpec, Sample
from fairforget.run.counting.ledger import Ledger
from fairforget.run.generators import devices_of, lent_generators
from fairforget.run.measures.evaluate import capped, evaluate
from fairforget.run.measures.subject import LiveSubject
from fairforget.run.targets.target import load_target
from fairforget.run.workbench import Workbench

Sets = Mapping[str, tuple[Sample, ...]]


def measure(
    bench: Workbench,
    cell: Mapping[str, Any],
    model: Any,
    forget: tuple[Sample, ...],
    ledger: Ledger,
    *,
    columns: Collection[str] | None = None,
) -> dict[str, Any]:
    """Return the parts of a record that come from measuring.

    Args:
        bench: with the task and its target.
        cell: what is measured.
        model: after unlearning, in eval mode.
        forget: the samples of the draw.
        ledger: of the cell; passes through the oracle are booked in it too.
        columns: the only ones that are measured, for a look on the way; None = all, and whether the model collapsed.
    """
    settings = cell["evaluation"]
    corpus = bench.corpus
    sets = {
        "forget": forget,
        "retain": _known(bench, corpus.retain, settings["retain"]),
        "holdout": capped(corpus.holdout, settings["holdout"]),
        **{name: _known(bench, samples, settings["others"]) for name, samples in corpus.evaluation.items()},
    }
    with _oracle(bench, cell, sets, ledger) as oracle:
        subject = LiveSubject(
            model,
            bench.target.encode,
            sets,
            "forget",
            tokenizer=bench.target.tokenizer,
            max_new_tokens=settings["max_new_tokens"],
            batch_tokens=settings["batch_tokens"],
            reference=oracle,
        )
        asked = [use for use in settings["metrics"] if columns is None or use["column"] in columns]
        found = evaluate(subject, _uses(bench, asked), len(bench.target.tokenizer) if columns is None else None)
    measured = {name for items in found.items.values() for name in items}
    hashes = {s.id: s.digest() for group in sets.values() for s in group if s.id in measured}
    return {"scores": found.scores, "items": found.items, "item_hashes": hashes, "problems": found.problems}


def _known(bench: Workbench, samples: tuple[Sample, ...], cap: int | None) -> tuple[Sample, ...]:
    return capped(tuple(sample for sample in samples if sample.id not in bench.unknown), cap)


def _uses(bench: Workbench, described: list[dict[str, Any]]) -> list[tuple[MetricUse, Metric]]:
    uses = []
    for one in described:
        use = MetricUse(**{**one, "metric": PluginSpec(one["metric"]["name"], one["metric"]["options"])})
        metric = bench.build("metric", one["metric"]).of(Metric)  # type: ignore[type-abstract]
        uses.append((use, metric.pinned(one["metric"].get("depends_on", {}))))
    return uses


@contextmanager
def _oracle(bench: Workbench, cell: Mapping[str, Any], sets: Sets, ledger: Ledger) -> Iterator[Any]:
    """Lend a function that returns the oracle of the draw, made or loaded at its first call; None where there is none.

    Its passes are booked where they are made, under evaluation. What it takes to have it is a phase of its own: it
    depends on what lies in the cache, and no method pays for it.
    """
    with ExitStack() as opened:

        @cache
        def load() -> LiveSubject | None:
            if bench.recipe.training is None:
                return None
            with ledger.phase("oracle"), ledger.aside(), lent_generators(devices_of(bench.target.model)):
                oracle = load_target(bench.oracle_folder(cell["draw"]["forget"]), bench.recipe)
            device = next(bench.target.model.parameters()).device
            opened.enter_context(ledger.watch(oracle.model.to(device)))
            settings = cell["evaluation"]
            return LiveSubject(
                oracle.model,
                bench.target.encode,
                sets,
                "forget",
                tokenizer=bench.target.tokenizer,
                max_new_tokens=settings["max_new_tokens"],
                batch_tokens=settings["batch_tokens"],
            )

        yield load
