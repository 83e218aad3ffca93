"""The statistics of claims on scores that the difficulties really make of a tiny Llama."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fairforget.claims.statistics.score_agreement import ScoreAgreement
from fairforget.claims.statistics.sensitivity_slope import SensitivitySlope
from fairforget.claims.statistics.standard_error_law import LAW, StandardErrorLaw
from fairforget.claims.statistics.theorem_ratio import TheoremRatio
from fairforget.claims.values import Evidence, Part, ScoreSet
from fairforget_samplers.difficulty.hessian import MrdHessian
from fairforget_samplers.difficulty.length import Length
from fairforget_samplers.difficulty.monte_carlo import MrdMonteCarlo
from fairforget_samplers.difficulty.mrd_grad import MrdGrad


@pytest.fixture
def scored(model, samples):
    """Makes score sets of seeds 0, 1, …, as a claim has them."""

    def scored(name, difficulty, seeds):
        found = [difficulty.score(model, samples, np.random.default_rng(seed)) for seed in range(seeds)]
        described = {"name": f"fairforget/{name}", "options": difficulty.options()}
        ids = tuple(s.sample.id for s in samples)
        return [
            ScoreSet(described, seed, ids, tuple(one.values.tolist()), one.details) for seed, one in enumerate(found)
        ]

    return scored


def estimate(statistic, *sets):
    evidence = Evidence("llama", {"": Part(scores=tuple(one for some in sets for one in some))})
    return statistic.estimate(evidence, np.random.default_rng(0))


@pytest.mark.slow
def test_the_error_of_inside_follows_the_law_and_that_of_naive_draws_does_not(scored):
    inside = [scored("mrd-monte-carlo", MrdMonteCarlo(absolute="inside", sigma=1e-4, draws=k), 8) for k in (8, 24)]
    found = estimate(StandardErrorLaw("mrd-monte-carlo"), *inside)
    assert found.low < LAW < found.high
    assert found.figure["slope"] == pytest.approx(-0.5, abs=0.25)
    naive = MrdMonteCarlo(sigma=1e-4, draws=24, antithetic=False)
    noise = estimate(StandardErrorLaw("mrd-monte-carlo"), scored("mrd-monte-carlo", naive, 6))
    # Half-normal whatever K is: .756 of itself.
    assert noise.low < LAW * math.sqrt(24) < noise.high
    assert noise.low > 1.5 * LAW


@pytest.mark.parametrize(("absolute", "sigmas", "derived"), [("inside", (1e-5, 1e-4), 1), ("outside", (3e-4, 1e-3), 2)])
def test_the_power_of_sigma_is_one_inside_and_two_outside(scored, absolute, sigmas, derived):
    sets = [scored("mrd-monte-carlo", MrdMonteCarlo(absolute=absolute, sigma=s, draws=20), 4) for s in sigmas]
    found = estimate(SensitivitySlope("mrd-monte-carlo", derived=derived, tolerance=0.4), *sets)
    assert found.value == pytest.approx(derived, abs=0.15)
    assert found.low > 0.2


@pytest.mark.slow
def test_draws_and_curvature_are_one_quantity(scored):
    drawn = scored("mrd-monte-carlo", MrdMonteCarlo(sigma=5e-4, draws=40), 4)
    probed = scored("mrd-hessian", MrdHessian(sigma=1e-3, probes=12, reliability=0.9999), 4)
    found = estimate(TheoremRatio("mrd-monte-carlo", "mrd-hessian"), drawn, probed)
    assert found.low < 1 < found.high
    assert found.high - found.low < 0.5
    assert found.figure["spearman"] > 0.8


def test_the_two_readings_stand_side_by_side(scored):
    inside = scored("mrd-grad", MrdGrad(), 1)
    outside = scored("mrd-monte-carlo", MrdMonteCarlo(draws=40), 3)
    length = scored("length", Length(), 1)
    found = estimate(ScoreAgreement("mrd-monte-carlo", "mrd-grad", given=("length",)), inside, outside, length)
    assert found.known
    assert found.figure["raw"]["rho"] == found.value
    assert found.figure["partial"]["low"] < found.figure["partial"]["rho"] < found.figure["partial"]["high"]
    assert found.n == 30
