"""Start-up, discovery, planning, store and board: what has to be quick before and after the models."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.bench

TARGET, DATA = {"id": "a" * 24, "seed": 0}, "d" * 64
STUDY = """\
name: large
task: {name: biographies, people: 50, samples: 4}
draws: 250
forget_size: 4
methods: [untouched, grad-ascent, grad-diff, npo, simnpo]
curricula: [uniform, mrd-weighted]
seeds: 5
budget: {epochs: 5}
optimizer: {lr: 1.0e-5, batch_size: 4}
"""
MODULES = """
import contextlib, io, json, sys
from fairforget.cli import main
with contextlib.redirect_stdout(io.StringIO()):
    assert main(sys.argv[1:]) == 0
heavy = {"torch", "transformers", "datasets", "lm_eval", "numpy", "scipy", "pandas"}
roots = [name.partition(".")[0] for name in sys.modules]
ours = [root for root in roots if root.startswith("fairforget")]
print(json.dumps({"modules of fairforget": len(ours), "heavy libraries": len(heavy & {*roots})}))
"""


@pytest.mark.parametrize("arguments", [("--help",), ("plugins", "list")], ids=" ".join)
def test_start_up(speed, arguments):
    command = [sys.executable, "-m", "fairforget", *arguments]
    speed(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL), "process")


@pytest.mark.parametrize("arguments", [("--help",), ("plugins", "list"), ("studies",)], ids=" ".join)
def test_counts_of_start_up(counts, arguments):
    command = [sys.executable, "-c", MODULES, *arguments]
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=only_ours())
    with counts(f"fairforget {' '.join(arguments)}") as seen:
        seen.update(json.loads(run.stdout))


def only_ours():
    """Return an environment in which no third party's plugin is loaded, for there would be more modules."""
    from fairforget.registry import Registry

    others = {e.dist for e in Registry.discover().entries() if e.dist != "fairforget"}
    return {**os.environ, "FAIRFORGET_DISABLE_PLUGINS": ",".join(sorted(others))}


def test_discovery(speed):
    from fairforget.registry import Registry

    speed(lambda: [Registry.discover() for _ in range(5)])


def test_counts_of_discovery(counts, monkeypatch):
    from fairforget.registry import Registry

    monkeypatch.setenv("FAIRFORGET_DISABLE_PLUGINS", only_ours()["FAIRFORGET_DISABLE_PLUGINS"])
    with counts("discovery", hooks=True):
        Registry.discover()


@pytest.fixture(scope="session")
def span(corpus):
    """A function that plans a study of 10,250 cells and spans them, each with its draw, and names every hundredth."""
    import numpy as np

    from fairforget.api import Pool
    from fairforget.registry import Registry
    from fairforget.study.cell import cell_key
    from fairforget.study.draws import draw_sets
    from fairforget.study.load import parse_study
    from fairforget.study.planning import make_plan

    registry = Registry.discover([])
    pool = Pool(corpus.pool, np.ones(len(corpus.pool)), whole_groups=True)
    drawn = []

    def run():
        opened = parse_study(STUDY, "study.yaml")
        plan = make_plan(opened.study, registry, opened.places)
        if not drawn:
            sampler = plan.samplers[0].built
            drawn.extend(draw_sets(sampler, pool, data=DATA, size=4, draws=opened.study.draws))
        cells = plan.cells(drawn, TARGET, data=DATA)
        assert len(cells) == len(plan) > 10_000
        return {cell_key(cell) for cell in cells[::100]}

    return run


def test_plan(speed, span):
    span()
    speed(span)


def test_counts_of_plan(counts, span, monkeypatch):
    """However many cells there are, each plugin is loaded once a mention in the study, and each cell has one key."""
    from fairforget.registry import Registry

    span()
    load = Registry.load
    with counts("plan of 10,250 cells", hooks=True) as seen:

        def counted(registry, entry):
            seen["plugins loaded"] += 1
            return load(registry, entry)

        monkeypatch.setattr(Registry, "load", counted)
        seen["keys of every hundredth cell"] = len(span())


@pytest.fixture(scope="session")
def records(synthetic):
    return list(synthetic.records(80, rows=5, seeds=2, strata=("random", "easy")))


@pytest.fixture
def fresh(tmp_path):
    """A function that returns an empty folder."""
    numbers = itertools.count()

    def make():
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        return folder

    return make


def written(folder, records):
    from fairforget.store.record import write_record

    for record in records:
        write_record(folder, record)
    return folder


def read(folder):
    from fairforget.store.results import Results

    found = Results.read([folder])
    assert found.records
    assert not found.rejected


def test_writing_records(speed, fresh, records):
    speed(lambda folder: written(folder, records[:20]), "files", setup=fresh)


def test_reading_records(speed, fresh, records):
    folder = written(fresh(), records)
    speed(lambda: read(folder), "files")


def test_counts_of_store(counts, fresh, records):
    folder = fresh()
    with counts("writing 10 records", within=folder):
        written(folder, records[:10])
    with counts("reading 10 records", within=folder):
        read(folder)


def board(folder, out):
    from fairforget.cli import main

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        assert main(["board", str(folder), "--out", str(out)]) == 0


def test_board(speed, fresh, records, monkeypatch):
    """Everything anew: records are read, compared, and written in three forms."""
    folder = written(fresh(), records)

    def empty():
        monkeypatch.setenv("FAIRFORGET_CACHE", str(fresh()))
        return fresh()

    speed(lambda out: board(folder, out), setup=empty)


def test_counts_of_board(counts, fresh, records):
    """Of the index, which is kept from some number of cells on."""
    from fairforget.board.kept.reading import read_for_board

    folder, cache = written(fresh(), records[:40]), fresh()
    for path in folder.rglob("*.json"):
        os.utime(path, (time.time() - 60,) * 2)
    time.sleep(2.1)  # what changed a moment ago is not taken into the index
    with counts("records of a board, the first time", within=folder):
        read_for_board([folder], cache=cache, indexed=1)
    with counts("records of a board, again", within=folder):
        read_for_board([folder], cache=cache, indexed=1)
