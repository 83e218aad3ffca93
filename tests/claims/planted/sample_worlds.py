"""Cells that forget one sample each, and score sets of the same samples, made up so that what is true is known."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from fairforget.claims.values import Evidence, Part, ScoreSet
from fairforget.store.record import Record, Score

GOAL = {"kind": "epochs", "amount": 400.0, "stop": {"rule": "memorization", "policy": "unseen"}}


def names(samples: int) -> tuple[str, ...]:
    return tuple(f"s{i:04d}" for i in range(samples))


def cell(
    forget: Sequence[str],
    method: str = "npo",
    seed: int = 0,
    updates: float = 10,
    stopped: str = "rule",
    *,
    columns: Mapping[str, float] | None = None,
    covariates: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Record:
    """Return a record; `changes` are parts of its cell, or ``status``."""
    found = {
        "method": {"name": f"fairforget/{method}", "label": method, "reference": None},
        "curriculum": {"name": "fairforget/uniform", "label": "uniform"},
        "draw": {
            "sampler": {"name": "fairforget/random"},
            "stratum": "random",
            "index": int(forget[0][1:]) if forget[0][1:].isdigit() else 0,
            "forget": list(forget),
        },
        "seed": seed,
        "budget": GOAL,
        "optimizer": {"name": "adamw"},
    }
    scores = {
        name: Score(value, len(forget), "diagnostic", "higher", average=False, view=None)
        for name, value in (columns or {}).items()
    }
    status = changes.pop("status", "ok")
    key = hashlib.sha256(repr((forget, method, seed, sorted(changes.items()))).encode()).hexdigest()[:24]
    ledger = {"updates": updates, "forward_equivalents": 6 * updates, "stopped": stopped}
    extra = {} if covariates is None else {"draw_info": {"covariates": dict(covariates)}}
    return Record(key, {**found, **changes}, status, (), scores, {}, {}, ledger, {}, extra)


def cells(
    ids: Sequence[str], updates: np.ndarray, most: float = np.inf, methods: Iterable[str] | None = None
) -> tuple[Record, ...]:
    """Return cells of updates (methods, seeds, samples), cut at `most`."""
    labels = methods or [f"method-{m}" for m in range(len(updates))]
    found = []
    for label, by_seed in zip(labels, updates, strict=True):
        for seed, row in enumerate(by_seed):
            cut = row > most
            found += [
                cell((name,), label, seed, float(min(value, most)), "budget" if late else "rule")
                for name, value, late in zip(ids, row, cut, strict=True)
            ]
    return tuple(found)


def scores(
    name: str, ids: Sequence[str], values: np.ndarray, groups: Sequence[str] = (), **options: Any
) -> tuple[ScoreSet, ...]:
    """Return score sets of values (seeds, samples) or (samples,); NaN is no score."""
    return tuple(
        ScoreSet(
            {"name": f"fairforget/{name}", "options": options},
            seed,
            tuple(ids),
            tuple(None if np.isnan(v) else float(v) for v in row),
            groups=tuple(groups),
        )
        for seed, row in enumerate(np.atleast_2d(values))
    )


def evidence(records: Iterable[Record] = (), *sets: Sequence[ScoreSet], target: str = "small") -> Evidence:
    return Evidence(target, {"": Part(tuple(records), tuple(one for some in sets for one in some))})
