"""Weights are restored to the bit, whatever comes in between and however often."""

from __future__ import annotations

import signal
import sys
from contextlib import nullcontext
from itertools import accumulate

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from fairforget.lm.perturb import Perturbation, perturbation

from .kept import same_bits, weights_of


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


@torch.no_grad()
def draw_four_pairs(noise, model, samples):
    for seed in range(4):
        noise.move(seed, 0.1)
        samples.batch(eos=False).logits(model)
        noise.reflect()
        samples.batch(eos=False).logits(model)


@pytest.mark.parametrize("at", range(1, 9))
def test_an_interrupt_in_a_forward_pass(model, samples, at):
    before, calls = weights_of(model), []

    def interrupt(*_: object) -> None:
        calls.append(1)
        if len(calls) == at:
            signal.raise_signal(signal.SIGINT)

    handle = model.model.layers[1].register_forward_hook(interrupt)
    with pytest.raises(KeyboardInterrupt), perturbation(model) as noise:
        draw_four_pairs(noise, model, samples)
    handle.remove()
    assert len(calls) == at
    assert same_bits(model, before)


class Interrupting(TorchDispatchMode):
    """Sends SIGINT before the given operations that change a tensor in place, counted from 0."""

    def __init__(self, at):
        super().__init__()
        self.at, self.count = set(at), 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func.overloadpacket.__name__.rstrip("_") in {"copy", "normal", "add", "neg"}:
            self.count += 1
            if self.count - 1 in self.at:
                signal.raise_signal(signal.SIGINT)
        return func(*args, **(kwargs or {}))


@settings(
    derandomize=True,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.integers(0, 70), st.lists(st.integers(1, 9), max_size=6))
def test_interrupts_anywhere_and_again_while_restoring(trained, first, gaps):
    """Within a move, a reflection, the copying back, and again within the copying that follows."""
    at = list(accumulate([first, *gaps]))
    layers = trained.model.layers
    model = torch.nn.ModuleList([layers[0].mlp, layers[1].mlp, layers[0].input_layernorm])
    before = weights_of(model)
    with Interrupting(at) as sent:
        interrupted = False
        try:
            with perturbation(model) as noise:
                noise.move(1, 0.1)
                noise.reflect()
                noise.move(2, 0.1, relative=True)
        except KeyboardInterrupt:
            interrupted = True
    assert interrupted == (min(at) < sent.count)
    assert same_bits(model, before)


def test_an_interrupt_on_the_way_into_the_copying(model):
    """Where no operation is: between the end of the block and the first copy."""
    before, sent = weights_of(model), []

    def interrupt(frame, event, _):
        if frame.f_code is Perturbation.restore.__code__ and event == "call" and not sent:
            sent.append(1)
            raise KeyboardInterrupt

    was = sys.gettrace()
    try:
        with pytest.raises(KeyboardInterrupt), perturbation(model) as noise:  # noqa: PT012 - the trace begins inside
            noise.move(1, 0.1)
            assert not same_bits(model, before)
            sys.settrace(interrupt)
    finally:
        sys.settrace(was)
    assert len(sent) == 1
    assert same_bits(model, before)


def test_an_error_that_does_not_go_away_is_raised(model, monkeypatch):
    def broken(self: Perturbation) -> None:
        raise RuntimeError("device lost")

    monkeypatch.setattr(Perturbation, "_copy_back", broken)
    with pytest.raises(RuntimeError, match="device lost"), perturbation(model):
        pass
