"""Variance components: planted, worked by hand, and beside a mixed model fitted by restricted maximum likelihood."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats

from fairforget.stats.components import components


def simulate(rng, sizes, sd):
    """Return (methods, draws, seeds) with planted standard deviations of method, draw, interaction, residual."""
    m, f, s = sizes
    shapes = [(m, 1, 1), (1, f, 1), (m, f, 1), (m, f, s)]
    return sum(rng.normal(0, one, shape) for one, shape in zip(sd, shapes, strict=True))


def table(values):
    index = np.indices(values.shape).reshape(3, -1)
    frame = pd.DataFrame({"y": values.ravel(), "method": index[0], "draw": index[1]})
    return frame.assign(one=1, method=frame.method.astype(str), draw=frame.draw.astype(str))


def fit(formula, frame, **options):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return smf.mixedlm(formula, frame, **options).fit(reml=True, method=["lbfgs", "powell"])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_components_are_those_of_a_mixed_model(seed):
    """Balanced and without truncation the two estimates are one (Searle, Casella and McCulloch 1992, section 4.8)."""
    values = simulate(np.random.default_rng(seed), (4, 8, 3), (1.0, 0.8, 0.6, 0.4))
    found = components(values)
    assert not found.truncated
    # Without re_formula there would be no draw effect once a component is named.
    model = fit("y ~ C(method)", table(values), groups="draw", re_formula="1", vc_formula={"mf": "0 + C(method)"})
    expected = (float(model.cov_re.iloc[0, 0]), float(model.vcomp[0]), float(model.scale))
    assert (found.draw, found.interaction, found.residual) == pytest.approx(expected, rel=0.01)


def test_the_method_component_is_that_of_a_mixed_model_with_random_methods():
    values = simulate(np.random.default_rng(4), (6, 8, 2), (1.0, 0.8, 0.6, 0.4))
    found = components(values)
    parts = {"m": "0 + C(method)", "f": "0 + C(draw)", "mf": "0 + C(method):C(draw)"}
    model = fit("y ~ 1", table(values), groups="one", re_formula="0", vc_formula=parts)
    expected = dict(zip(model.model.exog_vc.names, model.vcomp, strict=True))
    assert not found.truncated
    assert found.method == pytest.approx(expected["m"], rel=0.02)
    assert found.draw == pytest.approx(expected["f"], rel=0.02)
    assert found.interaction == pytest.approx(expected["mf"], rel=0.02)
    assert found.residual == pytest.approx(model.scale, rel=0.02)


def test_planted_components_are_recovered():
    """Unbiased before truncation: the mean over many cubes is what was planted."""
    rng = np.random.default_rng(5)
    sd = np.array([1.0, 0.7, 0.5, 0.3])
    found = [components(simulate(rng, (8, 12, 3), sd)) for _ in range(1500)]
    means = [np.mean([getattr(c, name) for c in found]) for name in ("method", "draw", "interaction", "residual")]
    assert means == pytest.approx(sd**2, rel=0.05)
    planted = sd**2
    assert found[0].selection == pytest.approx(
        (found[0].draw + found[0].interaction)
        / (found[0].method + found[0].draw + found[0].interaction + found[0].residual)
    )
    assert np.median([c.selection for c in found]) == pytest.approx((planted[1] + planted[2]) / planted.sum(), abs=0.03)


def test_the_coefficients_are_correlations_of_repeated_studies():
    """Eρ²: the share of variance of a study's method differences that is of the methods; simulated, not calculated."""
    rng = np.random.default_rng(6)
    methods, draws, seeds = 2000, 5, 2
    sd = (0.5, 0.8, 0.6, 0.7)
    effect = rng.normal(0, sd[0], (methods, 1, 1))

    def study():
        return effect + simulate(rng, (methods, draws, seeds), (0.0, *sd[1:]))

    found = components(study())
    studies = np.stack([study().mean(axis=(1, 2)) for _ in range(60)])
    assert found.ranking() == pytest.approx(np.mean(np.corrcoef(studies)[np.triu_indices(60, 1)]), abs=0.03)
    error = ((studies - effect[:, 0, 0]) ** 2).mean()
    population = components(simulate(rng, (2000, 400, 2), sd))
    assert population.absolute(draws, seeds) == pytest.approx(sd[0] ** 2 / (sd[0] ** 2 + error), abs=0.03)


