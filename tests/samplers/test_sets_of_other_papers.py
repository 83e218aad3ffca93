"""The samplers on the embedded task, from its corpus over a target and its scores to draws."""

from __future__ import annotations

import json

import pytest

from fairforget.cli import main
from fairforget_tasks.biographies import Biographies

TASK = {
    "people": 48, "retain_people": 4, "holdout_people": 0, "samples": 2, "world_facts": 0, "frequencies": [1, 4],
    "distributions": ["in", "canary"], "lengths": ["short", "medium"], "hidden_size": 16, "layers": 1,
    "vocabulary": 400, "epochs": 1, "learning_rate": 6e-3,
}  # fmt: skip
STUDY = {
    "name": "sets",
    "task": {"name": "biographies", **TASK},
    "unit": "sample",
    "samplers": [
        "in-out-distribution",
        {"name": "frequency", "medium": False},
        {"name": "worst-case", "by": "loss"},
    ],
    "draws": 2,
    "forget_size": 8,
    "methods": ["untouched"],
    "budget": {"updates": 1},
    "optimizer": {"lr": 1.0e-3, "batch_size": 8},
    "engine": "inline",
}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets")
    (folder / "sets.yaml").write_text(json.dumps(STUDY))
    assert main(["draws", str(folder / "sets.yaml"), "--out", str(folder / "out")]) == 0
    found = {}
    for draw in json.loads((folder / "out" / "manifest.json").read_text())["draws"]:
        lines = (folder / "out" / draw["file"]).read_text().splitlines()
        forget = [line for line in map(json.loads, lines) if line["set"] == "forget"]
        found.setdefault(draw["stratum"], []).append(forget)
    return found


def test_the_embedded_task_can_be_drawn_from_by_all(drawn):
    samples = {sample.id: sample.attributes for sample in Biographies(**TASK).corpus().pool}
    assert {stratum: len(sets) for stratum, sets in drawn.items()} == dict.fromkeys(
        ["in-distribution", "out-of-distribution", "low-frequency", "high-frequency", "worst-case"], 2
    )
    assert all(len(lines) == 8 for sets in drawn.values() for lines in sets)
    for stratum, attribute, value in (
        ("in-distribution", "distribution", "in"),
        ("out-of-distribution", "distribution", "canary"),
        ("low-frequency", "frequency", 1),
        ("high-frequency", "frequency", 4),
    ):
        assert {samples[line["id"]][attribute] for lines in drawn[stratum] for line in lines} == {value}


@pytest.mark.parametrize("strata", [("in-distribution", "out-of-distribution"), ("low-frequency", "high-frequency")])
def test_draws_of_an_index_have_the_same_lengths(drawn, strata):
    """Sorted lengths of partners are near each other, place for place."""
    spread = [len(line["input_ids"]) - line["scored_from"] for sets in drawn.values() for x in sets for line in x]
    for one, other in zip(*(drawn[stratum] for stratum in strata), strict=True):
        sizes = [sorted(len(line["input_ids"]) - line["scored_from"] for line in lines) for lines in (one, other)]
        gaps = [abs(a - b) for a, b in zip(*sizes, strict=True)]
        assert max(gaps) <= 0.25 * (max(spread) - min(spread))
