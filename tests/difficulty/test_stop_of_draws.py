"""When draws end by their reliability."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from fairforget_samplers.difficulty.drawn import Stop


def drawn(rng, samples, noise, *, most=400):
    """Return the draws at which the rule ends, (directions, samples), and the true scores."""
    truth = rng.gamma(4.0, size=samples)
    stop, values = Stop(0.9, samples, rng), []
    while stop.reached(values) is None and len(values) < most:
        values.append(truth + noise * rng.standard_normal(samples))
    return np.stack(values), truth


@pytest.mark.parametrize(("samples", "first"), [(10, 8), (39, 8), (40, 4), (400, 4)])
def test_the_first_look_is_early_where_there_are_many_samples(samples, first):
    assert len(drawn(np.random.default_rng(0), samples, 0.01)[0]) == first


def test_few_samples_never_end_by_it():
    assert len(drawn(np.random.default_rng(0), 9, 0.01, most=30)[0]) == 30


def test_the_looks_are_rare():
    class Counted(Stop):
        looks = 0

        def reached(self, values):
            before = self._look
            found = super().reached(values)
            self.looks += self._look != before
            return found

    rng, values = np.random.default_rng(0), []
    stop = Counted(0.9999, 100, rng)
    for _ in range(100):
        values.append(rng.standard_normal(100))
        assert stop.reached(values) is None
    assert stop.looks == 12  # after 4, 8, 10, 13, 17, 22, 28, 35, 44, 55, 69, 87


@pytest.mark.slow
@pytest.mark.parametrize("noise", [1.0, 1.5, 2.5, 4.0])
def test_what_ends_an_early_look_is_as_reliable_as_was_asked(noise):
    """The draws that it ends with correlate with as many others by nearly .9, luck in looking included."""
    rng, found, lengths = np.random.default_rng(1), [], []
    for _ in range(40):
        values, truth = drawn(rng, 40, noise)
        others = truth + noise * rng.standard_normal(values.shape)
        found.append(spearmanr(values.mean(0), others.mean(0)).statistic)
        lengths.append(len(values))
    assert np.mean(found) >= 0.86, (np.mean(found), np.median(lengths))
