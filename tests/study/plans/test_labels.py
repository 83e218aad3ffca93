"""What the rows of a plan are called."""

from __future__ import annotations

import json

from .a_study import STUDY, planned


def labels_of(registry, *methods):
    plan = planned(registry, STUDY, f"methods={json.dumps(list(methods))}")
    return [method.label for method in plan.methods]


def test_labels(registry):
    assert labels_of(registry, "sleepy", "ascent") == ["sleepy", "ascent"]
    assert labels_of(registry, {"name": "sleepy", "beta": 0.5}) == ["sleepy"]
    assert labels_of(registry, "sleepy", {"name": "sleepy", "beta": 0.5, "reduction": "mean"}) == [
        "sleepy",
        "sleepy (beta=0.5, reduction=mean)",
    ]
    assert labels_of(registry, "sleepy", {"name": "sleepy", "optimizer": {"lr": 0.5}}) == ["sleepy", "sleepy (lr=0.5)"]
    assert labels_of(registry, "sleepy", {"name": "sleepy", "layers": [3], "label": "third"}) == ["sleepy", "third"]


def test_labels_of_two_distributions(registry):
    registry.add("method", "sleepy", registry.load(registry.find("method", "sleepy")), dist="acme", version="2.0")
    assert labels_of(registry, "acme/sleepy") == ["sleepy"]
    assert labels_of(registry, "acme/sleepy", "fairforget/sleepy") == ["acme/sleepy", "fairforget/sleepy"]


def test_labels_of_curricula(registry):
    plan = planned(registry, STUDY, "curricula=[weighted, {name: weighted, refresh: 2}]")
    assert [c.label for c in plan.methods[2].curricula] == ["weighted", "weighted (refresh=2)"]
