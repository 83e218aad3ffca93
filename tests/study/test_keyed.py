"""Cells by their keys: made together, each key is what the cell alone has."""

from __future__ import annotations

import numpy as np
import pytest

from fairforget.api import Pool, Task
from fairforget.registry import Registry
from fairforget.study.cell import cell_key
from fairforget.study.draws import draw_sets
from fairforget.study.keyed import cells_by_key
from fairforget.study.load import parse_study
from fairforget.study.planning import make_plan

STUDY = """
name: keyed
task: {name: biographies, people: 40}
samplers: [random]
draws: 3
forget_size: 8
methods:
  - untouched
  - {name: retrain, draws: 2}
  - {name: npo, beta: 0.1}
  - {name: npo, beta: 1}
  - {name: npo, beta: 1.5, optimizer: {lr: 5e-6}}
curricula: [uniform, {name: mrd-weighted, by: {name: mrd, max_forwards: 17}}]
seeds: 2
budget: {epochs: 2.0, stop: {rule: memorization, policy: unseen}}
optimizer: {name: adamw, lr: 1.0e-3, batch_size: 8}
evaluation: {retain: 12}
"""
TARGET = {"id": "t", "base": {"path": "somewhere", "pretrained": "sha"}, "seed": 0, "scale": 1.0, "on": True}


@pytest.fixture(scope="module")
def plan():
    registry = Registry.discover()
    opened = parse_study(STUDY)
    return make_plan(opened.study, registry, opened.places)


@pytest.fixture(scope="module")
def draws(plan):
    samples = plan.task.of(Task).corpus().pool
    pool = Pool(samples, np.ones(len(samples), dtype=np.int64), True, {})
    return draw_sets(plan.samplers[0].built, pool, data="d", size=8, draws=3)


def test_every_key_is_that_of_its_cell(plan, draws):
    found = cells_by_key(plan, draws, TARGET, data="d")
    assert list(found) == [cell_key(cell) for cell in found.values()]
    assert list(found.values()) == plan.cells(draws, TARGET, data="d")
    assert len(found) == len(plan) == 3 * (1 + 3 * 2 * 2) + 2


def test_what_changes_no_score_changes_no_key(plan, draws):
    moved = {**TARGET, "base": {**TARGET["base"], "path": "elsewhere"}, "scale": 1}
    assert list(cells_by_key(plan, draws, moved, data="d")) == list(cells_by_key(plan, draws, TARGET, data="d"))
    other = cells_by_key(plan, draws, {**TARGET, "seed": 1}, data="d")
    assert not other.keys() & cells_by_key(plan, draws, TARGET, data="d").keys()
