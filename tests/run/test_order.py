"""Which samples and which partners an update meets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np
import pytest

from fairforget.api import Curriculum, PluginSpec, Sample
from fairforget.errors import FairforgetError
from fairforget.run.updates.order import Order
from fairforget_methods.curricula.mrd_weighted import MrdWeighted
from fairforget_methods.curricula.uniform import Uniform


def order(curriculum: Curriculum, n: int = 10, batch: int = 4, retain: int = 7, seed: int = 0) -> Order:
    return Order([Sample(f"s{i}", "", "") for i in range(n)], curriculum, batch, retain, ("draw", seed))


def take(made: Order, updates: int, scores: np.ndarray | None = None) -> list[tuple[list[int], list[int]]]:
    return take_and_ask(made, updates, scores)[0]


def take_and_ask(
    made: Order, updates: int, scores: np.ndarray | None = None
) -> tuple[list[tuple[list[int], list[int]]], list[int]]:
    """The batches of the first updates, and the epochs for which scores were asked."""
    asked: list[int] = []

    def score(epoch: int) -> np.ndarray:
        asked.append(epoch)
        assert scores is not None
        return scores

    taken = []
    for forget, partners in islice(made.epochs(score, lambda: 0.0), updates):
        made.visit(forget)
        taken.append((forget, partners))
    return taken, asked


def test_uniform_visits_every_sample_once_an_epoch() -> None:
    made = order(Uniform())
    epochs = [take(made, 3)]
    assert [len(f) for f, _ in epochs[0]] == [4, 4, 2]
    assert sorted(i for forget, _ in epochs[0] for i in forget) == list(range(10))
    assert made.visits.tolist() == [1] * 10


def test_partners_are_the_same_under_every_curriculum_and_change_with_the_seed() -> None:
    uniform = [partners for _, partners in take(order(Uniform()), 6)]
    weighted = [partners for _, partners in take(order(MrdWeighted()), 6, np.arange(1.0, 11.0))]
    assert uniform == weighted
    assert uniform != [partners for _, partners in take(order(Uniform(), seed=1), 6)]
    assert all(0 <= p < 7 for partners in uniform for p in partners)


def test_a_shorter_last_batch_shifts_no_later_partner() -> None:
    long, short = take(order(Uniform(), n=12), 6), take(order(Uniform(), n=10), 6)
    assert all(whole[: len(cut)] == cut for (_, whole), (_, cut) in zip(long, short, strict=True))


def test_without_retain_samples_there_are_no_partners() -> None:
    assert all(partners == [] for _, partners in take(order(Uniform(), retain=0), 3))


def test_weighted_sampling_follows_the_scores() -> None:
    """Counts over many epochs are within 5 standard deviations of a multinomial with p = score / sum."""
    scores = np.array([1.0, 2.0, 3.0, 4.0])
    made = order(MrdWeighted(), n=4, batch=4)
    take(made, 2000, scores)
    total, p = made.visits.sum(), scores / scores.sum()
    assert (np.abs(made.visits - total * p) < 5 * np.sqrt(total * p * (1 - p))).all()
    assert made.log[0]["effective_sample_size"] == pytest.approx(1 / float((p**2).sum()))


@pytest.mark.parametrize(("refresh", "expected"), [(1, [0, 1, 2, 3]), (2, [0, 2]), (3, [0, 3])])
def test_scores_are_computed_again_every_m_epochs(refresh: int, expected: list[int]) -> None:
    _, asked = take_and_ask(order(MrdWeighted(refresh=refresh), n=4, batch=4), 4, np.ones(4))
    assert asked == expected


def test_the_log_says_what_was_met_and_not_what_was_planned() -> None:
    """Scores 3 : 1 : 0 : 0 and batches of 2; the third epoch is cut after one update."""
    made = order(MrdWeighted(refresh=2), n=4, batch=2)
    taken = take(made, 5, np.array([3.0, 1.0, 0.0, np.nan]))
    met = [[i for forget, _ in taken[start : start + 2] for i in forget] for start in (0, 2, 4)]
    p = np.array([3.0, 1.0, 0.0, 4 / 3]) / (16 / 3)
    for epoch, (entry, positions) in enumerate(zip(made.log, met, strict=True)):
        seen = {i for before in met[: epoch + 1] for i in before}
        assert entry["epoch"] == epoch
        assert entry["effective_sample_size"] == pytest.approx(1 / float((p**2).sum()))
        assert (entry["samples"], entry["distinct"], entry["seen"]) == (len(positions), len(set(positions)), len(seen))
        assert ("scored" in entry, entry.get("undefined")) == ((True, 1) if epoch != 1 else (False, None))
    assert [entry["samples"] for entry in made.log] == [4, 4, 2]


def test_an_order_has_the_effective_sample_size_of_its_visits() -> None:
    class Twice(Curriculum):
        def order(
            self, samples: Sequence[Sample], scores: np.ndarray | None, rng: np.random.Generator
        ) -> Sequence[int]:
            return [0, 0, 1, 2]

    made = order(Twice(), n=5)
    take(made, 1)
    assert made.log == [{"epoch": 0, "effective_sample_size": 16 / 6, "samples": 4, "distinct": 3, "seen": 3}]


@pytest.mark.parametrize("replacement", ["batch", "epoch"])
def test_weights_without_replacement(replacement: Any) -> None:
    made = order(MrdWeighted(replacement=replacement), n=10, batch=4)
    taken = [forget for forget, _ in take(made, 30, np.arange(1.0, 11.0) ** 3)]
    assert [len(f) for f in taken[:3]] == [4, 4, 2]
    assert all(len(set(f)) == len(f) for f in taken)
    epochs = [[i for f in taken[start : start + 3] for i in f] for start in range(0, 30, 3)]
    once_an_epoch = [sorted(met) == list(range(10)) for met in epochs]
    assert all(once_an_epoch) if replacement == "epoch" else not any(once_an_epoch)


def test_uniform_never_asks_for_scores() -> None:
    assert take_and_ask(order(Uniform()), 9)[1] == []


def test_weights_without_a_score_and_the_floor() -> None:
    samples = [Sample(str(i), "", "") for i in range(4)]
    weights = MrdWeighted(floor=0.5).weights(samples, np.array([1.0, np.nan, 3.0, 0.0]), 0.0)
    assert weights is not None
    raw = np.array([1.0, 4 / 3, 3.0, 0.0])
    assert weights == pytest.approx(0.5 * raw / raw.sum() + 0.125)
    for useless in (np.zeros(4), np.full(4, np.nan)):
        assert MrdWeighted().weights(samples, useless, 0.0) == pytest.approx(np.full(4, 0.25))


def test_the_difficulty_of_a_curriculum_may_carry_options() -> None:
    assert MrdWeighted().difficulty() == PluginSpec("mrd")
    assert MrdWeighted({"name": "mrd", "sigma": 0.01}).difficulty() == PluginSpec("mrd", {"sigma": 0.01})


class Broken(Curriculum):
    def __init__(self, answer: object) -> None:
        self.answer = answer

    def weights(self, samples: Sequence[Sample], scores: np.ndarray | None, progress: float) -> np.ndarray | None:
        return self.answer


@pytest.mark.parametrize("answer", [np.ones(3), np.full(10, np.nan), -np.ones(10), np.zeros(10)])
def test_impossible_weights_are_named(answer: np.ndarray) -> None:
    with pytest.raises(FairforgetError, match="Broken returned weights that are not 10 finite"):
        take(order(Broken(answer)), 1)


def test_an_order_of_the_curriculums_own() -> None:
    class Backwards(Curriculum):
        def order(
            self, samples: Sequence[Sample], scores: np.ndarray | None, rng: np.random.Generator
        ) -> Sequence[int]:
            return list(range(len(samples)))[::-1]

    assert [i for forget, _ in take(order(Backwards()), 3) for i in forget] == list(range(10))[::-1]
    assert Counter(i for forget, _ in take(order(Uniform()), 3) for i in forget) == Counter(range(10))
