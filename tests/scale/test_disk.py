"""Files and bytes by the model, beside real records and the folders of a study that was run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fairforget.scale.disk import IN_RUN, IN_TARGET, RecordSize, files_of_cache, files_of_run, weights_bytes
from fairforget.scale.shapes import EMBEDDED, Shape

ROOT = Path(__file__).parents[2]
PUBLISHED = sorted((ROOT / "leaderboards/results/biographies-v1").rglob("*.json"))[::40]
STUDY = """
name: small
task: words
samplers: [random]
draws: 2
forget_size: 2
methods: [untouched, nothing, retrain]
seeds: 2
budget: {updates: 1}
optimizer: {name: adamw, lr: 1.0e-3, batch_size: 2}
"""


def size_of(record):
    negatives = sum(len(s["details"].get("negative_items", ())) for s in record["scores"].values())
    hashed = record["item_hashes"]
    return RecordSize(
        columns=len(record["scores"]),
        values=sum(map(len, record["items"].values())),
        samples=len(hashed),
        negatives=negatives,
        forget=len(record["cell"]["draw"]["forget"]),
        epochs=len(record["ledger"]["curriculum"]),
        name=round(sum(map(len, hashed)) / len(hashed)),
    )


@pytest.mark.skipif(not PUBLISHED, reason="the published results are not in a source distribution")
@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: f"{path.parent.name}/{path.stem[:6]}")
def test_the_length_of_published_records(path):
    record = json.loads(path.read_text())
    assert size_of(record).bytes == pytest.approx(path.stat().st_size, rel=0.15)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A study of 8 cells whose target has some thousand weights, with its oracles."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "study.yaml").write_text(STUDY)
    command = [sys.executable, "-m", "fairforget", "run", str(folder / "study.yaml"), "--engine", "inline"]
    command += ["--plugin", str(ROOT / "benchmarks/speed/trivial.py"), "--out", str(folder / "out")]
    settings = {"FAIRFORGET_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_the_files_of_a_run(run):
    cells = list((run / "out/cells").glob("*.json"))
    assert {path.name for path in (run / "out").iterdir() if path.is_file()} >= set(IN_RUN)
    locks = [path for path in files(run / "out") if path.name == ".lock"]
    assert len(files(run / "out")) - len(locks) == files_of_run(len(cells))


def test_the_files_of_its_cache(run):
    targets = [path for path in (run / "cache/targets").iterdir() if path.is_dir()]
    assert len(targets) == 1 + 2  # the target, and an oracle a forget set
    for target in targets:
        assert {path.name for path in target.iterdir()} == set(IN_TARGET)
    assert len(files(run / "cache")) == files_of_cache(len(targets), scores=0)


def test_the_bytes_of_its_targets(run):
    for config in (run / "cache/targets").rglob("config.json"):
        told = json.loads(config.read_text())
        shape = Shape(
            "words",
            told["vocab_size"],
            told["hidden_size"],
            told["intermediate_size"],
            told["num_hidden_layers"],
            told["num_attention_heads"],
            told["num_key_value_heads"],
            tied=told["tie_word_embeddings"],
        )
        found = (config.parent / "model.safetensors").stat().st_size
        assert 0 < found - weights_bytes(shape) < 4096  # the head of the file


def test_bytes_are_four_a_weight():
    assert weights_bytes(EMBEDDED) == 4 * EMBEDDED.parameters
    assert weights_bytes(EMBEDDED, 2) == 2 * EMBEDDED.parameters
