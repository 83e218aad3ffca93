from __future__ import annotations

import copy
import signal
import sys
from contextlib import nullcontext, suppress
from fnmatch import fnmatchcase
from itertools import accumulate

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from fairforget.errors import FairforgetError
from fairforget.lm import perturb
from fairforget.lm.perturb import Perturbation, perturbation
from fairforget.lm.weights import weights


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
    found = weights(one)
    assert len(found) == len(weights(model)) == len(list(model.parameters()))
    assert max(len(w.parameters) for w in found) == 2
    with perturbation(one) as a, perturbation(model) as b:
        a.move(5, 1e-2)
        b.move(5, 1e-2)
        for p, q in zip(one.model.parameters(), model.model.parameters(), strict=True):
            assert torch.equal(p, q)


ADAPTED = ["q_proj", "down_proj"]


@pytest.fixture
def adapted(model):
    peft = pytest.importorskip("peft")
    config = peft.LoraConfig(r=2, target_modules=ADAPTED, modules_to_save=["norm"], init_lora_weights=False)
    return peft.get_peft_model(model, config).eval()


def changed(model, before) -> set[str]:
    """Names of the parameters that are not what they were; of several names of one, all."""
    named = dict(model.named_parameters(remove_duplicate=False))
    return {name for name, p in named.items() if not torch.equal(p, before[name])}


def copies(model) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in model.named_parameters(remove_duplicate=False)}


@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")
def test_adapters_or_their_base_are_moved(adapted):
    before = copies(adapted)
    trained = {name for name in before if "lora_" in name or "modules_to_save" in name}
    assert len(trained) == 2 * 2 * len(ADAPTED) + 5  # PEFT takes every name that ends so: five norms
    for only, expected in (("adapters", trained), ("base", set(before) - trained), ("all", set(before))):
        with perturbation(adapted, only) as noise:
            noise.move(1, 0.1)
            assert changed(adapted, before) == expected
            assert set(noise.names) <= expected
        assert not changed(adapted, before)


@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")
def test_adapters_that_do_nothing_are_refused(adapted):
    adapted.merge_adapter()
    with pytest.raises(FairforgetError, match="merged into their base"):
        weights(adapted, "adapters")
    with pytest.raises(FairforgetError, match="LlamaForCausalLM has no adapters; only 'all' or 'base'"):
        weights(adapted.unload(), "adapters")


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


NAMES = st.text("ab01", min_size=1, max_size=2)


@settings(derandomize=True, deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_what_the_patterns_name_moves_and_nothing_else(data):
    """Against fnmatch on every name; tied and frozen weights, odd dtypes and shapes, and an exception or none."""
    model = torch.nn.Module()
    shapes = st.lists(st.integers(1, 3), max_size=2)
    for name in data.draw(st.lists(NAMES, min_size=1, max_size=4, unique=True)):
        child = torch.nn.Module()
        model.add_module(f"m{name}", child)
        for leaf in data.draw(st.lists(NAMES, min_size=1, max_size=3, unique=True)):
            dtype = data.draw(st.sampled_from([torch.float32, torch.float64, torch.int8]))
            tensor = torch.full(data.draw(shapes), 3).to(dtype)
            trains = dtype.is_floating_point and data.draw(st.booleans())
            child.register_parameter(f"p{leaf}", torch.nn.Parameter(tensor, requires_grad=trains))
    if data.draw(st.booleans()):
        first = next(model.parameters())
        model.register_parameter("tied", first)
    before = copies(model)
    floats = {name for name, p in before.items() if p.is_floating_point()}
    piece = st.sampled_from(["m", "p", "*", "?", ".", "a", "b", "0", "1", "[01]", "tied"])
    patterns = data.draw(st.lists(st.lists(piece, min_size=1, max_size=5).map("".join), min_size=1, max_size=3))
    named = {name for name in floats if any(fnmatchcase(name, pattern) for pattern in patterns)}
    alike = {name for name in floats for other in named if _same(model, name, other)}
    if not all(any(fnmatchcase(name, pattern) for name in floats) for pattern in patterns):
        with pytest.raises(FairforgetError, match="no floating-point weight of Module is named"):
            weights(model, patterns)
        return
    with suppress(ZeroDivisionError), perturbation(model, patterns) as noise:
        noise.move(data.draw(st.integers(0, 2**63 - 1)), 1.0, relative=data.draw(st.booleans()))
        assert changed(model, before) == alike
        assert sum(w.numel() for w in noise.weights) == sum(before[name].numel() for name in noise.names)
        if data.draw(st.booleans()):
            raise ZeroDivisionError
    assert not changed(model, before)


def _same(model, name: str, other: str) -> bool:
    return model.get_parameter(name) is model.get_parameter(other)


def test_a_seed_is_the_same_direction_in_any_precision(model):
    double = copy.deepcopy(model).double()
    with perturbation(model) as single, perturbation(double) as exact:
        single.move(5, 1e-3)
        exact.move(5, 1e-3)
        for a, b, origin in zip(single.weights, exact.weights, single._saved, strict=True):
            assert (a.double() - b).abs().max() <= 2e-7 * origin.abs().max()
            assert not torch.equal(b, origin.double())
