from __future__ import annotations

import dataclasses
import json
import math
import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fairforget.api import PluginSpec
from fairforget.claims.open import statistic
from fairforget.claims.statistics.added_r2 import AddedR2
from fairforget.claims.statistics.group_difference import GroupDifference
from fairforget.claims.statistics.log_slope import LogSlope
from fairforget.claims.statistics.mixed_slope import MixedSlope
from fairforget.claims.statistics.rank_correlation import RankCorrelation
from fairforget.claims.values import Evidence, Part
from fairforget.errors import FairforgetError

world = runpy.run_path(str(Path(__file__).parent / "planted" / "sample_worlds.py"))
cell, cells, evidence, names, scores = (world[name] for name in ("cell", "cells", "evidence", "names", "scores"))

ALL = [
    RankCorrelation(score="mrd", partial=("length",), resamples=200),
    LogSlope(score="mrd", resamples=200),
    AddedR2(score="mrd", over=("length", "loss"), resamples=200),
    GroupDifference(attribute=("loss",), outcome="mrd", scale="rank", resamples=200),
    GroupDifference(attribute=("mrd", "loss"), outcome="updates", scale="rank", split="thirds", resamples=200),
    MixedSlope(score="mrd", beside=("loss",), scale="rank", resamples=200),
]
KINDS = [type(one).__name__ + ("" if one is not ALL[4] else " of updates") for one in ALL]


def estimate(statistic, found, seed=0):
    return statistic.estimate(found, np.random.default_rng(seed))


def parts(n=40, seed=0, most=60.0, seeds=2):
    rng = np.random.default_rng(seed)
    ids = names(n)
    length, loss = rng.normal(size=(2, n))
    x = rng.normal(size=n) + 0.5 * length
    updates = np.exp(3 - 0.6 * x + 0.3 * loss + 0.4 * rng.normal(size=(2, seeds, n)))
    sets = (
        scores("mrd", ids, np.exp(x) * np.exp(0.1 * rng.normal(size=(2, n))), sigma=0.001),
        scores("length", ids, length),
        scores("loss", ids, loss),
    )
    return ids, updates, cells(ids, updates, most), sets


def built(**changes):
    _, _, records, sets = parts(**changes)
    return evidence(records, *sets)


@pytest.mark.parametrize("one", ALL, ids=KINDS)
def test_every_statistic_is_known_on_whole_evidence_and_its_figure_is_json(one):
    found = estimate(one, built())
    assert found.known
    assert found.low <= found.value <= found.high
    assert (found.n, found.unit) == (40, "samples")
    assert json.loads(json.dumps(found.figure, allow_nan=False)) == found.figure
    assert estimate(one, built()) == found  # the same numbers from the same generator


@pytest.mark.parametrize("one", ALL, ids=KINDS)
def test_a_constant_score_has_no_effect_that_could_support_anything(one):
    found = estimate(dataclasses.replace(one, constant=True), built())
    assert not found.known
    assert "vary" in found.problem or "no line" in found.problem


@pytest.mark.parametrize("one", ALL, ids=KINDS)
def test_what_is_not_there_is_said(one):
    nothing = estimate(one, Evidence("small", {"": Part()}))
    assert not nothing.known
    assert nothing.problem
    _, _, records, sets = parts()
    assert not estimate(one, evidence(records, *sets[1:])).known  # no mrd
    few = estimate(one, built(n=9))
    assert not few.known


@pytest.mark.parametrize("one", ALL, ids=KINDS)
def test_groups_of_samples_are_what_is_independent(one):
    _ids, _updates, records, sets = parts()
    groups = [f"author-{i // 2}" for i in range(40)]
    in_groups = [dataclasses.replace(s, groups=tuple(groups)) for some in sets for s in some]
    found = estimate(one, evidence(records, in_groups))
    assert (found.n, found.unit) == (20, "groups of samples")
    alone = estimate(one, evidence(records, *sets))
    if not isinstance(one, MixedSlope):  # whose intercepts are those of the groups
        assert found.value == pytest.approx(alone.value)
    assert (found.low, found.high) != (alone.low, alone.high)


