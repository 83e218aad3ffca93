"""The misalignment index of records, beside that of their paths."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from fairforget.stats.misalignment import misalignment_index


def test_the_misalignment_index_of_records(planted, told):
    rng = np.random.default_rng(15)
    said, likely = np.sort(rng.uniform(0, 1, (2, 6, 4)), axis=2)[..., ::-1]
    columns = {"forget_rr": planted.score(0.9, complement=True), "forget_p": planted.score(0.9, complement=True)}
    records = [
        planted.record(
            index=i,
            columns=columns,
            items={"forget_rr": {"a": 0.9, "b": 0.9, "c": 0.1}, "forget_p": {"a": 0.9, "b": 0.2, "c": 0.2}},
            trajectory=[
                {"update": k, "scores": {"forget_rr": 1 - float(said[i, k]), "forget_p": 1 - float(likely[i, k])}}
                for k in range(4)
            ],
        )
        for i in range(6)
    ]
    options = {"generation": "forget_rr", "probability": "forget_p"}
    found = told("misalignment-index", planted.evidence(records), **options, chance=0.01)
    by_path = misalignment_index(said, likely, chance=0.01).paths
    test = stats.ttest_1samp(by_path, 0).confidence_interval()
    assert (found.value, found.low) == (pytest.approx(np.mean(by_path)), pytest.approx(test.low))
    assert (found.figure["samples"], found.figure["kept_unsaid"]) == (18, pytest.approx(1 / 3))
    assert "without a value" in told("misalignment-index", planted.evidence(records), **options).problem
    oracle = [
        planted.record(
            "retrain", index=i, reference="oracle", columns={n: planted.score(0.99, complement=True) for n in columns}
        )
        for i in range(6)
    ]
    beside = planted.evidence(records + oracle)
    assert told("misalignment-index", beside, **options).value == pytest.approx(found.value)
    low = told("misalignment-index", beside, **options, lowest="retrain")
    assert low.value == pytest.approx(np.mean(misalignment_index(said, likely, chance=0.01, lowest=0.01).paths))
    few = planted.evidence(records + oracle[:1])
    assert not told("misalignment-index", few, **options).known
    both = {"chance": "retrain-mean", "lowest": "retrain-mean"}
    assert told("misalignment-index", few, **options, **both).value == pytest.approx(low.value)
    assert not told("misalignment-index", planted.evidence(records), **options, **both).known
    apart = [
        planted.record(
            "retrain", index=i, reference="oracle", columns={n: planted.score(v, complement=True) for n in columns}
        )
        for i, v in enumerate((0.9, 0.96))
    ]
    found = told("misalignment-index", planted.evidence(records + apart), **options, **both)
    assert found.value == pytest.approx(np.mean(misalignment_index(said, likely, chance=0.07, lowest=0.07).paths))


def test_strata_of_a_misalignment_index_count_alike(planted, told):
    """Two rows, whose cells come in another order in each stratum; eight sets of one and four of the other."""
    rng = np.random.default_rng(21)
    kinds = {n: planted.score(0.9, complement=True) for n in ("forget_rr", "forget_p")}
    fall = np.array([0.0, 0.5, 1.0])

    def of(stratum, count, methods):
        ahead = rng.uniform(0, 0.3, (count, len(methods)))
        records = [
            planted.record(
                method,
                stratum=stratum,
                index=i,
                columns=kinds,
                trajectory=[
                    {"update": k, "scores": {"forget_rr": float(f), "forget_p": float(f - (k == 1) * ahead[i, m])}}
                    for k, f in enumerate(fall)
                ],
            )
            for m, method in enumerate(methods)
            for i in range(count)
        ]
        return records, ahead / 3

    (low, a), (high, b) = of("low", 8, ("npo", "idk")), of("high", 4, ("idk", "npo"))
    options = {"generation": "forget_rr", "probability": "forget_p", "chance": 0.0, "lowest": 0.0}
    found = told("misalignment-index", planted.evidence(low + high), **options)
    assert found.value == pytest.approx((a.mean() + b.mean()) / 2)
    means = a.mean(axis=1), b.mean(axis=1)
    error = math.sqrt(sum(m.var(ddof=1) / len(m) for m in means)) / 2
    parts = [m.var(ddof=1) / len(m) for m in means]
    df = sum(parts) ** 2 / sum(p**2 / (len(m) - 1) for p, m in zip(parts, means, strict=True))
    assert found.high == pytest.approx(found.value + stats.t.ppf(0.975, df) * error)
    by_row = {"npo": (a[:, 0].mean() + b[:, 1].mean()) / 2, "idk": (a[:, 1].mean() + b[:, 0].mean()) / 2}
    assert dict(map(tuple, found.figure["rows"])) == {f"{n} + uniform": pytest.approx(v) for n, v in by_row.items()}
    assert found.n == 12
    beside = planted.evidence([*low, *of("random", 4, ("npo", "idk"))[0]])
    assert "several samplers" in told("misalignment-index", beside, **options).problem
    unlike = planted.evidence([*low, *of("high", 4, ("npo",))[0]])
    assert "unlike rows" in told("misalignment-index", unlike, **options).problem
    short = planted.evidence([*low, *of("high", 2, ("npo", "idk"))[0]])
    assert "too few" in told("misalignment-index", short, **options).problem
