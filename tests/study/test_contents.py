"""What lies at the paths of a study decides the keys of its cells; where it lies does not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from fairforget.api import Corpus, Difficulty, Metric, MetricUse, PluginSpec, Scratch, TargetRecipe, Task
from fairforget.errors import FairforgetError
from fairforget.lm.sources import tree_digest
from fairforget.study.cell import Cell, cell_key
from fairforget.study.load import parse_study
from fairforget.study.options import build
from fairforget.study.planning import make_plan
from fairforget.study.rows import PlannedCurriculum

TARGET = {"id": "a" * 24, "seed": 0}


@dataclass(frozen=True)
class Reading(Metric):
    """Depends on a folder, and on something else that no option names."""

    higher_is = "better"
    texts: str = ""
    k: int = 1

    def depends_on(self):
        if not Path(self.texts).exists():
            raise FairforgetError(f"metric reading, option texts: there is no folder {self.texts!r}")
        return {"texts": tree_digest(Path(self.texts)), "sizes": {np.int64(3)}, "share": np.float64(0.5)}

    def measure(self, subject):
        raise NotImplementedError


@dataclass(frozen=True)
class Readers(Task):
    version: ClassVar[int] = 1
    places: ClassVar[tuple[str, ...]] = ("texts",)
    texts: str = ""
    k: int = 1

    def corpus(self):
        return Corpus((), ())

    def target(self):
        return TargetRecipe(Scratch({"model_type": "llama"}), None)

    def metrics(self):
        reading = PluginSpec("reading", {"texts": self.texts, "k": self.k})
        return (
            MetricUse("forget_probability", PluginSpec("probability"), "forget", "completeness", complement=True),
            MetricUse("reading", reading, "retain", "utility"),
        )


@dataclass(frozen=True)
class Leaning(Difficulty):
    higher_is = "easier"
    texts: str = ""

    def score(self, model, samples, rng):
        raise NotImplementedError

    def depends_on(self):
        return {"texts": tree_digest(Path(self.texts))}


@pytest.fixture
def registry(registry):
    registry.add("metric", "reading", Reading).add("task", "readers", Readers)
    return registry.add("difficulty", "leaning", Leaning)


@pytest.fixture
def place(tmp_path):
    def write(name, text):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "texts.jsonl").write_text(text)
        return str(tmp_path / name)

    return write


STUDY = """\
name: small
task: {name: readers}
forget_size: 8
methods: [ascent]
budget: {epochs: 2}
optimizer: {lr: 1e-5, batch_size: 4}
"""


def cell(registry, *sets):
    found = parse_study(STUDY, "study.yaml", sets)
    plan = make_plan(found.study, registry, found.places)
    parts = {"task": plan.task_json("d" * 64), "evaluation": plan.evaluation_json(), "target": TARGET, "draw": {}}
    return {"schema": 1, **parts, "method": {}, "curriculum": None, "seed": 0, "budget": {}, "optimizer": {}}


def test_equal_contents_in_two_places_are_one_cell(registry, place):
    here, there = (cell(registry, f"task.texts={place(name, 'one')}") for name in ("here", "there"))
    assert here != there
    assert cell_key(here) == cell_key(there)
    metric = here["evaluation"]["metrics"][-1]["metric"]
    assert metric["paths"] == ["texts"]
    assert metric["options"]["texts"].endswith("here")
    assert "paths" not in here["evaluation"]["metrics"][0]["metric"]
    assert here["task"]["paths"] == ["texts"]
    assert Cell.from_json(here).to_json() == here


def test_other_contents_in_one_place_are_another_cell(registry, place):
    before = cell(registry, f"task.texts={place('here', 'one')}")
    after = cell(registry, f"task.texts={place('here', 'three')}")
    assert cell_key(before) != cell_key(after)
    assert cell_key(cell(registry, f"task.texts={place('here', 'one')}", "task.k=2")) != cell_key(before)


def test_what_a_metric_depends_on_is_json(registry, place):
    metric = cell(registry, f"task.texts={place('here', 'one')}")["evaluation"]["metrics"][-1]["metric"]
    assert (metric["depends_on"]["sizes"], metric["depends_on"]["share"]) == ([3], 0.5)
    assert type(metric["depends_on"]["share"]) is float


def test_what_is_missing_is_told_while_planning(registry):
    with pytest.raises(FairforgetError, match=r"task: metric reading, option texts: there is no folder '/nowhere'"):
        cell(registry, "task.texts=/nowhere")


def test_a_difficulty_of_a_curriculum_is_known_by_content_too(registry, place):
    keys = []
    for name, text in (("here", "one"), ("there", "one"), ("there", "three")):
        leaning = build(registry, "difficulty", PluginSpec("leaning", {"texts": place(name, text)}))
        planned = PlannedCurriculum(build(registry, "curriculum", PluginSpec("weighted")), "weighted", leaning)
        keys.append(cell_key({"curriculum": planned.to_json()}))
    assert keys[0] == keys[1] != keys[2]