def test_the_correlation_is_the_mean_of_spearmans_over_rows_with_the_budget_on_top():
    _ids, updates, records, sets = parts(seeds=1)
    found = estimate(RankCorrelation(score="mrd"), evidence(records, *sets))
    mrd = np.mean([s.values for s in sets[0]], axis=0)
    expected = [stats.spearmanr(mrd, np.minimum(row[0], 60)).statistic for row in updates]
    assert found.value == pytest.approx(np.mean(expected))
    cut = int((updates > 60).sum())
    assert f"{cut} of 80 runs ended with the budget and share the top rank" in found.problem
    assert [row["censored"] for row in found.figure["rows"]] == pytest.approx((updates[:, 0] > 60).mean(1))
    assert found.figure["rows"][0]["outcome_reliability"] is None
    assert found.figure["rows"][0]["score_reliability"] > 0.9


def test_a_sample_that_the_budget_cut_off_in_most_runs_is_longer_than_all():
    ids = names(12)
    updates = np.tile(np.arange(1.0, 13.0), (1, 3, 1))
    updates[0, :2, 0] = 99  # two of three runs
    records = cells(ids, updates, 50)
    found = estimate(
        RankCorrelation(score="mrd", resamples=100), evidence(records, scores("mrd", ids, np.arange(12.0)))
    )
    rho = stats.spearmanr(np.arange(12), [99, *range(2, 13)]).statistic
    assert found.value == pytest.approx(rho)


def test_a_correction_for_unreliability_stands_beside_the_raw_value():
    row = estimate(RankCorrelation(score="mrd"), built()).figure["rows"][0]
    expected = row["raw"] / math.sqrt(row["score_reliability"] * row["outcome_reliability"])
    assert row["corrected"] == pytest.approx(expected)
    assert abs(row["corrected"]) > abs(row["raw"])


def test_two_scores_need_no_cells():
    _, _, _, sets = parts()
    found = estimate(RankCorrelation(score="mrd", outcome="length"), evidence((), *sets))
    mrd = np.mean([s.values for s in sets[0]], axis=0)
    assert found.value == pytest.approx(stats.spearmanr(mrd, sets[1][0].values).statistic)


def test_difficulties_of_one_name_are_told_apart_by_their_options():
    ids, _, records, sets = parts()
    other = scores("mrd", ids, np.arange(40.0), sigma=0.01)
    both = evidence(records, *sets, other)
    unclear = estimate(RankCorrelation(score="mrd"), both)
    assert not unclear.known
    assert "say which" in unclear.problem
    one = estimate(RankCorrelation(score={"name": "mrd", "sigma": 0.001}), both)
    assert one.value == estimate(RankCorrelation(score="mrd"), evidence(records, *sets)).value
    assert one.figure["score"] == "mrd (sigma = 0.001)"


def test_covariates_that_the_records_tell_serve_where_nothing_was_scored():
    ids = names(20)
    records = [cell((name,), updates=5.0 + i, covariates={"frequency": 2.0**i}) for i, name in enumerate(ids)]
    found = estimate(RankCorrelation(score="frequency", resamples=100), evidence(records))
    assert found.value == pytest.approx(1)


def test_what_is_missing_is_left_out_and_counted_and_too_much_of_it_leaves_nothing():
    ids, _updates, records, sets = parts(seeds=1)
    holes = np.where(np.arange(40) < 3, np.nan, sets[1][0].values)
    found = estimate(
        RankCorrelation(score="mrd", partial=("length",)), evidence(records, sets[0], scores("length", ids, holes))
    )
    assert found.known
    assert "6 of 80 outcomes without a score, a covariate or a run" in found.problem
    failed = [dataclasses.replace(r, status="failed") if i % 40 < 3 else r for i, r in enumerate(records)]
    lost = estimate(RankCorrelation(score="mrd"), evidence(failed, *sets))
    assert lost.known
    assert "6 of 80 cells failed" in lost.problem
    assert "6 of 80 outcomes without" in lost.problem
    failed = [dataclasses.replace(r, status="failed") if i % 40 < 6 else r for i, r in enumerate(records)]
    lost = estimate(RankCorrelation(score="mrd"), evidence(failed, *sets))
    assert not lost.known
    assert "6 of 40 have no outcome" in lost.problem


def test_a_sample_that_lacks_one_of_its_runs_is_not_judged_by_the_others():
    _ids, _updates, records, sets = parts(seeds=2)
    failed = [dataclasses.replace(r, status="failed") if i < 6 else r for i, r in enumerate(records)]
    found = estimate(RankCorrelation(score="mrd"), evidence(failed, *sets))
    assert not found.known
    assert "6 of 40 have no outcome, or not in all their runs" in found.problem


