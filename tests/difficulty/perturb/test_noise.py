"""Noise of the wanted size, the same for a seed, and of no cost to others."""

from __future__ import annotations

import copy

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from fairforget.errors import FairforgetError
from fairforget.lm import perturb
from fairforget.lm.perturb import perturbation

from .kept import changed, copies, weights_of


@pytest.mark.slow
def test_noise_is_gaussian_of_the_wanted_size_and_the_same_for_a_seed(model):
    before = weights_of(model)
    with perturbation(model) as noise:
        noise.move(7, 0.01)
        first = torch.cat([(p - b).flatten() for p, b in zip(model.parameters(), before, strict=True)])
        noise.move(8, 0.01)
        other = torch.cat([(p - b).flatten() for p, b in zip(model.parameters(), before, strict=True)])
        noise.move(7, 0.01)
        again = torch.cat([(p - b).flatten() for p, b in zip(model.parameters(), before, strict=True)])
    n = len(first)
    assert torch.equal(first, again)
    assert abs(first.mean()) < 4 * 0.01 / n**0.5
    assert abs(first.std() / 0.01 - 1) < 4 / (2 * n) ** 0.5
    assert abs(torch.corrcoef(torch.stack([first, other]))[0, 1]) < 4 / n**0.5
    assert (first.sort().values.diff() == 0).float().mean() < 0.01  # no block of noise used twice


def test_reflection_is_the_opposite_point(model):
    before = weights_of(model)
    with perturbation(model) as noise:
        noise.move(3, 1e-3)
        there = [p - b for p, b in zip(model.parameters(), before, strict=True)]
        noise.reflect()
        back = [p - b for p, b in zip(model.parameters(), before, strict=True)]
    for a, b, weight in zip(there, back, before, strict=True):
        torch.testing.assert_close(a, -b, rtol=0, atol=2**-22 * float(weight.abs().max()))


def test_global_random_numbers_are_untouched(model):
    state = torch.get_rng_state()
    with perturbation(model) as noise:
        noise.move(1, 1e-3)
    assert torch.equal(state, torch.get_rng_state())


def test_relative_noise_has_the_size_of_each_weight(model):
    with torch.no_grad():
        for scale, p in enumerate(model.parameters(), 1):
            p.mul_(10.0 ** -(scale % 5))
        model.model.norm.weight.zero_()
    before = copies(model)
    with perturbation(model) as noise:
        noise.move(4, 0.5, relative=True)
        moved = copies(model)
        noise.move(5, 0.1)
        noise.reflect()
        noise.move(4, 0.5, relative=True)
        assert not changed(model, moved)  # relative to the original, not to where the weights are
    for name, p in before.items():
        delta, size = moved[name] - p, p.double().square().mean().sqrt()
        bound = 5 / (2 * p.numel()) ** 0.5 + 1e-6
        if name == "model.norm.weight":
            assert not delta.any()
        else:
            assert delta.double().square().mean().sqrt() / (0.5 * size) == pytest.approx(1, abs=bound), name


def test_relative_to_what_is_not_finite_is_refused(model):
    with torch.no_grad():
        model.model.norm.weight[3] = torch.nan
    with pytest.raises(FairforgetError, match=r"model\.norm\.weight holds numbers"), perturbation(model) as noise:
        noise.move(1, 0.1, relative=True)
    with perturbation(model, ["model.layers.*"]) as noise:
        noise.move(1, 0.1, relative=True)


def test_noise_does_not_depend_on_what_was_drawn_before_or_by_others(model):
    chosen = ["model.layers.1.*", "lm_head.*"]
    with perturbation(model, chosen) as noise:
        noise.move(9, 0.1)
        first = copies(model)
        torch.rand(7)
        noise.move(8, 3.0)
        noise.reflect()
        noise.move(9, 0.1)
        assert not changed(model, first)


def test_two_devices_do_not_draw_the_same():
    seeds = [perturb._seed_of(12, device) for device in range(8)]
    assert seeds[0] == 12
    assert len(set(seeds)) == 8
    assert all(0 <= s < 2**63 for s in [*seeds, perturb._seed_of(2**63 - 1, 3)])


class Waits(TorchDispatchMode):
    """Counts how often a number is taken out of a tensor, for which a GPU has to be waited for."""

    count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.count += func is torch.ops.aten._local_scalar_dense.default
        return func(*args, **(kwargs or {}))


def test_moving_does_not_wait_for_the_device(model):
    with perturbation(model) as noise:
        with Waits() as first:
            noise.move(1, 0.1, relative=True)
        with Waits() as later:
            noise.move(2, 0.1, relative=True)
            noise.move(2, 0.1)
            noise.reflect()
            noise.restore()
    assert first.count == len(noise.weights)
    assert later.count == 0


def test_a_seed_is_the_same_direction_in_any_precision(model):
    double = copy.deepcopy(model).double()
    with perturbation(model) as single, perturbation(double) as exact:
        single.move(5, 1e-3)
        exact.move(5, 1e-3)
        for a, b, origin in zip(single.weights, exact.weights, single._saved, strict=True):
            assert (a.double() - b).abs().max() <= 2e-7 * origin.abs().max()
            assert not torch.equal(b, origin.double())
