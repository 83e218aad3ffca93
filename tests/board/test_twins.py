from __future__ import annotations

import json
import runpy
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

SCRIPT = Path(__file__).parents[2] / "benchmarks/quality/twins.py"


@pytest.fixture
def run(tmp_path, factory):
    """Five forget sets and two seeds of one method under two curricula, and a row without a twin."""
    rng = np.random.default_rng(0)
    completeness = {}
    (tmp_path / "cells").mkdir()
    for method, curriculum in (("npo", "uniform"), ("npo", "mrd-weighted"), ("idk", "mrd-weighted")):
        for index in range(5):
            for seed in range(2):
                value = float(rng.uniform(0.3, 0.8))
                completeness[method, curriculum, index, seed] = value
                cell = factory.make_cell(method, index=index, seed=seed, curriculum=curriculum)
                record = factory.make_record(cell, value, 0.8)
                (tmp_path / "cells" / f"{record['key']}.json").write_text(json.dumps(record))
    return tmp_path, completeness


def test_differences_are_those_of_a_paired_t_test(run):
    folder, completeness = run
    ((method, curriculum, found),) = runpy.run_path(str(SCRIPT))["differences"](folder)
    assert (method, curriculum) == ("npo", "mrd-weighted")
    means = {
        c: np.array([np.mean([completeness["npo", c, i, s] for s in range(2)]) for i in range(5)])
        for c in ("uniform", "mrd-weighted")
    }
    interval = stats.ttest_rel(means["mrd-weighted"], means["uniform"]).confidence_interval(0.95)
    assert found["completeness"].low == pytest.approx(interval.low)
    assert found["completeness"].high == pytest.approx(interval.high)
    assert found["completeness"].n == 5
    assert found["utility"].mean == pytest.approx(0)


def test_the_table_has_a_row_for_every_twin(run):
    text = runpy.run_path(str(SCRIPT))["table"](run[0])
    assert [line.split("|")[1].strip() for line in text.splitlines()] == ["method", "---", "npo"]


def test_forget_sets_that_share_samples_widen_the_interval(tmp_path, factory):
    """Every two of three sets of two samples share one: a variance s² / 3 becomes s² (1 / 3 + 1)."""
    (tmp_path / "cells").mkdir()
    gains = [0.01, 0.02, 0.06]
    for index, gain in enumerate(gains):
        for curriculum in ("uniform", "mrd-weighted"):
            cell = factory.make_cell("npo", index=index, curriculum=curriculum)
            cell["draw"]["forget"] = sorted(["a", "b", "c"])[:index] + sorted(["a", "b", "c"])[index + 1 :]
            record = factory.make_record(cell, 0.5 + gain * (curriculum != "uniform"), 0.8)
            (tmp_path / "cells" / f"{record['key']}.json").write_text(json.dumps(record))
    ((_, _, found),) = runpy.run_path(str(SCRIPT))["differences"](tmp_path)
    plain = stats.t.ppf(0.975, 2) * np.std(gains, ddof=1) / 3**0.5
    assert found["completeness"].half_width == pytest.approx(plain * (3 * (1 / 3 + 1)) ** 0.5)
