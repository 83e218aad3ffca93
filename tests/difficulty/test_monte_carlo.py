from __future__ import annotations

import copy
import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from peft import LoraConfig, get_peft_model
from scipy.stats import spearmanr

from fairforget.errors import FairforgetError
from fairforget.lm.tokens import SampleSet
from fairforget_samplers.difficulty.monte_carlo import MrdMonteCarlo

FEW = slice(0, 30, 6)
HUSHED = pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing:FutureWarning")  # peft asks by an old name


def seeds_of(seed: int, directions: int) -> list[int]:
    return [int(s) for s in np.random.default_rng(seed).integers(2**63, size=directions)]


def score(difficulty, model, samples, seed=3):
    return difficulty.score(model, samples, np.random.default_rng(seed))


def expected(s: np.ndarray, absolute: str, *, antithetic: bool) -> tuple[np.ndarray, np.ndarray]:
    """Value and standard error of Eq. 4 from S at +delta and -delta, (directions, 2, samples)."""
    points = np.abs(s) if absolute == "inside" else s
    draws = points.mean(1) if antithetic else points[:, 0]
    return np.abs(draws.mean(0)), draws.std(0, ddof=1) / math.sqrt(len(draws))


@pytest.mark.parametrize("absolute", ["inside", "outside"])
@pytest.mark.parametrize("antithetic", [False, True])
@pytest.mark.parametrize(("normalise", "scope"), [("mean", "answer"), ("sum", "answer"), ("mean", "full")])
def test_same_delta_same_value_as_brute_force(model, samples, brute, absolute, antithetic, normalise, scope):
    few, double = samples[FEW], model.double()
    options = {"absolute": absolute, "antithetic": antithetic, "normalise": normalise, "scope": scope}
    found = score(MrdMonteCarlo(draws=6, batch_tokens=32, **options), double, few)
    seeds = seeds_of(3, 3 if antithetic else 6)
    start = 1 if scope == "full" else None
    s = brute.relative_changes(double, few, seeds, 1e-3, mean=normalise == "mean", start=start)
    values, errors = expected(s, absolute, antithetic=antithetic)
    np.testing.assert_allclose(found.values, values, rtol=1e-5)
    np.testing.assert_allclose(found.stderr, errors, rtol=1e-5)
    assert found.details["variant"] == f"mrd.{'in' if absolute == 'inside' else 'out'}.{normalise}"
    assert found.details["directions"] == len(seeds)
    assert found.details["forwards"] == 7


def test_noise_in_units_of_each_weight_as_brute_force(model, samples, brute):
    few, double = samples[FEW], model.double()
    found = score(MrdMonteCarlo(absolute="inside", sigma=1e-3, sigma_unit="rms", draws=4), double, few)
    s = brute.relative_changes(double, few, seeds_of(3, 4), 1e-3, relative=True)
    np.testing.assert_allclose(found.values, np.abs(s[:, 0]).mean(0), rtol=1e-5)
    assert found.details["sigma_over_rms"] == pytest.approx(1e-3)


def test_some_layers_as_brute_force(model, samples, brute):
    few, double = samples[FEW], model.double()
    patterns = ("model.layers.1.mlp.*", "model.norm.weight")
    found = score(MrdMonteCarlo(absolute="inside", layers=patterns, draws=4), double, few)
    names = [n for n, _ in model.named_parameters() if n.startswith("model.layers.1.mlp.") or n == "model.norm.weight"]
    s = brute.relative_changes(double, few, seeds_of(3, 4), 1e-3, names=names)
    np.testing.assert_allclose(found.values, np.abs(s[:, 0]).mean(0), rtol=1e-5)
    assert found.details["layers"] == list(patterns)
    assert found.details["weights"] == sum(model.get_parameter(n).numel() for n in names)
    with pytest.raises(FairforgetError, match=r"model\.layers\.1\.mpl"):
        score(MrdMonteCarlo(layers=("model.layers.1.mpl.*",)), double, few)


@pytest.fixture
def adapted(model):
    torch.manual_seed(5)
    adapted = get_peft_model(model, LoraConfig(r=2, target_modules=["q_proj", "up_proj"], init_lora_weights=False))
    return adapted.double().eval()