def test_updates_until_a_goal_take_a_goal():
    ids = names(20)
    endless = {"kind": "epochs", "amount": 5.0, "stop": None}
    records = [cell((name,), updates=5, stopped="budget", budget=endless) for name in ids]
    found = estimate(RankCorrelation(score="mrd"), evidence(records, scores("mrd", ids, np.arange(20.0))))
    assert not found.known
    assert found.problem == "no cell has updates until a goal: their budget has no rule of stopping"


def test_a_forget_set_that_was_drawn_again_counts_once():
    _ids, _updates, records, sets = parts(seeds=1)
    again = [dataclasses.replace(r, cell={**r.cell, "draw": {**r.cell["draw"], "index": 77}}) for r in records[:5]]
    found = estimate(RankCorrelation(score="mrd"), evidence([*records, *again], *sets))
    assert found.value == estimate(RankCorrelation(score="mrd"), evidence(records, *sets)).value
    assert "5 cells of forget sets that were drawn before" in found.problem


def test_forget_sets_of_a_few_samples_count_as_one_and_those_that_share_a_sample_together():
    ids = names(40)
    sets = [ids[i : i + 2] for i in range(0, 40, 2)]
    records = [cell(some, updates=float(10 + i)) for i, some in enumerate(sets)]
    found = estimate(RankCorrelation(score="mrd"), evidence(records, scores("mrd", ids, -np.arange(40.0))))
    assert (found.value, found.n, found.unit) == (pytest.approx(-1), 20, "forget sets")
    linked = [*records, cell((ids[0], ids[39]), updates=1.0)]
    found = estimate(RankCorrelation(score="mrd"), evidence(linked, scores("mrd", ids, -np.arange(40.0))))
    assert (found.n, found.unit) == (19, "groups of forget sets")


def test_rows_and_parts_are_chosen_by_only():
    _ids, _updates, records, sets = parts()
    found = estimate(RankCorrelation(score="mrd", only={"method": ("method-1",)}), evidence(records, *sets))
    assert [row["row"] for row in found.figure["rows"]] == ["method-1 + uniform"]
    flat = tuple(s for some in sets for s in some)
    two = Evidence("small", {"adamw": Part(records, flat), "sgd": Part(records, flat)})
    rows = estimate(RankCorrelation(score="mrd"), two).figure["rows"]
    assert [row["row"] for row in rows][::2] == ["method-0 + uniform (adamw)", "method-0 + uniform (sgd)"]


def test_a_row_whose_runs_all_end_with_the_budget_is_left_out_by_name():
    ids, updates, _, sets = parts()
    updates = np.stack([updates[0], np.full_like(updates[0], 99.0)])
    found = estimate(RankCorrelation(score="mrd"), evidence(cells(ids, updates, 60), *sets))
    assert found.known
    assert "rows in which nothing varies: method-1 + uniform" in found.problem


def test_what_met_the_goal_before_the_first_update_is_shorter_than_all():
    ids, updates, _, sets = parts(seeds=1)
    records = list(cells(ids, updates))
    records[0] = cell((ids[0],), "method-0", updates=0)
    rank = estimate(RankCorrelation(score="mrd"), evidence(records, *sets))
    changed = updates.copy()
    changed[0, 0, 0] = 1e-9
    mrd = np.mean([s.values for s in sets[0]], axis=0)
    assert rank.value == pytest.approx(np.mean([stats.spearmanr(mrd, row[0]).statistic for row in changed]))
    assert estimate(LogSlope(score="mrd", resamples=200), evidence(records, *sets)).known


def test_a_slope_without_seeds_of_the_score_says_that_it_is_not_corrected():
    ids, _updates, records, sets = parts()
    found = estimate(LogSlope(score="mrd", resamples=200), evidence(records, sets[0][:1]))
    assert "not corrected for its noise" in found.problem
    assert found.figure["rows"][0]["reliability"] is None
    noise = scores("mrd", ids, np.exp(np.random.default_rng(0).normal(size=(2, 40))))
    assert not estimate(LogSlope(score="mrd", resamples=200), evidence(records, noise)).known


def test_scores_without_a_logarithm_are_left_out_and_counted():
    ids, _updates, records, sets = parts()
    values = np.array([s.values for s in sets[0]])
    values[0, :2] = [0, -1]
    found = estimate(LogSlope(score="mrd", resamples=200), evidence(records, scores("mrd", ids, values)))
    assert "4 outcomes or scores of 0 or less" in found.problem
    assert found.figure["rows"][0]["n"] == 38


