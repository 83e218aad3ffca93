"""One cell: unlearn, measure, describe."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch

from fairforget.api import Curriculum, Difficulty, MadeElsewhere, Method, Sample, Scores
from fairforget.errors import FairforgetError
from fairforget.lm.split import load_whole
from fairforget.lm.tokens import SampleSet
from fairforget.run.counting.escapes import uncounted
from fairforget.run.counting.ledger import Ledger
from fairforget.run.elsewhere import bring, declared_ledger
from fairforget.run.generators import devices_of, lent_generators, seed_generators
from fairforget.run.looks.path import Path
from fairforget.run.looks.watches import path_of
from fairforget.run.measures.measuring import measure
from fairforget.run.memory_use import peak_memory
from fairforget.run.problem import problem_of
from fairforget.run.seeds import stream
from fairforget.run.targets.recall_stop import missed
from fairforget.run.targets.target import load_target
from fairforget.run.updates.budget import Budget
from fairforget.run.updates.follow import follow
from fairforget.run.updates.live import LiveRun, refusal_positions
from fairforget.run.updates.order import Order
from fairforget.run.updates.reference import Reference
from fairforget.run.workbench import Workbench, close_workbench
from fairforget.study.cell import cell_key
from fairforget.study.draws import parted
from fairforget.study.options import build


def compute_cell(bench: Workbench, cell: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of a cell, without its environment; a failure of the method is part of the record.

    The cell's seed decides every random number through streams of their own; the global generators are seeded for
    models with dropout and for plugins that draw from them, and left as they were.
    """
    if (cell["task"]["data"], cell["target"]["id"]) != (bench.data, bench.identity["id"]):
        msg = "the data of the task or the model changed while the study ran; run the same command again"
        raise FairforgetError(msg)
    ledger = Ledger()
    record: dict[str, Any] = {"schema": 1, "key": cell_key(cell), "cell": dict(cell), "status": "ok", "problems": []}
    record |= {"scores": {}, "items": {}, "item_hashes": {}}
    bench.intact()  # looks at it for the first time, before any plugin can
    with bench.model() as model, lent_generators(devices_of(model)):
        run = open_run(bench, cell, model, ledger)
        seed_generators(*_identity(cell))
        with ledger.watch(model):
            record |= _attempt(bench, cell, run)
    if not bench.intact():
        close_workbench()  # the cells that follow would be of another target
        record |= _of_another_target()
    if (note := missed(bench.target.meta)) is not None:
        record["problems"] = [*record["problems"], {"kind": "warning", "message": note}]
    record["ledger"] = {
        **ledger.to_json(),
        "peak_memory_bytes": peak_memory(),
        "stopped": run.stopped,
        "curriculum": run.order.log,
        "visits": {s.id: int(v) for s, v in zip(run.samples, run.order.visits, strict=True)},
    }
    if "elsewhere" in record:
        record["ledger"] |= declared_ledger(record["elsewhere"]["declared"])
    return record


def _of_another_target() -> dict[str, Any]:
    """Return what is left of a cell whose numbers may be of another target than they say."""
    message = "the method changed the weights of the target, which are nobody's to change; run.model is its own"
    problem = {"kind": "target-changed", "message": message}
    return {"status": "failed", "problems": [problem], "scores": {}, "items": {}, "item_hashes": {}}


def _attempt(bench: Workbench, cell: Mapping[str, Any], run: LiveRun) -> dict[str, Any]:
    """Unlearn and measure; return the parts of the record that say how it went."""
    try:
        method = _method(bench, cell)
        if isinstance(method, MadeElsewhere):
            return _brought(bench, cell, run, method)
        follow(method, run)
        run.model.eval()
        escaped = [] if method.reference is not None else uncounted(run, bench.weights)
        with run.ledger.phase("evaluation"):
            found = measure(bench, cell, run.model, tuple(run.samples), run.ledger)
        way = run.path.record(found["scores"])
        return {**found, **way, "problems": [*found["problems"], *way["problems"], *escaped]}
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything; the cell keeps it, the study goes on
        problem = problem_of(error)
    way = run.path.record({})
    return {**way, "status": "failed", "problems": [problem, *way["problems"]]}


def _brought(bench: Workbench, cell: Mapping[str, Any], run: LiveRun, method: MadeElsewhere) -> dict[str, Any]:
    """Load and measure a model that was made elsewhere; return the parts of the record that say how it went."""
    found = bring(method, cell, run)
    run.model.eval()
    with run.ledger.phase("evaluation"):
        measured = measure(bench, cell, run.model, tuple(run.samples), run.ledger)
    return {**measured, "elsewhere": {"made_by": found.made_by, "declared": dict(found.spent)}}