@HUSHED
@pytest.mark.parametrize("layers", ["adapters", "base"])
def test_adapters_or_what_they_adapt_as_brute_force(adapted, samples, brute, layers):
    few = samples[FEW]
    found = score(MrdMonteCarlo(absolute="inside", layers=layers, draws=3), adapted, few)
    names = [n for n, _ in adapted.named_parameters() if ("lora_" in n) == (layers == "adapters")]
    s = brute.relative_changes(adapted, few, seeds_of(3, 3), 1e-3, names=names)
    np.testing.assert_allclose(found.values, np.abs(s[:, 0]).mean(0), rtol=1e-5)


@HUSHED
def test_weights_without_a_say_are_named(model, samples):
    adapted = get_peft_model(model, LoraConfig(r=2, target_modules=["q_proj"])).eval()  # B = 0, and 0 in its own units
    found = score(MrdMonteCarlo(layers="adapters", sigma_unit="rms", sigma=1.0, draws=4), adapted, samples)
    assert (found.values == 0).all()
    assert found.reliability is None
    assert any("no say" in w for w in found.details["warnings"])


def test_inside_is_proportional_to_sigma_over_three_decades(model, samples):
    """Float32 weights of root mean square .17; at the smallest, rounding shows and is warned of."""
    found = [
        score(MrdMonteCarlo(absolute="inside", sigma=s, draws=12), model, samples) for s in (1e-6, 1e-5, 1e-4, 1e-3)
    ]
    ratios = [b.values / a.values for a, b in pairwise(found)]
    for ratio in ratios:
        assert np.median(ratio) == pytest.approx(10, rel=0.02)
        assert np.abs(ratio / 10 - 1).max() < 0.25
    assert ["rounding" in " ".join(f.details["warnings"]) for f in found] == [True, False, False, False]


@pytest.mark.slow
def test_error_falls_with_the_root_of_the_draws(model, samples, brute):
    sigma, few = 1e-5, samples.take(range(0, 30, 2))

    def relative(before):
        return lambda logp: (logp / before.abs()).mean()

    norms = []
    for s in few:
        before = brute.token_loglikelihoods(copy.deepcopy(model).double(), s).detach()
        norms.append(brute.gradient_norm(model, s, relative(before)))
    closed = sigma * math.sqrt(2 / math.pi) * np.array(norms)
    for draws, repeats in ((10, 32), (50, 12), (400, 4)):
        runs = [
            score(MrdMonteCarlo(absolute="inside", sigma=sigma, draws=draws), model, few, r) for r in range(repeats)
        ]
        errors = np.stack([r.values for r in runs]) / closed - 1
        law = math.sqrt(math.pi / 2 - 1) / math.sqrt(draws)
        assert np.sqrt((errors**2).mean()) == pytest.approx(law, rel=0.15), draws
        told = np.mean([(r.stderr / r.values).mean() for r in runs])
        assert told == pytest.approx(law, rel=0.1), draws


@pytest.mark.slow
def test_the_preset_is_algorithm_1_as_printed(trained, samples):
    literal = score(MrdMonteCarlo(preset="paper_literal"), trained, samples)
    spelled = score(MrdMonteCarlo(absolute="outside", antithetic=False, draws=200), trained, samples)
    np.testing.assert_array_equal(literal.values, spelled.values)
    assert literal.details["preset"] == "paper_literal"
    assert literal.details["directions"] == 200
    assert any("sigma is not printed" in w and "0.001" in w for w in literal.details["warnings"])
    for found in (literal, spelled):
        assert any("independent draws" in w for w in found.details["warnings"])


@pytest.mark.parametrize(
    "contradiction",
    [{"antithetic": True}, {"absolute": "inside"}, {"normalise": "sum"}, {"layers": "base"}],
)
def test_a_preset_is_not_silently_overridden(contradiction):
    (name,) = contradiction
    with pytest.raises(FairforgetError, match=f"paper_literal has {name}"):
        MrdMonteCarlo(preset="paper_literal", **contradiction)
    MrdMonteCarlo(preset="paper_literal", antithetic=False, sigma=1e-4, scope="full")


@pytest.mark.slow
def test_another_number_of_draws_than_the_paper_s_is_told(trained, samples):
    few, all_of_them = (score(MrdMonteCarlo(preset="paper_literal", draws=k), trained, samples) for k in (5, 200))
    assert few.details["directions"] == 5
    assert not few.details["antithetic"]
    assert any("has 200 draws, and these are 5" in w for w in few.details["warnings"])
    assert not any("has 200 draws" in w for w in all_of_them.details["warnings"])


