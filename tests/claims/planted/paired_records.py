"""Records of cells that were never run, with outcomes that are planted; quick, for thousands of studies a test."""

from __future__ import annotations

import numpy as np

from fairforget.claims.pooling import pooled
from fairforget.claims.values import Evidence, Part
from fairforget.store.record import Problem, Record, Score

COMPLETENESS, UTILITY = "forget_gone", "retain_kept"
BY_METHOD = {"first": {"method": "npo"}, "second": {"method": "grad-diff"}}
STOP = {"kind": "epochs", "amount": 9, "stop": {"rule": "memorization"}}
GOAL = {"kind": "epochs", "amount": 9, "stop": None, "completeness": 0.8, "every": 1}


def score(value, role="completeness", **changes):
    """Return a column; `changes` as ``complement=True``."""
    on = "forget" if role == "completeness" else "retain"
    kind = {"n": 8, "role": role, "better": "higher", "average": True, "view": None, "metric": "planted", "on": on}
    return Score(value=value, **{**kind, **changes})


def record(
    method="npo",
    *,
    curriculum="uniform",
    stratum="random",
    index=0,
    seed=0,
    forget=None,
    completeness=None,
    utility=None,
    columns=None,
    budget=None,
    status="ok",
    ledger=None,
    reference=None,
    items=None,
    **extra,
):
    """Return a record; sets of one stratum share no sample unless `forget` says so."""
    samples = forget or [f"{stratum}-{index}-{i}" for i in range(4)]
    cell = {
        "draw": {
            "sampler": {"name": "fairforget/random" if stratum == "random" else "fairforget/binned"},
            "stratum": stratum,
            "index": index,
            "forget": samples,
            "digest": f"{stratum}-{index}",
        },
        "method": {"name": f"fairforget/{method}", "label": method, "reference": reference},
        "curriculum": None if curriculum is None else {"name": f"fairforget/{curriculum}", "label": curriculum},
        "seed": seed,
        "budget": budget or {"kind": "epochs", "amount": 5, "stop": None},
    }
    scores = dict(columns or {})
    if completeness is not None:
        scores[COMPLETENESS] = score(completeness)
    if utility is not None:
        scores[UTILITY] = score(utility, "utility")
    failed = status != "ok"
    return Record(
        key=f"{method}.{curriculum}.{stratum}.{index}.{seed}",
        cell=cell,
        status=status,
        problems=(Problem("error", "planted"),) if failed else (),
        scores={} if failed else scores,
        items=items or {},
        item_hashes={},
        ledger=ledger or {},
        environment={},
        extra=extra,
    )


def spent(updates, reached=True):
    """Return the ledger of a run that ended there, at its goal or at the end of its budget."""
    return {"updates": updates, "forward_equivalents": 3 * updates, "stopped": "rule" if reached else "budget"}


def evidence(records=(), **parts):
    """Return what a statistic sees: the records of the only part, or those of each."""
    if parts:
        return Evidence("small", {name: Part(tuple(found)) for name, found in parts.items()})
    return Evidence("small", {"": Part(tuple(records))})


class Study:
    """Rows × forget sets × seeds whose values change from one simulation to the next; the records stay."""

    def __init__(self, rows, sets, seeds, strata=("random",), column=COMPLETENESS):
        self.column = column
        self.records = [
            [
                [record(method, curriculum=of, stratum=s, index=i, seed=seed) for seed in range(seeds)]
                for s in strata
                for i in range(sets)
            ]
            for method, of in rows
        ]
        self.evidence = evidence([one for row in self.records for of_set in row for one in of_set])

    def told(self, values):
        """Return the evidence with other values, (rows, sets of all strata, seeds)."""
        for row, of_row in zip(self.records, np.asarray(values).tolist(), strict=True):
            for of_set, found in zip(row, of_row, strict=True):
                for one, value in zip(of_set, found, strict=True):
                    one.scores[self.column] = score(value)
        return self.evidence


def verdicts(statistic, expectation, studies, targets=1):
    """Return how often each verdict comes; so many studies, one after the other, are the targets of one claim."""
    counts = {"supported": 0, "contradicted": 0, "undecided": 0}
    effects = [statistic.estimate(found, np.random.default_rng(seed)) for seed, found in enumerate(studies)]
    for first in range(0, len(effects), targets):
        counts[expectation.verdict(pooled(effects[first : first + targets]))] += 1
    return counts
