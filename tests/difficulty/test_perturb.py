from __future__ import annotations

import copy
import signal
from contextlib import nullcontext

import pytest
import torch

from fairforget.errors import FairforgetError
from fairforget.lm.perturb import Perturbation, perturbation, require_full_precision, root_mean_square, weight_groups


def weights_of(model: torch.nn.Module) -> list[torch.Tensor]:
    return [p.detach().clone() for p in model.parameters()]


def same_bits(model: torch.nn.Module, before: list[torch.Tensor]) -> bool:
    return all(
        torch.equal(p.view(torch.int32), b.view(torch.int32)) for p, b in zip(model.parameters(), before, strict=True)
    )


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


@pytest.mark.parametrize("error", [None, RuntimeError, KeyboardInterrupt, SystemExit])
def test_weights_are_bitwise_restored(model, error):
    before = weights_of(model)
    with pytest.raises(error) if error else nullcontext(), perturbation(model) as noise:
        noise.move(1, 0.1)
        assert not same_bits(model, before)
        noise.reflect()
        if error:
            raise error
    assert same_bits(model, before)


def test_an_interrupt_during_the_restoring_is_raised_after_it(model, monkeypatch):
    before = weights_of(model)
    copy_back, calls = Perturbation._copy_back, []

    def interrupted(self: Perturbation) -> None:
        calls.append(1)
        if len(calls) == 1:
            with torch.no_grad():
                self.weights[0].copy_(self._saved[0])
            signal.raise_signal(signal.SIGINT)
        copy_back(self)

    monkeypatch.setattr(Perturbation, "_copy_back", interrupted)
    with pytest.raises(KeyboardInterrupt), perturbation(model) as noise:
        noise.move(1, 0.1)
    assert same_bits(model, before)
    assert len(calls) == 2


def test_tied_weights_are_moved_once(model):
    assert model.lm_head.weight is model.model.embed_tokens.weight
    one = copy.deepcopy(model)
    one.lm_head.weight = torch.nn.Parameter(one.model.embed_tokens.weight.data)  # two parameters, one memory
    groups = weight_groups(one)
    assert len(groups) == len(weight_groups(model)) == len(list(model.parameters()))
    assert max(len(g) for g in groups) == 2
    with perturbation(one) as a, perturbation(model) as b:
        a.move(5, 1e-2)
        b.move(5, 1e-2)
        for p, q in zip(one.model.parameters(), model.model.parameters(), strict=True):
            assert torch.equal(p, q)


def test_parameters_that_overlap_in_part_are_refused():
    memory = torch.randn(20)
    layer = torch.nn.Module()
    layer.a = torch.nn.Parameter(memory[:12])
    layer.b = torch.nn.Parameter(memory[8:])
    with pytest.raises(FairforgetError, match="overlap in memory"):
        weight_groups(layer)


def test_neighbours_in_one_memory_are_two_weights():
    memory = torch.randn(20)
    layer = torch.nn.Module()
    layer.a = torch.nn.Parameter(memory[:10])
    layer.b = torch.nn.Parameter(memory[10:].view(2, 5).t())
    before = memory.clone()
    assert len(weight_groups(layer)) == 2
    with perturbation(layer) as noise:
        noise.move(1, 1.0)
        assert (memory != before).all()
    assert torch.equal(memory, before)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_refused_with_the_mend(model, dtype):
    with pytest.raises(FairforgetError, match=r"mrd needs weights in float32.*float16.*dtype: float32"):
        require_full_precision(model.to(dtype), "difficulty mrd")
    require_full_precision(model.double(), "difficulty mrd")


def test_root_mean_square_by_hand():
    assert root_mean_square([torch.tensor([3.0, 4.0]), torch.tensor([[0.0], [0.0]])]) == pytest.approx(2.5)
