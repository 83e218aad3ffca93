"""Outcomes of a claim for every statistic, with the figures that it makes of planted evidence, and their files."""

from __future__ import annotations

import functools
import json
import runpy
from pathlib import Path

import numpy as np

from fairforget.claims.expectation import Expectation
from fairforget.claims.open import statistic
from fairforget.claims.outcome import Cost, Judged, OnTarget, Outcome
from fairforget.claims.pooling import pooled
from fairforget.claims.values import Evidence, Part, ScoreSet
from fairforget.study.spec import parse_spec

HERE = Path(__file__).parent / "planted"
TARGETS = ("small-0", "large-1")
SIDES = {"first": {"method": "npo"}, "second": {"method": "grad-diff"}}
STRATA = {"first": {"stratum": "in"}, "second": {"stratum": "out"}}
FAST = {"resamples": 200}
CLAIMS = {
    "c1": {"name": "variance-share", "of": "completeness"},
    "c2": {"name": "reversal", **SIDES},
    "c3": {"name": "rank-correlation", "score": "mrd", "partial": ["length"], **FAST},
    "c4": {"name": "log-slope", "score": "mrd", **FAST},
    "c5": {"name": "added-r2", "score": "mrd", "over": ["length", "loss"], **FAST},
    "c6": {"name": "concordance", "of": "completeness"},
    "c7": {"name": "paired-difference", **SIDES},
    "c8": {"name": "ratio", **SIDES},
    "c9": {"name": "mixed-slope", "score": "mrd", "beside": ["loss"], "scale": "rank", **FAST},
    "c10": {"name": "standard-error-law", "of": "m"},
    "c11": {"name": "sensitivity-slope", "of": "m", "derived": 1.0},
    "c12": {"name": "score-agreement", "of": "m", "beside": "other", "given": ["length"]},
    "c13": {"name": "group-difference", "attribute": ["loss"], "outcome": "mrd", "scale": "rank", **FAST},
    "c15": {"name": "theorem-ratio", "of": "m", "over": "hessian"},
    "c16": {"name": "decay", **STRATA},
    "c17": {"name": "trade-off-area", **STRATA},
    "c18": {"name": "at-equal-utility", **STRATA, "lost": 0.2},
    "c20": {"name": "misalignment-index", "generation": "forget_rr", "probability": "forget_p", "chance": 0.01},
    "c21": {
        "name": "slope-over-parts",
        "statistic": {"name": "paired-difference", **SIDES},
        "over": "parameters",
    },
}
EXPECT = {"c12": {"below": 0.0}, "c10": {"within": (0.68, 0.83)}, "c11": {"within": (0.95, 1.05)}, "c2": {"below": 0.3}}


@functools.cache
def _worlds():
    return tuple(
        runpy.run_path(str(HERE / f"{name}.py")) for name in ("paired_records", "sample_worlds", "score_worlds")
    )


def effect(claim, seed=0, **more):
    """Return what the statistic of a claim makes of planted evidence."""
    found = {**CLAIMS[claim], **more}
    made = statistic(parse_spec(found))
    return made.estimate(evidence(found["name"], seed), np.random.default_rng(seed))


def evidence(name, seed):
    rng = np.random.default_rng(seed)
    if name in {"standard-error-law", "sensitivity-slope", "score-agreement", "theorem-ratio"}:
        return _of_scores(name, rng)
    if name in {"rank-correlation", "log-slope", "added-r2", "mixed-slope", "group-difference"}:
        return _of_samples(rng)
    return _of_sets(name, rng)


def _of_scores(name, rng):
    world = _worlds()[2]["World"](rng, 40)
    ids = tuple(f"s{i:02}" for i in range(40))

    def sets(values, difficulty, **options):
        described = {"name": f"fairforget/{difficulty}", "options": options}
        return [ScoreSet(described, seed, ids, tuple(row)) for seed, row in enumerate(np.asarray(values).tolist())]

    if name == "standard-error-law":
        found = [one for k in (10, 25, 50) for one in sets(world.inside(6, k), "m", draws=k)]
    elif name == "sensitivity-slope":
        found = [one for s in (1e-5, 1e-4, 1e-3) for one in sets(world.inside(5, 40, s), "m", sigma=s)]
    elif name == "score-agreement":
        first = world.inside(3, 50)
        other = np.log(first.mean(0)) + 0.3 * rng.normal(size=40)
        found = [*sets(first, "m"), *sets([other], "other"), *sets([rng.normal(size=40)], "length")]
    else:
        outside = world.outside(4, 60)
        exact = np.repeat((1e-3**2 / 2 * world.traces)[None], 4, axis=0) * np.exp(0.02 * rng.normal(size=(4, 40)))
        found = [*sets(outside, "m", sigma=1e-3), *sets(exact, "hessian", sigma=1e-3)]
    return Evidence("t", {"": Part(scores=tuple(found))})


def _of_samples(rng):
    planted = _worlds()[1]
    ids = planted["names"](40)
    length, loss = rng.normal(size=(2, 40))
    x = rng.normal(size=40) + 0.5 * length
    updates = np.exp(3 - 0.6 * x + 0.3 * loss + 0.4 * rng.normal(size=(2, 2, 40)))
    sets = (
        planted["scores"]("mrd", ids, np.exp(x) * np.exp(0.1 * rng.normal(size=(2, 40))), sigma=0.001),
        planted["scores"]("length", ids, length),
        planted["scores"]("loss", ids, loss),
    )
    return planted["evidence"](planted["cells"](ids, updates, 60.0), *sets)


