from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from fairforget.api import Pool, PoolScore
from fairforget.errors import FairforgetError
from fairforget_samplers.binned import Binned
from fairforget_samplers.difficulty.initial import MrdInitial


@pytest.mark.parametrize("scope", ["answer", "full"])
def test_same_delta_same_value_as_brute_force(model, samples, brute, scope):
    few, double = samples[0:30:6], model.double()
    found = MrdInitial(scope=scope, batch_tokens=32).score(double, few, np.random.default_rng(3))
    seed = int(np.random.default_rng(3).integers(2**63, size=1)[0])
    start = 1 if scope == "full" else None
    s = brute.absolute_changes(double, few, [seed], 1e-3, start=start)
    np.testing.assert_allclose(found.values, np.abs(s[0, 0]), rtol=1e-5)


def test_it_claims_no_certainty(trained, samples):
    found = MrdInitial().score(trained, samples, np.random.default_rng(0))
    assert found.stderr is not None  # None would say that it is not random
    assert np.isnan(found.stderr).all()
    assert found.stderr.shape == found.values.shape
    assert found.reliability is None
    assert found.details["variant"] == "mrd.initial"
    assert found.details["forwards"] == 2
    assert any("one direction" in w for w in found.details["warnings"])


def test_it_is_proportional_to_sigma_over_three_decades(model, samples):
    values = [
        MrdInitial(sigma=s).score(model, samples, np.random.default_rng(0)).values for s in (1e-6, 1e-5, 1e-4, 1e-3)
    ]
    for a, b in pairwise(values):
        assert np.median(b / a) == pytest.approx(10, rel=0.03)


def test_another_seed_is_another_score(trained, samples):
    a, b = (MrdInitial().score(trained, samples, np.random.default_rng(i)).values for i in (0, 1))
    assert not np.allclose(a, b, rtol=0.01)


def test_no_bins_are_made_of_one_draw(trained, samples):
    found = MrdInitial().score(trained, samples, np.random.default_rng(0))
    score = PoolScore(found.values, "easier", found.reliability, found.stderr)
    lengths = np.array([s.length for s in samples])
    pool = Pool(tuple(s.sample for s in samples), lengths, False, {"mrd-initial": score})
    with pytest.raises(FairforgetError, match=r"one draw, which has no error bar.*min_reliability is 0\.5"):
        Binned(by="mrd-initial").draw(pool, "easy", 3, np.random.default_rng(0))
    assert len(Binned(by="mrd-initial", min_reliability=0).draw(pool, "easy", 3, np.random.default_rng(0))) == 3