def test_by_hand():
    """2 methods × 2 draws × 2 seeds; mean squares by pencil: 18, 8, 2, 1."""
    values = np.array([[[5.0, 6.0], [7.0, 9.0]], [[3.0, 4.0], [4.0, 4.0]]])
    m, f, s = values.shape
    cells = values.mean(axis=2)  # 5.5 8.0 / 3.5 4.0, grand 5.25
    ms = {
        "m": f * s * ((6.75 - 5.25) ** 2 + (3.75 - 5.25) ** 2) / 1,
        "f": m * s * ((4.5 - 5.25) ** 2 + (6.0 - 5.25) ** 2) / 1,
        "mf": s * (cells[0, 0] - cells[0, 1] - cells[1, 0] + cells[1, 1]) ** 2 / 4,
        "e": (0.5 + 2.0 + 0.5 + 0.0) / 4,
    }
    found = components(values)
    assert found.residual == ms["e"] == 0.75
    assert found.interaction == pytest.approx((ms["mf"] - ms["e"]) / 2)
    assert found.draw == pytest.approx((ms["f"] - ms["mf"]) / 4)
    assert found.method == pytest.approx((ms["m"] - ms["mf"]) / 4)
    assert found.f == pytest.approx(ms["m"] / ms["mf"])
    assert found.p == pytest.approx(stats.f.sf(found.f, 1, 1))
    error = found.interaction + 0.75 / 2
    assert found.ranking() == pytest.approx(found.method / (found.method + error / 2))
    assert found.ranking(10, 4) == pytest.approx(found.method / (found.method + (found.interaction + 0.75 / 4) / 10))
    assert found.absolute() == pytest.approx(found.method / (found.method + (error + found.draw) / 2))


def test_a_negative_component_stands_as_nothing_and_is_named():
    values = np.array([[[1.0, 3.0], [3.0, 1.0]], [[6.0, 8.0], [8.0, 6.0]]])
    found = components(values)
    assert (found.interaction, found.draw) == (0.0, 0.0)
    assert found.truncated == ("interaction",)
    assert components(simulate(np.random.default_rng(0), (4, 8, 3), (1, 1, 1, 0.1))).truncated == ()


def test_one_seed_confounds_interaction_and_noise():
    """What is left is right for as many seeds as there are, and refused for any other number."""
    values = simulate(np.random.default_rng(8), (6, 10, 4), (1.0, 0.8, 0.6, 0.9))
    whole, one = components(values), components(values.mean(axis=2))
    assert one.confounded
    assert not whole.confounded
    assert one.residual is None
    assert one.interaction == pytest.approx(whole.interaction + whole.residual / 4)
    assert (one.ranking(), one.absolute()) == pytest.approx((whole.ranking(), whole.absolute()))
    assert one.draws_needed(0.9) == whole.draws_needed(0.9)
    for ask in (lambda: one.ranking(10, 2), lambda: one.absolute(10, 2), lambda: one.draws_needed(0.9, 2)):
        with pytest.raises(ValueError, match="one seed"):
            ask()


@pytest.mark.parametrize("wanted", [0.5, 0.8, 0.9, 0.95])
@pytest.mark.parametrize("seeds", [None, 1, 5])
def test_as_many_draws_and_no_fewer_give_a_wanted_coefficient(wanted, seeds):
    found = components(simulate(np.random.default_rng(9), (5, 10, 3), (0.5, 0.8, 0.6, 0.4)))
    draws = found.draws_needed(wanted, seeds)
    assert found.ranking(draws, seeds) >= wanted - 1e-9
    assert draws == 1 or found.ranking(draws - 1, seeds) < wanted


def test_what_no_number_of_draws_reaches():
    same = simulate(np.random.default_rng(1), (1, 6, 2), (0.0, 1.0, 1.0, 1.0)).repeat(3, axis=0)
    alike = components(same)
    assert alike.method == 0.0
    assert alike.draws_needed(0.8) is None
    regular = components(np.array([[[1.0], [2.0]], [[3.0], [4.0]]]).repeat(2, axis=2))
    assert (regular.draws_needed(0.99), regular.ranking(), regular.p) == (1, 1.0, 0.0)
    assert components(simulate(np.random.default_rng(1), (3, 6, 2), (1, 1, 1, 1))).draws_needed(1.0) is None
    with pytest.raises(ValueError, match="between 0 and 1"):
        regular.draws_needed(1.1)


def test_scores_without_variance_have_no_shares():
    found = components(np.full((3, 4, 2), 0.1))
    assert (found.method, found.draw, found.interaction, found.residual) == (0, 0, 0, 0)
    assert np.isnan([found.selection, found.ranking(), found.absolute(), found.f, found.p]).all()
    assert np.isnan(found.ranking_interval()).all()


