"""Curricula by difficulty: weights, orders and the control with shuffled scores."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.api import Curriculum, HigherIs, PluginSpec, Sample
from fairforget_methods.curricula.coreset import Coreset
from fairforget_methods.curricula.easy_to_hard import EasyToHard
from fairforget_methods.curricula.hard_to_easy import HardToEasy
from fairforget_methods.curricula.inverse_mrd_weighted import InverseMrdWeighted
from fairforget_methods.curricula.mrd_weighted import MrdWeighted
from fairforget_methods.curricula.shuffled_mrd import ShuffledMrd
from fairforget_methods.curricula.weights import reciprocal, shares

EVERY = [MrdWeighted, InverseMrdWeighted, ShuffledMrd, EasyToHard, HardToEasy]
SCORES = np.array([0.5, 4.0, 1.0, 2.0])


def samples(n: int) -> list[Sample]:
    """Samples whose completions have lengths in a random order."""
    return [Sample(f"s{i}", "", "x" * int(k)) for i, k in enumerate(np.random.default_rng(0).permutation(n) + 1)]


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def weights(curriculum: Curriculum, scores: np.ndarray, higher_is: HigherIs = "easier") -> np.ndarray:
    """The weights after the scores were prepared, as the harness has them."""
    pool = samples(len(scores))
    found = curriculum.weights(pool, curriculum.prepare(pool, scores, higher_is, rng()), 0.0)
    assert found is not None
    return found


def order(curriculum: Curriculum, scores: np.ndarray, higher_is: HigherIs = "easier") -> list[int]:
    pool = samples(len(scores))
    assert curriculum.weights(pool, scores, 0.0) is None
    return list(curriculum.order(pool, curriculum.prepare(pool, scores, higher_is, rng()), np.random.default_rng(1)))


def test_weights_are_proportional_to_easiness_or_to_its_inverse() -> None:
    assert weights(MrdWeighted(), SCORES) == pytest.approx(SCORES / 7.5)
    inverse = np.array([2.0, 0.25, 1.0, 0.5])
    assert weights(InverseMrdWeighted(), SCORES) == pytest.approx(inverse / 3.75)
    assert weights(InverseMrdWeighted(floor=0.4), SCORES) == pytest.approx(0.6 * inverse / 3.75 + 0.1)


def test_a_difficulty_whose_higher_is_harder_is_turned_round() -> None:
    assert weights(MrdWeighted(), SCORES, "harder") == pytest.approx(weights(InverseMrdWeighted(), SCORES))
    assert weights(InverseMrdWeighted(), SCORES, "harder") == pytest.approx(SCORES / 7.5)
    assert order(EasyToHard(), SCORES, "harder") == order(HardToEasy(), SCORES) == [0, 2, 3, 1]
    assert order(HardToEasy(), SCORES, "harder") == order(EasyToHard(), SCORES) == [1, 3, 2, 0]


def test_samples_without_a_score_come_last_and_ties_are_in_random_order() -> None:
    scores = np.array([np.nan, 1.0, 3.0, np.nan, 2.0])
    assert [set(part) for part in (order(EasyToHard(), scores)[:3], order(EasyToHard(), scores)[3:])] == [
        {1, 2, 4},
        {0, 3},
    ]
    assert order(HardToEasy(), scores)[:3] == [1, 4, 2]
    pool, tied = samples(40), np.repeat([1.0, 2.0], 20)
    seen = {tuple(EasyToHard().order(pool, tied, np.random.default_rng(seed))) for seed in range(20)}
    assert len(seen) == 20
    assert all(set(found[:20]) == set(range(20, 40)) for found in seen)


def test_vanishing_and_missing_scores_take_no_draws_from_the_others() -> None:
    """Of the positive scores the median is 2, so 0 and -1 count as 0.002; the missing one gets the mean."""
    scores = np.array([0.0, 1.0, 2.0, 4.0, np.nan, -1.0])
    assert reciprocal(scores) == pytest.approx([1000, 2, 1, 0.5, np.nan, 1000], nan_ok=True)
    mean = 2003.5 / 5
    expected = np.array([1000, 2, 1, 0.5, mean, 1000]) / (2003.5 + mean)
    assert weights(InverseMrdWeighted(), scores) == pytest.approx(expected)


@pytest.mark.parametrize("curriculum", [MrdWeighted(), InverseMrdWeighted(), ShuffledMrd()])
@pytest.mark.parametrize("higher_is", ["easier", "harder"])
@pytest.mark.parametrize("useless", [np.zeros(6), np.full(6, np.nan), -np.ones(6)])
def test_without_a_positive_score_every_sample_is_as_likely(
    curriculum: Curriculum, higher_is: HigherIs, useless: np.ndarray
) -> None:
    assert weights(curriculum, useless, higher_is) == pytest.approx(np.full(6, 1 / 6))


@given(values=st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=20), floor=st.floats(0, 1))
@settings(derandomize=True, deadline=None)
def test_shares_are_a_distribution_whatever_the_scores(values: list[float], floor: float) -> None:
    for ease in (np.array(values), reciprocal(np.array(values))):
        found = shares(ease, floor)
        assert np.isfinite(found).all()
        assert found.sum() == pytest.approx(1)
        assert (found >= floor / len(values) - 1e-12).all()


def test_shuffled_scores_are_the_same_weights_on_other_samples() -> None:
    scores = np.arange(1.0, 24.0)
    for match in ("length", "none"):
        found = weights(ShuffledMrd(match=match), scores)
        straight = weights(MrdWeighted(), scores)
        assert sorted(found) == pytest.approx(sorted(straight))
        assert (found != straight).all(), "no sample keeps its own"


def test_scores_change_places_among_samples_of_like_length() -> None:
    """23 samples of lengths 1 … 23 are four blocks: of 6, 6, 6 and 5 neighbours."""
    pool = samples(23)
    lengths = np.array([len(s.completion) for s in pool])
    blocks = np.digitize(lengths, [7, 13, 19])
    # The score is the length, so it says where a score came from.
    dealt = ShuffledMrd().prepare(pool, lengths.astype(float), "easier", rng())
    assert (np.digitize(dealt, [7, 13, 19]) == blocks).all()
    anyhow = ShuffledMrd(match="none").prepare(pool, lengths.astype(float), "easier", rng())
    assert (np.digitize(anyhow, [7, 13, 19]) != blocks).any()


def test_who_gets_whose_score_holds_for_later_scorings_and_differs_between_seeds() -> None:
    pool = samples(30)
    first, later = np.arange(30.0), np.arange(30.0) ** 2
    a, b = (ShuffledMrd().prepare(pool, scores, "easier", rng()) for scores in (first, later))
    assert (a**2 == b).all()
    other = ShuffledMrd().prepare(pool, first, "easier", np.random.default_rng(6))
    assert (a != other).any()


def test_every_partner_of_a_shuffle_is_as_likely() -> None:
    """In blocks of up to nine a cycle gives each of the eight others with probability 1/8."""
    pool, n, times = samples(9), 9, 8000
    counts = np.zeros((n, n))
    for seed in range(times):
        dealt = ShuffledMrd().prepare(pool, np.arange(9.0), "easier", np.random.default_rng(seed))
        counts[np.arange(n), dealt.astype(int)] += 1
    assert (np.diag(counts) == 0).all()
    off = counts[~np.eye(n, dtype=bool)]
    assert (np.abs(off - times / 8) < 5 * np.sqrt(times * 7 / 64)).all()


@pytest.mark.parametrize("cls", EVERY)
def test_any_difficulty_may_stand_in_the_place_of_mrd(cls: Any) -> None:
    assert cls().difficulty() == PluginSpec("mrd")
    made = cls(by={"name": "loss", "reduction": "sum"}, refresh=None)
    assert made.difficulty() == PluginSpec("loss", {"reduction": "sum"})
    assert (cls().refresh_every(), made.refresh_every()) == (1, None)


def test_one_weighting_forgets_all_samples_at_the_same_time() -> None:
    """With 1 / MRD updates for a sample, inverse weights finish all at once, and MRD's finish the hardest last."""
    needed = 1 / SCORES
    done = {cls: needed / weights(cls(), SCORES) for cls in (MrdWeighted, InverseMrdWeighted)}
    assert done[InverseMrdWeighted] == pytest.approx(np.full(4, needed.sum()))
    assert done[MrdWeighted].max() == pytest.approx(SCORES.sum() / SCORES.min() ** 2)
    assert all(a < b for a, b in pairwise(done[MrdWeighted][np.argsort(-SCORES)]))


