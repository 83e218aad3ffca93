"""What a method says an update runs through the model is what its loss runs through it."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from fairforget.api import LossMethod, PluginSpec
from fairforget.registry import Registry
from fairforget.study.options import build

REGISTRY = Registry.discover()
DEFAULTS = [build(REGISTRY, "method", PluginSpec(e.name)) for e in REGISTRY.entries("method") if e.dist == "fairforget"]
LOSSES = [(built.entry.name, {}) for built in DEFAULTS if isinstance(built.plugin, LossMethod)]
RETAINING = [built.entry.name for built in DEFAULTS if "retain_loss" in built.plugin.options()]
VARIANTS = [
    *((name, {"retain_loss": kind}) for name in RETAINING for kind in ("nll", "kl", "none")),
    *((name, {"retain_weight": 0.0}) for name in RETAINING),
    ("idk", {"batching": "concatenated"}),
    ("idk", {"batching": "concatenated", "retain_weight": 0.0}),
    ("kl-min", {"positions": "all"}),
    ("undial", {"positions": "all"}),
]


@pytest.mark.parametrize(("name", "options"), LOSSES + VARIANTS, ids=str)
def test_sequences_are_those_of_the_loss(on_logits: ModuleType, name: str, options: dict[str, Any]) -> None:
    method = build(REGISTRY, "method", PluginSpec(name, options)).of(LossMethod)
    model, batch = on_logits.llama(3), on_logits.make_batch([(3, 2), (1, 5), (2, 2)], [(2, 4), (2, 2), (1, 3)])
    seen = []
    model.register_forward_hook(lambda _, args, kwargs, output: seen.append(len(output.logits)), with_kwargs=True)
    method.loss(model, batch).backward()
    assert sum(seen) == method.sequences() * 3
