"""Every plugin that is installed can be described and put into a study."""

from __future__ import annotations

import pytest

from fairforget.kinds import BASES
from fairforget.registry import Registry
from fairforget.study.option_types import options_of

REGISTRY = Registry.discover()
CLASSES = [entry for entry in REGISTRY.entries() if entry.kind in BASES]


@pytest.mark.parametrize("entry", CLASSES, ids=lambda entry: f"{entry.kind}-{entry.name}")
def test_the_options_can_be_read_and_are_documented(entry):
    for option in options_of(REGISTRY.load(entry)).values():
        assert option.doc, f"{entry.canonical}: {option.name} says nothing about itself"