def test_the_added_share_is_that_of_two_regressions_on_ranks():
    _ids, updates, records, sets = parts(seeds=1, most=np.inf)
    found = estimate(AddedR2(score="mrd", over=("length", "loss"), resamples=100), evidence(records, *sets))
    mrd = np.mean([s.values for s in sets[0]], axis=0)
    for row, told in zip(updates, found.figure["rows"], strict=True):
        y, x, *z = (stats.rankdata(v) for v in (row[0], mrd, sets[1][0].values, sets[2][0].values))

        def r2(*columns, y=y):
            design = np.column_stack([np.ones(40), *columns])
            off = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
            return 1 - off @ off / ((y - y.mean()) @ (y - y.mean())), len(columns)

        (base, p), (full, q) = r2(*z), r2(*z, x)
        adjusted = [1 - (1 - r) * 39 / (39 - k) for r, k in ((base, p), (full, q))]
        assert told["r2"] == pytest.approx(base)
        assert told["added"] == pytest.approx(full - base)
        assert told["adjusted"] == pytest.approx(adjusted[1] - adjusted[0])
    signed = -np.mean([row["semipartial"] for row in found.figure["rows"]])
    assert found.value == pytest.approx(signed * abs(signed))
    higher = estimate(AddedR2(score="mrd", over=("length", "loss"), direction="higher"), evidence(records, *sets))
    assert higher.value == pytest.approx(-found.value)


@pytest.mark.parametrize(
    ("split", "threshold", "high"),
    [("upper-quartile", None, 10), ("mean", None, 10), ("median", None, 20), ("above", 3.0, 36), ("thirds", None, 14)],
)
def test_groups_are_formed_as_the_paper_forms_them(split, threshold, high):
    ids = names(40)
    counts = 1.2 ** np.arange(40.0)
    counts[:4] = 3  # not above 3
    counts[4:8] = 3.5
    counts[34:] = 1000.0
    sets = scores("rare-words", ids, counts), scores("mrd", ids, np.random.default_rng(0).normal(size=40))
    one = GroupDifference(attribute=("rare-words",), outcome="mrd", split=split, threshold=threshold, match=None)
    (row,) = estimate(one, evidence((), *sets)).figure["rows"]
    assert row["high"]["n"] == high
    assert row["g"] == pytest.approx(row["unmatched"])


def test_a_threshold_goes_with_its_split():
    options = {"attribute": ["rare-words"], "outcome": "mrd", "split": "above"}
    with pytest.raises(ValueError, match="threshold goes with"):
        GroupDifference(attribute=("rare-words",), outcome="mrd", split="above")
    with pytest.raises(FairforgetError, match="threshold"):
        statistic(PluginSpec("group-difference", options))


@pytest.mark.parametrize(
    ("name", "options", "made"),
    [
        ("rank-correlation", {"score": "mrd", "partial": ["loss"]}, RankCorrelation(score="mrd", partial=("loss",))),
        ("log-slope", {"score": {"name": "mrd", "sigma": 0.01}}, LogSlope(score={"name": "mrd", "sigma": 0.01})),
        ("added-r2", {"score": "mrd", "shuffled": True}, AddedR2(score="mrd", shuffled=True)),
        ("mixed-slope", {"score": "memorization", "only": {"method": ["npo"]}},
         MixedSlope(score="memorization", only={"method": ("npo",)})),
    ],
)  # fmt: skip
def test_a_claim_file_names_them(name, options, made):
    assert statistic(PluginSpec(name, options)) == made


def test_a_mixed_slope_on_times_that_were_cut_off_asks_for_ranks():
    found = estimate(MixedSlope(score="mrd"), built())
    assert not found.known
    assert "write scale: rank" in found.problem
    assert estimate(MixedSlope(score="mrd"), built(most=np.inf)).known


@settings(derandomize=True, deadline=None, max_examples=20)
@given(
    st.lists(st.sampled_from([0.0, 1.0, 2.5, float("nan"), 1e300, -4.0]), min_size=14, max_size=14),
    st.lists(st.sampled_from([0.0, 1.0, 3.0, 400.0, 7.0]), min_size=14, max_size=14),
    st.sampled_from(range(len(ALL))),
)
def test_whatever_the_numbers_are_there_is_an_effect_or_a_reason(mrd, updates, which):
    ids = names(14)
    rng = np.random.default_rng(0)
    sets = scores("mrd", ids, np.array(mrd)), *(scores(name, ids, rng.normal(size=14)) for name in ("length", "loss"))
    found = estimate(ALL[which], evidence(cells(ids, np.array(updates)[None, None], 300), *sets))
    assert found.known or found.problem
    json.dumps(found.figure, allow_nan=False)
