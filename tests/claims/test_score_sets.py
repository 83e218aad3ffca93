"""Score sets are arranged by what they say of themselves, and nothing is left out without a word."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fairforget.api import PluginSpec
from fairforget.claims.claim import ScoresWanted
from fairforget.claims.statistics.base import Design
from fairforget.claims.statistics.score_sets import (
    MOST_GROUPS,
    Unusable,
    joined_notes,
    meant,
    part_of,
    permuted,
    same_samples,
    seeds_planned,
    table,
)
from fairforget.claims.values import Evidence, Part, ScoreSet


def made(values, seed=0, ids=None, groups=(), name="fairforget/mrd", stderr=(), **options):
    ids = ids or tuple(f"s{i:02}" for i in range(len(values)))
    return ScoreSet({"name": name, "options": options}, seed, tuple(ids), tuple(values), {}, groups, stderr)


TWENTY = [float(i + 1) for i in range(20)]


def test_a_difficulty_is_meant_by_bare_or_canonical_name_and_by_options():
    part = Part(scores=(made(TWENTY, draws=10), made(TWENTY, draws=50), made(TWENTY, name="other/mrd-grad")))
    assert len(meant(part, "mrd")) == len(meant(part, "fairforget/mrd")) == 2
    assert [s.difficulty["options"]["draws"] for s in meant(part, {"name": "mrd", "draws": 50})] == [50]
    assert len(meant(part, "mrd-grad")) == 1
    for absent in ("grad", "someone/mrd", {"name": "mrd", "draws": 7}, {"name": "mrd", "sigma": 1}, {}):
        with pytest.raises(Unusable, match="no scores by"):
            meant(part, absent)


def test_the_seeds_of_a_plan_are_the_fewest_of_what_is_meant():
    wanted = [("mrd", {"draws": 10}, 4), ("fairforget/mrd", {"draws": 50}, 6), ("mrd-hessian", {}, 3)]
    design = Design(0, 1, 1, lambda: 20, tuple(ScoresWanted(PluginSpec(n, o), s) for n, o, s in wanted))
    assert seeds_planned(design, "mrd") == 4
    assert seeds_planned(design, {"name": "mrd", "draws": 50}) == 6
    assert seeds_planned(design, {"name": "mrd", "draws": 50}, "mrd-hessian") == 3
    assert seeds_planned(design, "mrd", "mrd-grad") is None


def test_parts_are_found_by_name_and_the_first_is_the_default():
    evidence = Evidence("t", {"half": Part(), "full": Part(scores=(made(TWENTY),))})
    assert part_of(evidence, None) is evidence.parts["half"]
    assert part_of(evidence, "full") is evidence.parts["full"]
    with pytest.raises(Unusable, match="no part 'other'"):
        part_of(evidence, "other")


def test_levels_and_seeds_are_in_order_and_crossed():
    sets = [made([k + 10 * s + v for v in TWENTY], s, draws=k) for s in (2, 0, 1) for k in (50, 10)]
    found = table([*sets, made(TWENTY, 5, draws=10)], "draws")
    assert (found.levels, found.seeds, found.values.shape) == ((10.0, 50.0), (0, 1, 2), (2, 3, 20))
    assert found.values[1, 2, 3] == 50 + 20 + 4
    assert joined_notes(found) == "left out: 1 score sets whose seed is not at every draws"
    assert found.draws


def test_samples_stand_by_their_ids_whatever_their_order():
    ids = tuple(f"s{i:02}" for i in range(20))
    one, two = made(TWENTY, 0, ids), made(TWENTY[::-1], 1, ids[::-1])
    found = table([one, two])
    assert (found.values[0, 0] == found.values[0, 1]).all()
    assert not found.draws
    assert table([replace(one, stderr=(0.1,) * 20), two]).draws


@pytest.mark.parametrize("bad", [None, float("nan"), float("inf"), 0.0, -1.0])
def test_what_has_no_usable_score_is_counted(bad):
    found = table([made(TWENTY), made([*TWENTY[:-1], bad], 1)], positive=True)
    assert len(found.ids) == 19
    assert "1 of 20 samples without a usable score" in joined_notes(found)
    with pytest.raises(Unusable, match=r"3 of 20 samples .* does not speak for all"):
        table([made(TWENTY), made([*TWENTY[:-3], bad, bad, bad], 1)], positive=True)


def test_a_score_of_zero_is_one_where_no_logarithm_is_taken():
    assert table([made([0.0, *TWENTY[1:]])]).values.min() == 0


def test_what_differs_in_more_than_was_asked_is_refused():
    with pytest.raises(Unusable, match=r"more than draws: sigma = 1 and 2"):
        table([made(TWENTY, draws=10, sigma=1), made(TWENTY, draws=50, sigma=2)], "draws")
    with pytest.raises(Unusable, match=r"more than the seed"):
        table([made(TWENTY, draws=10), made(TWENTY, 1, draws=50)])
    with pytest.raises(Unusable, match="there twice"):
        table([made(TWENTY), made(TWENTY)])
    with pytest.raises(Unusable, match="no number draws"):
        table([made(TWENTY, draws="many")], "draws")
    with pytest.raises(Unusable, match="no seed"):
        table([made(TWENTY, 0, draws=10), made(TWENTY, 1, draws=50)], "draws")


def test_scores_are_joined_on_the_samples_that_all_have():
    ids = tuple(f"s{i:02}" for i in range(19, -1, -1))
    clusters = tuple(f"g{i // 2}" for i in range(20))
    one, two = same_samples([table([made(TWENTY, 0, ids, clusters)]), table([made(TWENTY[:18])])])
    assert one.ids == two.ids == tuple(f"s{i:02}" for i in range(18))
    assert one.values[0, 0].tolist() == TWENTY[2:][::-1]
    assert len(set(one.clusters)) == 9
    assert one.groups.max() == 8
    assert joined_notes(one, two) == "left out: 2 samples that another score lacks"
    with pytest.raises(Unusable, match="17 of 20 samples in common"):
        same_samples([table([made(TWENTY)]), table([made(TWENTY[:17])])])


def test_many_samples_are_left_out_in_at_most_so_many_groups():
    found = table([made([1.0] * (2 * MOST_GROUPS), ids=[f"s{i}" for i in range(2 * MOST_GROUPS)])])
    assert sorted(set(np.bincount(found.groups))) == [2]
    assert len(set(found.clusters)) == 2 * MOST_GROUPS


def test_a_permutation_keeps_the_values_of_every_set():
    found = table([made(TWENTY, s) for s in range(3)])
    mixed = permuted(found, np.random.default_rng(0)).values
    assert (np.sort(mixed) == np.sort(found.values)).all()
    assert not (mixed[0, 0] == mixed[0, 1]).all()
