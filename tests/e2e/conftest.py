"""A whole study of the embedded task, small enough for a test."""

import json
import shutil
from pathlib import Path

import pytest

from fairforget.cli import main

STUDY = """\
name: tiny
task:
  name: biographies
  people: 12
  retain_people: 6
  holdout_people: 6
  samples: 2
  world_facts: 4
  frequencies: [1, 2]
  distributions: [in]
  lengths: [short]
  rare_words: [0, 1]
  hidden_size: 64
  layers: 1
  vocabulary: 512
  epochs: 20
  learning_rate: 6.0e-3
samplers: [random, {name: binned, by: loss, match: none}]
draws: 3
forget_size: 4
methods: [untouched, {name: retrain, draws: 1}, grad-ascent, npo]
budget: {updates: 3}
optimizer: {lr: 1.0e-3, batch_size: 4, max_grad_norm: 1.0}
engine: inline
"""


class Lab:
    """A folder with a study file, and the command line to run it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.file = folder / "tiny.yaml"
        self.file.write_text(STUDY)
        self.out = folder / "out"

    def run(self, *arguments: str) -> int:
        return main(["run", str(self.file), "--out", str(self.out), *arguments])

    def records(self):
        return {path.stem: json.loads(path.read_text()) for path in sorted((self.out / "cells").glob("*.json"))}

    def measured(self):
        """What must not depend on when, how often and where a study was interrupted."""
        names = ("cell", "status", "scores", "items", "item_hashes", "problems")
        return {key: {name: record[name] for name in names} for key, record in self.records().items()}

    def boards(self):
        return {path.name: path.read_bytes() for path in sorted(self.out.glob("board.*"))}


@pytest.fixture
def lab(tmp_path):
    return Lab(tmp_path)


@pytest.fixture(scope="session")
def finished_lab(tmp_path_factory):
    """The study, run once a session; read it, do not write into it."""
    made = Lab(tmp_path_factory.mktemp("finished"))
    assert made.run() == 0
    return made


@pytest.fixture
def finished(finished_lab, lab):
    """A copy of the finished study that a test may change."""
    shutil.copytree(finished_lab.out, lab.out)
    return lab
