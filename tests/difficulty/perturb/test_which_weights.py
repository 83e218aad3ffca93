"""Which weights move: adapters, their base, tied ones, and those that patterns name."""

from __future__ import annotations

import copy
from contextlib import suppress
from fnmatch import fnmatchcase

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairforget.errors import FairforgetError
from fairforget.lm.perturb import perturbation
from fairforget.lm.weights import weights

from .kept import changed, copies


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
