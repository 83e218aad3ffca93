"""The quickstart on a Ray cluster that loses one of its two nodes in the middle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

ray = pytest.importorskip("ray", reason="needs the extra: pip install 'fairforget[ray]'")

pytestmark = pytest.mark.slow

CELLS = 72
"""Of quickstart."""


def command(out, *more):
    return [sys.executable, "-m", "fairforget", "run", "quickstart", "--out", str(out), *more]


def measured(out):
    """What must not depend on where a cell ran."""
    names = ("cell", "status", "scores", "items", "item_hashes", "problems")
    records = {path.stem: json.loads(path.read_text()) for path in sorted((out / "cells").glob("*.json"))}
    return {key: {name: record[name] for name in names} for key, record in records.items()}


def records(out):
    return len(list((out / "cells").glob("*.json")))


def test_a_study_that_loses_a_node_ends_with_the_numbers_of_one_process(ray_nodes, tmp_path):
    ray_nodes.complete()
    there = {"env": {**os.environ, "FAIRFORGET_CACHE": str(tmp_path / "cache-of-ray")}, "text": True}
    on_ray = command(tmp_path / "ray", "--engine", "ray", "--set", f"engine.address={ray_nodes.address}")
    with subprocess.Popen(on_ray, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **there) as process:
        while records(tmp_path / "ray") < CELLS // 4 and process.poll() is None:
            time.sleep(0.2)
        assert process.poll() is None, process.stdout.read()
        ray_nodes.lose()
        before = records(tmp_path / "ray")
        said, _ = process.communicate(timeout=1200)
    assert process.returncode == 0, said
    assert CELLS // 4 <= before < CELLS // 2, "the node was lost in the middle"
    assert "its job runs again on another one" in said, said
    assert not list((tmp_path / "ray").glob(".ray*"))

    alone = {**there["env"], "FAIRFORGET_CACHE": str(tmp_path / "cache-of-one")}
    inline = subprocess.run(
        command(tmp_path / "one", "--engine", "inline"), env=alone, check=False, capture_output=True
    )
    assert inline.returncode == 0, inline.stderr
    assert measured(tmp_path / "ray") == measured(tmp_path / "one")
    assert len(measured(tmp_path / "ray")) == CELLS
    boards = [(tmp_path / name / "board.md").read_text() for name in ("ray", "one")]
    assert boards[0].count("\n") == boards[1].count("\n")
