"""What is known about a draw beside its samples: it stands in every record of the draw and changes no score."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from fairforget.api import Pool, PoolScore, Sample
from fairforget.study.draws import Draw


def make_pool(
    samples: Sequence[Sample],
    facts: Mapping[str, Any],
    scores: Mapping[str, Mapping[str, Any]],
    *,
    whole: bool,
    without: Collection[str] = (),
) -> Pool:
    """Return the pool of a task as samplers see it.

    Args:
        samples: the pool of the corpus.
        facts: what the job `prepare` found, in the order of the samples.
        scores: what the job `score` found, by the name the sampler uses.
        whole: whether groups are drawn whole.
        without: ids that may not be drawn.
    """
    rows = [i for i, sample in enumerate(samples) if sample.id not in without]
    found = {name: _pool_score(score, rows) for name, score in scores.items()}
    return Pool(tuple(samples[i] for i in rows), np.array(facts["lengths"])[rows], whole, found)


def _pool_score(score: Mapping[str, Any], rows: Sequence[int]) -> PoolScore:
    stderr = None if score["stderr"] is None else np.array(score["stderr"], dtype=np.float64)[rows]
    values = np.array(score["values"], dtype=np.float64)[rows]
    return PoolScore(values, score["higher_is"], score["reliability"], stderr)


def draw_info(
    draw: Draw,
    pool: Sequence[Sample],
    facts: Mapping[str, Any],
    scores: Mapping[str, Mapping[str, Any]],
    advice: Sequence[str],
) -> dict[str, Any]:
    """Return the means of the draw's covariates, and the scores its sampler chose by, of every sample too.

    The covariates are what strata may differ in beside difficulty: length in scored tokens, probability on the target
    before unlearning, and every numeric attribute of the samples.
    """
    chosen = set(draw.forget)
    rows = [i for i, sample in enumerate(pool) if sample.id in chosen]
    columns: dict[str, list[Any]] = {
        "length": [facts["lengths"][i] for i in rows],
        "initial_probability": [facts["initial_probability"][i] for i in rows],
    }
    for name in sorted({name for sample in pool for name in sample.attributes}):
        values = [pool[i].attributes.get(name) for i in rows]
        if all(isinstance(v, int | float) for v in values):
            columns[name] = values
    for name, score in scores.items():
        columns[name] = [score["values"][i] for i in rows]
    return {
        "covariates": {name: _mean(values) for name, values in columns.items()},
        "scores": [
            {
                "name": name,
                "reliability": score["reliability"],
                "higher_is": score["higher_is"],
                "forward_sequences": score["ledger"]["forward_sequences"],
                "backward_sequences": score["ledger"]["backward_sequences"],
                "seconds": score["ledger"]["seconds"],
            }
            for name, score in scores.items()
        ],
        "samples": {
            name: {pool[i].id: score["values"][i] for i in rows if score["values"][i] is not None}
            for name, score in scores.items()
        },
        "advice": list(advice),
    }


def _mean(values: Sequence[Any]) -> float | None:
    known = [float(v) for v in values if v is not None]
    return sum(known) / len(known) if known else None
