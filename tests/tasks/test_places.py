"""Where the data of a task lie is no part of the key of a cell; what is in them is."""

from __future__ import annotations

import re

import pytest

from fairforget.api.plugin import option_parameters
from fairforget.registry import Registry
from fairforget.study.option_types import options_of

REGISTRY = Registry.discover()
TASKS = sorted(entry.canonical for entry in REGISTRY.entries("task") if entry.dist == "fairforget")


@pytest.mark.parametrize("name", TASKS)
def test_every_option_that_says_where_something_lies_is_known_as_a_place(name):
    task = REGISTRY.load(REGISTRY.find("task", name))
    assert set(task.places) - {"data"} <= option_parameters(task).keys()
    placed = {*task.places, *(option.name for option in options_of(task).values() if option.is_path)}
    said = {o.name for o in options_of(task).values() if re.search(r"\bhub id\b|\bfolder\b", o.doc)}
    assert said <= placed


def test_it_was_looked_for():
    assert {"fairforget/tofu", "fairforget/safe"} <= set(TASKS)
