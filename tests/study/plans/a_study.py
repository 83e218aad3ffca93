"""A study that spans 112 cells, and what is said of one that is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from fairforget.api import Pool
from fairforget.errors import FairforgetError
from fairforget.study.draws import draw_sets
from fairforget.study.load import parse_study
from fairforget.study.planning import make_plan

TARGET = {"id": "a" * 24, "seed": 0}
DATA = "d" * 64
STUDY = """\
name: whole
task: {name: people, split: forget05, data: ./data}
samplers: [random, {name: binned, by: {name: mrd, sigma: 0.01}}]
draws: 3
forget_size: 8
methods:
  - untouched
  - {name: oracle, draws: 1}
  - {name: sleepy, beta: 0.2}
  - ascent
curricula: [uniform, weighted]
seeds: 2
budget: {epochs: 2.5, stop: {policy: unseen}}
optimizer: {lr: 1e-5, batch_size: 3}
"""


def planned(registry, text=STUDY, *sets):
    found = parse_study(text, "study.yaml", sets)
    return make_plan(found.study, registry, found.places)


def faults(registry, *sets, text=STUDY):
    with pytest.raises(FairforgetError) as caught:
        planned(registry, text, *sets)
    return str(caught.value).splitlines()


def all_draws(plan):
    people = plan.task.plugin.corpus().pool
    pool = Pool(people, np.ones(len(people)), whole_groups=True)
    study = plan.study
    return [
        d for s in plan.samplers for d in draw_sets(s.built, pool, data=DATA, size=study.forget_size, draws=study.draws)
    ]
