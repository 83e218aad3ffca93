from __future__ import annotations

import json

import pytest

from fairforget.api.sample import digest_of
from fairforget.study.cell import cell_key
from fairforget.study.draws import forget_digest
from fairforget.study.yaml_core import to_yaml

DECLARED = {
    "by": "Ada Example <ada@example.org>",
    "code": "https://example.org/code",
    "trained_on_evaluation": False,
    "tuning": {"trials": 0, "draws": "none"},
}
BOARD = {
    "name": "people",
    "title": "Invented people",
    "results": ["../results/biographies-v1"],
    "task": {"name": "biographies", "version": 1},
}
METHODS = {"npo": (0.8, 0.84), "idk": (0.55, 0.93)}


def whole(record):
    """Return a record of the factory with the digests that a real one has, and with shares that are shares."""
    cell = record["cell"]
    target, draw = cell["target"], cell["draw"]
    identity = {name: target.get(name) for name in ("base", "training", "template", "data", "training_version", "seed")}
    hashes = {name: digest_of(name) for name in draw["forget"]}
    cell = {
        **cell,
        "target": {**target, "id": digest_of(identity)[:24]},
        "draw": {**draw, "digest": forget_digest(hashes)},
    }
    scores = {
        name: {**score, "value": min(max(score["value"], 0.0), 1.0) if score["average"] else score["value"]}
        for name, score in record["scores"].items()
    }
    found = {**record, "cell": cell, "key": cell_key(cell), "scores": scores}
    return {**found, "item_hashes": hashes} if record["status"] == "ok" else found


@pytest.fixture
def study(factory):
    """Whole records of a study; options as `make_study`."""

    def make(**options):
        made = factory.make_study(**{"draws": 4, "seeds": 1, "methods": METHODS, **options})
        return [whole(r) for r in made if (r["cell"]["curriculum"] or {}).get("label") != "mrd-weighted"]

    return make


@pytest.fixture
def run(tmp_path, factory):
    """Write the folder of a run and return it."""

    def write(records, name="run", **declared):
        folder = tmp_path / name
        factory.write(records, folder)
        (folder / "submission.yaml").write_text(to_yaml({**DECLARED, **declared}))
        return folder

    return write


@pytest.fixture
def home(tmp_path):
    """Leaderboards with one board and no results."""
    folder = tmp_path / "leaderboards"
    (folder / "boards").mkdir(parents=True)
    (folder / "boards" / "people.yaml").write_text(to_yaml(BOARD))
    return folder


@pytest.fixture
def rules(home):
    """Change the board file."""

    def write(**changes):
        (home / "boards" / "people.yaml").write_text(to_yaml({**BOARD, **changes}))

    return write


@pytest.fixture
def files():
    """Everything below a folder, by path."""

    def read(folder):
        return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}

    return read


@pytest.fixture
def changed():
    """Change a record on disk; the key follows where the cell was changed."""

    def change(path, edit):
        record = json.loads(path.read_text())
        edit(record)
        record["key"] = cell_key(record["cell"])
        path.unlink()
        new = path.with_name(f"{record['key']}.json")
        new.write_text(json.dumps(record))
        return new

    return change