def _of_sets(name, rng):
    planted = _worlds()[0]
    record, kept = planted["record"], planted["evidence"]
    if name == "ratio":
        stop = {"kind": "epochs", "amount": 9, "stop": {"rule": "memorization"}}
        return kept(
            record(method, index=i, budget=stop, ledger=_spent(times * rng.uniform(5, 40), rng.random() < 0.9))
            for method, times in (("npo", 2.0), ("grad-diff", 1.0))
            for i in range(12)
        )
    if name in {"decay", "trade-off-area", "at-equal-utility"}:
        return kept(
            record(stratum=stratum, index=i, **_looked(planted, fall * rng.uniform(0.8, 1.2)))
            for stratum, fall in (("in", 0.16), ("out", 0.1))
            for i in range(8)
        )
    if name == "misalignment-index":
        said, likely = np.sort(rng.uniform(0, 1, (2, 8, 4)), axis=2)[..., ::-1]
        columns = {
            "forget_rr": planted["score"](0.9, complement=True),
            "forget_p": planted["score"](0.9, complement=True),
        }
        return kept(
            record(
                index=i,
                columns=columns,
                items={"forget_rr": {"a": 0.9, "b": 0.9}, "forget_p": {"a": 0.9, "b": 0.2}},
                trajectory=[
                    {"update": k, "scores": {"forget_rr": 1 - float(said[i, k]), "forget_p": 1 - float(likely[i, k])}}
                    for k in range(4)
                ],
            )
            for i in range(8)
        )
    easy = rng.normal(0, 0.08, 10)
    parts = {}
    for part, size in (("", 1.0),) if name != "slope-over-parts" else (("one", 1e6), ("two", 4e6), ("three", 2e7)):
        better = 0.02 * np.log10(size) + 0.04
        found = tuple(
            record(method, index=i, seed=seed, completeness=float(0.6 + easy[i] + gain + rng.normal(0, 0.03)))
            for method, gain in (("npo", better), ("grad-diff", 0.0), ("simnpo", 0.02))
            for i in range(10)
            for seed in range(3)
        )
        parts[part] = Part(found, facts={"parameters": size})
    return Evidence("t", parts)


def _spent(updates, reached):
    return {"updates": updates, "forward_equivalents": 3 * updates, "stopped": "rule" if reached else "budget"}


def _looked(planted, fall):
    forgotten, kept = [0.1, 0.4, 0.7, 0.9], [1 - fall * i for i in range(4)]
    points = [
        {"update": 5 * i, "scores": {planted["COMPLETENESS"]: c, planted["UTILITY"]: u}}
        for i, (c, u) in enumerate(zip(forgotten, kept, strict=True))
    ]
    return {"completeness": 0.9, "utility": kept[-1], "trajectory": points}


def outcome(claim, dist="", note="a cell was left out"):
    """Return the outcome of a claim on two targets, with a control in which the first target stands for nothing."""
    expect = Expectation(**EXPECT.get(claim, {"above": 0.0}), because="planted")

    def judged(found):
        return Judged(found, expect.verdict(found))

    on = [(target, judged(effect(claim, seed)), judged(effect(claim, seed + 7))) for seed, target in enumerate(TARGETS)]
    controls = {"shuffled": judged(pooled([control.effect for _, _, control in on]))}
    return Outcome(
        claim=f"{dist}{claim}",
        judged=judged(pooled([own.effect for _, own, _ in on])),
        controls=controls,
        targets=tuple(OnTarget(target, own, {"shuffled": control}) for target, own, control in on),
        notes=(note,),
        cost=Cost(120, 2, 1, 12_345.0, 67.0),
        units_to_decide=40 if claim == "c7" else None,
    )


def claim_file(claim, **changes):
    """Return the content of a claim file as JSON, which is YAML."""
    own = CLAIMS[claim]
    file = {
        "title": f"What {own['name']} is asked",
        "statement": f"The statement of {claim}, in full.",
        "family": "difficulty",
        "source": {"paper": "arXiv:2504.06658", "where": "Table 1"},
        "study": {
            "name": "planted",
            "task": {"name": "biographies", "people": 40},
            "draws": 10,
            "forget_size": 8,
            "methods": ["npo", {"name": "grad-diff", "weight": 0.5}],
            "seeds": 3,
        },
        "targets": {"small-0": {"set": {"model.seed": 0}}, "large-1": {"set": {"model.seed": 1}}},
        "statistic": own,
        "expect": {**EXPECT.get(claim, {"above": 0.0}), "because": "any effect at all supports it"},
        "controls": {"shuffled": {"statistic": own, "because": "The same scores on the wrong samples."}},
        "assumed": {"effect": 0.1, "spread": 0.2, "because": "a pilot"},
        "would_change": "A target on which samples differ more.",
        "means": {
            "supported": "Do as the claim says.",
            "contradicted": "Do not do as the claim says.",
            "undecided": "It cannot be told from these runs.",
        },
    }
    return json.dumps({**file, **changes})
