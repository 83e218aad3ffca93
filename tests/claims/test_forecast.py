"""How long claims take, from files that are there; by hand."""

from __future__ import annotations

import json

import pytest

from fairforget.claims.forecast import Forecast, Left
from fairforget.claims.run import studies
from fairforget.claims.score_files import ScoreFile, score_path, wanted_json, write_scores
from fairforget.claims.sets import sets_of
from fairforget.claims.values import ScoreSet


def record(out, target, method, number, seconds):
    """Lay a record as far as a forecast reads it: eight cells of each method are planned on a target."""
    cell = {"method": {"label": method}, "curriculum": None if method == "untouched" else {"label": "uniform"}}
    folder = out / "by-hand" / target / "cells"
    folder.mkdir(parents=True, exist_ok=True)
    ledger = {"unlearning": {"seconds": seconds / 2}, "evaluation": {"seconds": seconds / 2}, "updates": 2}
    (folder / f"{method}{number}.json").write_text(json.dumps({"cell": cell, "ledger": ledger}))


def score_set(out, one, seconds):
    scores = ScoreSet(wanted_json(one.wanted)["difficulty"], one.wanted.seed, ("a",), (1.0,), {}, (), ())
    write_scores(score_path(one.site.folder(out), one.wanted), ScoreFile(scores, {}, {"seconds": seconds}))


@pytest.fixture
def claim(world):
    sites = (world.site("one", engine="local:2"), world.site("two", engine="local:2", model={"seed": 1}))
    scores = (world.scores("mrd-grad", seeds=3), world.scores("length"))
    (planned,) = world.planned(world.claim(sites=sites, scores=scores))
    return planned


def forecast(claim, world, out):
    return Forecast(studies([claim]), sets_of([claim]), world.registry(), out)


def test_nothing_is_known_of_what_was_never_measured(claim, world, tmp_path):
    left = forecast(claim, world, tmp_path).after(0)
    # Four draws of the untouched target and of two seeds of the other method, on two targets; three sets on each.
    assert (left.pieces, left.measured, left.seconds) == (2 * (4 + 8) + 6, 0, 0)
    assert left.unknown == (
        "the score sets of by-hand by mrd-grad",
        "the cells of by-hand on one",
        "the cells of by-hand on two",
    )
    assert left.mean is None
    assert left.guess(left.mean) is None
    assert left.known == 0


def test_the_mean_of_a_kind_over_the_workers(claim, world, tmp_path):
    record(tmp_path, "one", "fragile", 0, 3.0)
    record(tmp_path, "one", "fragile", 1, 5.0)
    found = forecast(claim, world, tmp_path)
    one, two = (found.study(site) for site in studies([claim]))
    # Six are left here; the other target is judged by this one. Two workers.
    assert (one.seconds, one.measured, one.pieces) == (6 * 4.0 / 2, 6, 10)
    assert (two.seconds, two.measured, two.pieces) == (8 * 4.0 / 2, 8, 12)
    record(tmp_path, "two", "fragile", 0, 10.0)
    record(tmp_path, "two", "untouched", 0, 1.0)
    found.look(found.sites[1])
    two = found.study(found.sites[1])
    assert two == Left(10, (7 * 10.0 + 3 * 1.0) / 2, 10)
    assert found.study(found.sites[0]).seconds == (6 * 4.0 + 4 * 1.0) / 2, "of its own where there are any"


def test_score_sets_are_judged_by_other_seeds_and_other_targets(claim, world, tmp_path):
    sets = [one for one in sets_of([claim]) if one.passes]
    score_set(tmp_path, sets[0], 7.0)
    left = forecast(claim, world, tmp_path).scores()
    assert left == Left(5, 5 * 7.0 / 2, 5)
    for one in sets[1:]:
        score_set(tmp_path, one, 7.0)
    assert forecast(claim, world, tmp_path).scores() == Left()


def test_the_rest_is_what_comes_from_a_study_on(claim, world, tmp_path):
    for target in ("one", "two"):
        record(tmp_path, target, "fragile", 0, 2.0)
        record(tmp_path, target, "untouched", 0, 2.0)
    found = forecast(claim, world, tmp_path)
    a, b, scores = found.study(found.sites[0]), found.study(found.sites[1]), found.scores()
    assert [found.after(i).seconds for i in range(3)] == [a.seconds + b.seconds, b.seconds, 0]
    assert found.after(0).pieces == a.pieces + b.pieces + scores.pieces
    whole = found.after(0)
    assert whole.guess(whole.mean) == pytest.approx(whole.seconds * whole.pieces / whole.measured)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "{}", '{"cell": 1}', '{"cell": {"method": {}, "curriculum": null}}', "null", "[" * 100_000],
)
def test_files_that_are_no_records_tell_nothing(claim, world, tmp_path, text):
    record(tmp_path, "one", "fragile", 0, 2.0)
    (tmp_path / "by-hand" / "one" / "cells" / "bad.json").write_text(text)
    left = forecast(claim, world, tmp_path).study(studies([claim])[0])
    assert (left.pieces, left.seconds) == (11, 7 * 2.0 / 2)


@pytest.mark.parametrize("seconds", [-1, 1e300, "1", None, True])
def test_seconds_that_cannot_be_are_none(claim, world, tmp_path, seconds):
    sets = [one for one in sets_of([claim]) if one.passes]
    score_set(tmp_path, sets[0], seconds)
    assert forecast(claim, world, tmp_path).scores() == Left(5, 0.0, 5)
