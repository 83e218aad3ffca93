"""The difficulties that first-party plugins are told of by name."""

from __future__ import annotations

import pytest

from fairforget.api import PluginSpec
from fairforget.errors import FairforgetError
from fairforget.registry import Registry
from fairforget.study.load import parse_study
from fairforget.study.planning import make_plan

STUDY = """\
name: named
task: biographies
forget_size: 8
methods: [grad-ascent]
budget: {epochs: 1}
optimizer: {lr: 1e-3, batch_size: 8}
"""
SAYS = "by names nothing; write by: NAME, or by: {name: NAME, …} with its options"


@pytest.mark.parametrize("by", ["{}", "{sigma: 1}", "{name: [mrd]}", "{name: null}", '{name: ""}'])
@pytest.mark.parametrize(("key", "plugin"), [("curricula", "mrd-weighted"), ("samplers", "binned")])
def test_a_difficulty_without_a_name(key: str, plugin: str, by: str) -> None:
    change = f"{key}=[{{name: {plugin}, by: {by}}}]"
    found = parse_study(STUDY, "study.yaml", [change])
    with pytest.raises(FairforgetError) as caught:
        make_plan(found.study, Registry.discover(), found.places)
    assert str(caught.value) == f"--set {change}: {key}.0: {SAYS}"


def test_a_difficulty_with_one() -> None:
    assert PluginSpec.of("mrd", "by") == PluginSpec("mrd")
    assert PluginSpec.of({"name": "mrd", "sigma": 1}, "by") == PluginSpec("mrd", {"sigma": 1})
