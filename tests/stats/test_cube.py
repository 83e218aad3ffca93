from __future__ import annotations

import numpy as np
import pytest

from fairforget.stats.cube import PairedCube

NAN = np.nan


def whole(methods=3, draws=4, seeds=2, items=5):
    values = np.random.default_rng(0).normal(size=(methods, draws, seeds, items))
    return values.mean(-1), values


def test_a_cube_without_gaps():
    values, items = whole()
    cube = PairedCube(values, items=items)
    assert cube.complete().all()
    assert cube.asked().all()
    assert cube.draw_means() == pytest.approx(values.mean(-1))
    assert [list(draws) for draws in cube.by_stratum()] == [[0, 1, 2, 3]]


def test_a_missing_seed_is_a_gap_and_takes_its_draw():
    values, _ = whole()
    values[1, 2, 0] = NAN
    cube = PairedCube(values)
    assert list(cube.complete()) == [True, False, True]
    assert np.isnan(cube.draw_means()[1, 2])
    assert np.isnan(cube.draw_means()).sum() == 1
    assert cube.only(cube.complete()).values == pytest.approx(values[[0, 2]])


def test_what_no_method_has_was_not_asked_for():
    """Two seeds on the first draws, one on the others, none on the last."""
    values, _ = whole()
    values[:, 2, 1] = NAN
    values[:, 3] = NAN
    cube = PairedCube(values)
    assert cube.complete().all()
    means = cube.draw_means()
    assert means[:, 2] == pytest.approx(values[:, 2, 0])
    assert np.isnan(means[:, 3]).all()
    assert [list(draws) for draws in cube.by_stratum()] == [[0, 1, 2]]


def test_draws_by_stratum():
    values, _ = whole()
    cube = PairedCube(values, strata=np.array([5, 2, 5, 2]))
    assert [list(draws) for draws in cube.by_stratum()] == [[1, 3], [0, 2]]


def test_strata_that_count_with_their_shares():
    cube = PairedCube(whole()[0], strata=np.array([7, 1, 7, 3]))
    found = cube.counted([1, 0, 3])
    assert [(list(draws), share, place) for draws, share, place in found] == [([1], 0.25, 0), ([0, 2], 0.75, 2)]
    assert [share for _, share, _ in cube.counted()] == pytest.approx([1 / 3] * 3)


@pytest.mark.parametrize("weights", [[1, 2], [0, 0, 0], [1, -1, 1], [1, NAN, 1]])
def test_weights_that_are_no_weights_are_refused(weights):
    with pytest.raises(ValueError, match="3 strata need as many weights"):
        PairedCube(whole()[0], strata=np.array([7, 1, 7, 3])).counted(weights)


def test_a_draw_may_have_fewer_items_but_a_method_not_fewer_than_the_others():
    _, items = whole()
    items[:, 0, :, 4] = NAN
    assert PairedCube(np.nanmean(items, -1), items=items).complete().all()
    items[2, 1, 1, 0] = NAN
    assert list(PairedCube(np.nanmean(items, -1), items=items).complete()) == [True, True, False]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"values": np.zeros((2, 3))}, r"\(methods, draws, seeds\)"),
        ({"values": np.full((3, 4, 2), np.inf)}, "infinite"),
        ({"strata": np.array([0, 1])}, "one integer a draw"),
        ({"strata": np.array([0.0, 1.0, 2.0, 3.0])}, "one integer a draw"),
        ({"groups": np.zeros((4, 5), int)}, "no items"),
        ({"items": np.zeros((3, 4, 5))}, "items are"),
        ({"items": np.zeros((3, 4, 2, 5))}, "24 scores are not the mean"),
        ({"items": whole()[1], "groups": np.zeros((5, 4), int)}, "groups are"),
        ({"items": np.full((3, 4, 2, 5), np.inf)}, "item is infinite"),
    ],
)
def test_what_does_not_fit_together_is_refused(more, says):
    with pytest.raises(ValueError, match=says):
        PairedCube(**{"values": whole()[0], **more})