def test_the_interval_of_the_coefficient_covers():
    """Of ICC(C, k), whose limits are exact for normal scores."""
    rng = np.random.default_rng(10)
    sizes, sd = (6, 5, 2), (0.6, 0.5, 0.5, 0.5)
    truth = sd[0] ** 2 / (sd[0] ** 2 + sd[2] ** 2 / 5 + sd[3] ** 2 / 10)
    intervals = [components(simulate(rng, sizes, sd)).ranking_interval() for _ in range(2000)]
    assert 0.93 <= np.mean([low <= truth <= high for low, high in intervals]) <= 0.97


def test_the_interval_of_the_coefficient_holds_the_estimate_where_a_component_was_cut_off():
    rng = np.random.default_rng(13)
    cut = 0
    for _ in range(2000):
        found = components(simulate(rng, (2, 3, 3), (0.5, 0.5, 0.0, 1.0)))
        low, high = found.ranking_interval()
        cut += bool(found.truncated)
        assert 0 <= low <= found.ranking() <= high <= 1
    assert cut > 500
    still = components(np.array([[[0.1], [0.2], [0.3]], [[0.2], [0.3], [0.1]]]))
    assert (still.f, still.ranking(), still.ranking_interval()) == (0.0, 0.0, (0.0, 0.0))


def overlapping(rng, sizes, sd, rho):
    """Return a cube whose draw effects and interactions correlate by rho between draws."""
    m, f, s = sizes

    def correlated(shape, one):
        common = rng.normal(0, one, (*shape[:-1], 1))
        return np.sqrt(rho) * common + np.sqrt(1 - rho) * rng.normal(0, one, shape)

    cells = rng.normal(0, sd[0], (m, 1)) + correlated((1, f), sd[1]) + correlated((m, f), sd[2])
    return cells[..., None] + rng.normal(0, sd[3], (m, f, s))


def test_planted_components_of_overlapping_draws_are_recovered():
    rng = np.random.default_rng(11)
    sd, rho = np.array([1.0, 0.9, 0.7, 0.4]), 0.4
    cubes = [overlapping(rng, (8, 6, 2), sd, rho) for _ in range(1500)]
    found = [components(cube, rho) for cube in cubes]
    names = ("method", "draw", "interaction", "residual")
    assert [np.mean([getattr(c, name) for c in found]) for name in names] == pytest.approx(sd**2, rel=0.07)
    naive = [np.mean([getattr(components(cube), name) for cube in cubes]) for name in names]
    assert naive[0] > 1.1
    assert naive[2] < 0.65 * sd[2] ** 2
    expected = 1 / (1 + sd[2] ** 2 * (rho + (1 - rho) / 6) + sd[3] ** 2 / 12)
    covered = [low <= expected <= high for low, high in (c.ranking_interval() for c in found)]
    assert 0.93 <= np.mean(covered) <= 0.97
    assert np.median([c.ranking() for c in found]) == pytest.approx(expected, abs=0.04)


def test_methods_that_do_not_differ_are_told_apart_no_more_often_where_draws_overlap():
    rng = np.random.default_rng(12)
    cubes = [overlapping(rng, (5, 6, 1), (0, 1, 1, 0), 0.4) for _ in range(1500)]
    assert np.mean([components(cube).p <= 0.05 for cube in cubes]) > 0.2
    assert np.mean([components(cube, 0.4).p <= 0.05 for cube in cubes]) == pytest.approx(0.05, abs=0.015)


@pytest.mark.parametrize("wanted", [0.3, 0.6, 0.9, 0.99])
def test_further_draws_of_a_small_pool_may_not_be_enough(wanted):
    found = components(overlapping(np.random.default_rng(13), (8, 6, 2), (1.0, 0.9, 0.7, 0.4), 0.3), 0.3)
    draws = found.draws_needed(wanted)
    if draws is None:
        assert found.ranking(10**9) < wanted
    else:
        assert found.ranking(draws) >= wanted - 1e-9
        assert draws == 1 or found.ranking(draws - 1) < wanted
    assert (draws is None) == (wanted == 0.99)


def test_no_overlap_changes_nothing():
    values = simulate(np.random.default_rng(14), (5, 6, 2), (1, 1, 1, 1))
    assert components(values, 0.0) == components(values)
    assert components(values, 1.0) is None
    with pytest.raises(ValueError, match="between 0 and 1"):
        components(values, 1.5)


def test_gaps_and_small_designs():
    with pytest.raises(ValueError, match="every draw and seed"):
        components(np.array([[[1.0], [np.nan]], [[1.0], [2.0]]]))
    assert components(np.zeros((1, 4, 2))) is None
    assert components(np.zeros((4, 1, 2))) is None