@pytest.mark.slow
def test_pairs_are_the_choice_outside_and_more_reproducible_than_twice_as_many_single_draws(trained, samples):
    pairs = [score(MrdMonteCarlo(draws=50), trained, samples, seed) for seed in (0, 1)]
    single = [score(MrdMonteCarlo(draws=200, antithetic=False), trained, samples, seed) for seed in (0, 1)]
    assert pairs[0].details["antithetic"]
    assert not score(MrdMonteCarlo(absolute="inside", draws=2), trained, samples).details["antithetic"]
    agree = [spearmanr(a.values, b.values).statistic for a, b in (pairs, single)]
    assert agree[0] > max(0.8, agree[1] + 0.2)
    assert pairs[0].reliability > single[0].reliability


def test_pairs_inside_are_said_to_be_wasted(trained, samples):
    found = score(MrdMonteCarlo(absolute="inside", antithetic=True, draws=4), trained, samples)
    assert any("tell nothing" in w for w in found.details["warnings"])


def test_an_odd_number_makes_no_pairs():
    with pytest.raises(FairforgetError, match="7 draws make no pairs; write draws: 8, or antithetic: false"):
        MrdMonteCarlo(draws=7)
    MrdMonteCarlo(draws=7, antithetic=False)
    MrdMonteCarlo(draws=7, absolute="inside")


@pytest.mark.parametrize("absolute", ["inside", "outside"])
def test_one_draw_is_a_value_without_an_error(model, samples, brute, absolute):
    few, double = samples[FEW], model.double()
    found = score(MrdMonteCarlo(absolute=absolute, draws=1, antithetic=False), double, few)
    s = brute.relative_changes(double, few, seeds_of(3, 1), 1e-3)
    np.testing.assert_allclose(found.values, np.abs(s[0, 0]), rtol=1e-5)
    assert np.isnan(found.stderr).all()
    assert found.reliability is None
    assert any("no standard error" in w for w in found.details["warnings"])


@pytest.mark.parametrize("difficulty", [MrdMonteCarlo(draws=20), MrdMonteCarlo(draws=10, absolute="inside")])
def test_the_same_seed_is_the_same_bits_and_the_order_of_the_samples_changes_none(trained, samples, difficulty):
    order = np.random.default_rng(9).permutation(len(samples)).tolist()
    straight, again = score(difficulty, trained, samples), score(difficulty, trained, samples)
    permuted = score(difficulty, trained, samples.take(order))
    np.testing.assert_array_equal(straight.values, again.values)
    np.testing.assert_array_equal(straight.stderr, again.stderr)
    np.testing.assert_array_equal(permuted.values, straight.values[order])
    assert straight.reliability == again.reliability == pytest.approx(permuted.reliability)
    assert not np.allclose(score(difficulty, trained, samples, seed=4).values, straight.values, rtol=1e-3)


def test_a_weight_that_is_no_number_excludes_what_it_reaches(model, samples):
    model.lm_head.weight = torch.nn.Parameter(model.model.embed_tokens.weight.detach().clone(), requires_grad=False)
    token = samples[0].input_ids[0]
    with torch.no_grad():
        model.model.embed_tokens.weight[token] = torch.nan
    reached = np.array([token in s.input_ids[: s.end - 1] for s in samples])
    assert 0 < reached.sum() < len(samples)
    found = score(MrdMonteCarlo(draws=4), model, samples)
    np.testing.assert_array_equal(np.isnan(found.values), reached)
    assert set(found.details["excluded"]) == {s.sample.id for s, r in zip(samples, reached, strict=True) if r}
    assert found.details["sigma_over_rms"] is None
    assert any("not finite" in w for w in found.details["warnings"])
    with pytest.raises(FairforgetError, match="not finite: noise relative to it has no size"):
        score(MrdMonteCarlo(draws=4, sigma_unit="rms"), model, samples)


def test_nothing_to_score(trained, encoded):
    nothing = SampleSet([encoded("empty", [4], [])], pad_id=0)
    found = score(MrdMonteCarlo(draws=4), trained, nothing)
    assert np.isnan(found.values).all()
    assert found.details["forwards"] == 0
    assert found.details["excluded"] == {"empty": "no scored tokens"}
    assert score(MrdMonteCarlo(draws=4), trained, SampleSet([], pad_id=0)).values.shape == (0,)


def test_draws_that_all_broke_the_model_are_not_said_to_have_changed_nothing(trained, samples):
    found = score(MrdMonteCarlo(draws=4, sigma=1e300), trained, samples)
    assert np.isnan(found.values).all()
    assert any("too large" in w for w in found.details["warnings"])
    assert not any("no draw changed" in w for w in found.details["warnings"])
