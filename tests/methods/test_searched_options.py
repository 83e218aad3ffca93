"""What tuning may search is where a method works: the default lies inside, and the ends give a loss to descend."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
import torch

from fairforget.api import LossMethod, PluginSpec
from fairforget.registry import Registry
from fairforget.study.options import Built, build
from fairforget.study.searches import dimensions_of

REGISTRY = Registry.discover()
METHODS = [build(REGISTRY, "method", PluginSpec(e.name)) for e in REGISTRY.entries("method") if e.dist == "fairforget"]
SEARCHED = [(built, dimension) for built in METHODS for dimension in dimensions_of(built, ())]
LOSSES = [(built, dimension) for built, dimension in SEARCHED if isinstance(built.plugin, LossMethod)]


def name(value: Any) -> str:
    return value.entry.name if isinstance(value, Built) else value.name


@pytest.mark.parametrize(("built", "dimension"), SEARCHED, ids=name)
def test_a_search_includes_the_default(built: Built, dimension: Any) -> None:
    assert dimension.contains(built.to_json()["options"][dimension.name])


@pytest.mark.parametrize(("built", "dimension"), LOSSES, ids=name)
def test_the_ends_of_a_search_give_a_finite_gradient(on_logits: ModuleType, built: Built, dimension: Any) -> None:
    model, batch = on_logits.llama(3), on_logits.make_batch([(3, 2), (1, 5)], [(2, 4), (2, 2)])
    for value in dimension.choices or (dimension.search.low, dimension.search.high):
        method = build(REGISTRY, "method", PluginSpec(built.entry.name, {dimension.name: value})).of(LossMethod)
        found = on_logits.gradient(model, method.loss(model, batch))
        assert torch.isfinite(found).all()
        assert float(found.norm()) > 0