def part(pool: list[Sample], share: float, seed: int = 0) -> set[str]:
    found = Coreset(share, seed).weights(pool, None, 0.5)
    assert set(found) <= {0.0, 1.0}
    return {sample.id for sample, weight in zip(pool, found, strict=True) if weight}


@given(n=st.integers(1, 60), percent=st.integers(1, 100), seed=st.integers(0, 3))
@settings(max_examples=60)
def test_a_coreset_is_a_part_of_its_size_whatever_the_order(n: int, percent: int, seed: int) -> None:
    pool = samples(n)
    found = part(pool, percent / 100, seed)
    assert len(found) == max(1, -(-percent * n // 100)), "the exact ceiling, where percent / 100 * n is not exact"
    assert part(pool[::-1], percent / 100, seed) == found
    assert found <= part(pool, min(1.0, (percent + 10) / 100), seed), "a smaller part lies in a larger one"


def test_coresets_of_other_seeds_are_as_if_drawn_anew() -> None:
    pool = samples(40)
    chosen = np.array([[sample.id in part(pool, 0.25, seed) for sample in pool] for seed in range(400)])
    # 400 draws of 10 of 40: a sample is in 100 of them, with a standard deviation of 8.7; four of them on either side
    # are left by one in 16,000, times 40 samples.
    assert chosen.sum(axis=1).tolist() == [10] * 400
    assert (abs(chosen.sum(axis=0) - 100) < 35).all()
