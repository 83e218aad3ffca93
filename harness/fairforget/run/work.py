"""The work behind the jobs: make a target, score a pool, compute a cell."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fairforget.api import Difficulty
from fairforget.api.engine import JOB_LOG
from fairforget.lm.passes import token_scores, usable
from fairforget.run.cell import compute_cell, score_samples
from fairforget.run.counting.ledger import Ledger
from fairforget.run.generators import devices_of, lent_generators, seed_generators
from fairforget.run.group import leads
from fairforget.run.kept import keep
from fairforget.run.pool_identity import pool_identity, score_identity, score_stream
from fairforget.run.problem import memory_told
from fairforget.run.runtime import Runtime
from fairforget.run.targets.recall_stop import missed
from fairforget.run.workbench import Workbench, open_workbench
from fairforget.store.jsonable import jsonable
from fairforget.store.provenance import environment
from fairforget.store.record import write_record
from fairforget.study.options import Built


def prepare(task: str, model: str, runtime: str) -> str:
    """Make the target, or find it; return what the draws need to know of its pool as JSON."""
    with memory_told("the target was made and looked at"):
        bench = _bench(task, model, runtime)
        identity = pool_identity(bench.identity, bench.target.digest, bench.data)
        _ = bench.unknown  # found before the first cell, and kept for all of them
        return json.dumps(keep(bench.cache / "pools", identity, lambda: _pool(bench)))


def score(task: str, model: str, runtime: str, difficulty: str, seed: int = 0) -> str:
    """Score every sample of the pool on the target, or find the scores; return them, and what they are of, as JSON."""
    bench = _bench(task, model, runtime)
    built = bench.build("difficulty", json.loads(difficulty))
    identity = score_identity(bench.identity, bench.target.digest, bench.data, built, seed)
    with memory_told(f"the pool was scored by {built.entry.name}"):
        found = keep(bench.cache / "scores", identity, lambda: _scores(bench, built, identity))
    note = missed(bench.target.meta)
    return json.dumps({**found, "identity": identity, "notes": [] if note is None else [note]})


def cell(task: str, model: str, runtime: str, folder: str, described: str, draw_info: str, tuning: str = "null") -> str:
    """Compute one cell and write its record into `folder`; return its key.

    Args:
        task: JSON of the task as in the cell.
        model: JSON of the study's ``model``, or ``null``.
        runtime: JSON of a `Runtime`.
        folder: where records lie.
        described: JSON of the cell.
        draw_info: JSON of what is known about the draw beside its samples; goes into the record as it is.
        tuning: JSON of what `fairforget.run.tuning` has to say of the row; null where it was not tuned.
    """
    bench = _bench(task, model, runtime)
    record = compute_cell(bench, json.loads(described))
    record["draw_info"] = json.loads(draw_info)
    if (tuned := json.loads(tuning)) is not None:
        record["tuning"], record["ledger"]["tuning"] = tuned["tuning"], tuned["ledger"]
    record["environment"] = environment(threads=torch.get_num_threads())
    if record["status"] == "failed" and (log := os.environ.get(JOB_LOG)):
        record["problems"][0]["log"] = log
    if leads():
        write_record(Path(folder), record)
    return str(record["key"])


def _bench(task: str, model: str, runtime: str) -> Workbench:
    settings = Runtime.from_json(runtime)
    torch.set_num_threads(settings.threads)
    return open_workbench(task, model, settings.cache, settings.plugin_files)


def _pool(bench: Workbench) -> dict[str, Any]:
    samples = bench.target.encode(bench.corpus.pool, bench.corpus)
    found = token_scores(bench.target.model, samples)
    accuracy = [float(h.mean()) if usable(lp) else None for h, lp in zip(found.hits, found.logprobs, strict=True)]
    return {
        "ids": [s.sample.id for s in samples],
        "lengths": [s.length for s in samples],
        "initial_probability": [_finite(np.exp(lp.mean())) if lp.size else None for lp in found.logprobs],
        "memorization_accuracy": accuracy,
    }


def _scores(bench: Workbench, built: Built, identity: Mapping[str, Any]) -> dict[str, Any]:
    difficulty = built.of(Difficulty)  # type: ignore[type-abstract]
    samples = bench.to_score(bench.corpus.pool)
    ledger = Ledger()
    with bench.model() as model, lent_generators(devices_of(model)), ledger.watch(model), ledger.phase("difficulty"):
        seed_generators("difficulty", int(score_stream(identity).integers(2**62)))
        found = score_samples(difficulty, model, samples, score_stream(identity))
    return {
        "ids": [s.sample.id for s in samples],
        "values": [_finite(v) for v in found.values],
        "stderr": None if found.stderr is None else [_finite(v) for v in found.stderr],
        "reliability": None if found.reliability is None else _finite(found.reliability),
        "higher_is": difficulty.higher_is,
        "unit": difficulty.unit,
        "tokens": sum(s.length for s in samples),
        "details": jsonable(found.details)[0],
        "ledger": ledger.to_json()["difficulty"],
    }


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