def open_run(bench: Workbench, cell: Mapping[str, Any], model: Any, ledger: Ledger) -> LiveRun:
    """Return the run of a cell on a model that holds the target's weights."""
    forget, kept = parted(bench.corpus, cell["draw"]["forget"], bench.unknown)
    curriculum = _curriculum(bench, cell)
    encoded = bench.target.encode(forget, bench.corpus)
    identity = _identity(cell)
    row = _method(bench, cell).reference
    order = Order(forget, curriculum, cell["optimizer"]["batch_size"], len(kept), identity)
    return LiveRun(
        model=model,
        forget=encoded,
        retain=bench.target.encode(kept, bench.corpus),
        order=order,
        budget=Budget.from_json(cell["budget"]),
        settings=dict(cell["optimizer"]),
        ledger=ledger,
        reference=Reference(bench.frozen_model, ledger),
        score=partial(_score, bench, curriculum, model, encoded, identity),
        refusals=partial(_refusals, bench, forget, identity),
        oracle=partial(_load_oracle, bench, cell["draw"]["forget"], model) if row == "oracle" else None,
        path=_path(bench, cell, model, encoded, ledger),
        copy_of=bench.copy_of,
    )


def score_samples(difficulty: Difficulty, model: Any, samples: SampleSet, rng: np.random.Generator) -> Scores:
    """Return the scores of a difficulty, a bare array wrapped; checks the shape.

    Raises:
        FairforgetError: the difficulty returned something else than one number a sample.
    """
    found = difficulty.score(model if difficulty.needs_model else None, samples, rng)
    scores = found if isinstance(found, Scores) else Scores(np.asarray(found, dtype=np.float64))
    if scores.values.shape != (len(samples),):
        msg = f"{type(difficulty).__name__} scored {len(samples)} samples with an array of shape {scores.values.shape}"
        raise FairforgetError(msg)
    return scores


def _identity(cell: Mapping[str, Any]) -> tuple[str | int, ...]:
    return cell["draw"]["digest"], cell["seed"]


def _method(bench: Workbench, cell: Mapping[str, Any]) -> Method:
    return bench.build("method", cell["method"]).of(Method)  # type: ignore[type-abstract]


def _curriculum(bench: Workbench, cell: Mapping[str, Any]) -> Curriculum:
    return Curriculum() if cell["curriculum"] is None else bench.build("curriculum", cell["curriculum"]).of(Curriculum)


def _path(bench: Workbench, cell: Mapping[str, Any], model: Any, samples: SampleSet, ledger: Ledger) -> Path:
    """Return what is looked at along the way; nothing where there is none, or it is a reference row's."""
    method = _method(bench, cell)
    if method.reference is not None or isinstance(method, MadeElsewhere):
        return Path()
    forget = tuple(encoded.sample for encoded in samples)

    def look(columns: Collection[str]) -> dict[str, Any]:
        found: dict[str, Any] = measure(bench, cell, model, forget, ledger, columns=columns)["scores"]
        return found

    return path_of(bench, cell, model, samples, look)


def _score(
    bench: Workbench,
    curriculum: Curriculum,
    model: Any,
    samples: SampleSet,
    identity: tuple[str | int, ...],
    epoch: int,
) -> np.ndarray:
    spec = curriculum.difficulty()
    if spec is None:
        raise TypeError("scores were asked for by a curriculum that names no difficulty")
    difficulty = build(bench.registry, "difficulty", spec).of(Difficulty)  # type: ignore[type-abstract]
    with lent_generators(devices_of(model)):
        seed_generators(*identity, "difficulty", epoch)
        found = score_samples(difficulty, model, samples, stream(*identity, "difficulty", epoch)).values
    texts = [encoded.sample for encoded in samples]
    return curriculum.prepare(texts, found, difficulty.higher_is, stream(*identity, "curriculum"))


def _refusals(
    bench: Workbench, forget: Sequence[Sample], identity: tuple[str | int, ...], positions: Sequence[int]
) -> SampleSet:
    texts = bench.corpus.refusals
    if not texts:
        msg = (
            "the method asks for refusals (batch.refusal), and the task has none; leave the method out, or take a task "
            "whose corpus has refusals"
        )
        raise FairforgetError(msg)
    numbers = refusal_positions(identity, forget)
    answered = [
        Sample(forget[i].id, forget[i].prompt, texts[numbers[i] % len(texts)], forget[i].group) for i in positions
    ]
    return bench.target.encode(answered, bench.corpus)


def _load_oracle(bench: Workbench, without: Sequence[str], model: torch.nn.Module) -> None:
    with lent_generators(devices_of(model)):  # what is drawn here depends on what the cache holds
        oracle = load_target(bench.oracle_folder(without), bench.recipe)
    load_whole(model, oracle.model.state_dict())
