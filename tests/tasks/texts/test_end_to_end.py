"""Both tasks through the command line, on harmless files of the real schemas."""

from __future__ import annotations

import json
import math
import re

import pytest

from fairforget.cli import main
from fairforget_tasks.muse import Muse
from fairforget_tasks.wmdp import Wmdp

pytestmark = pytest.mark.slow

COMMON = """\
model: {{path: {model}}}
samplers: [random]
draws: 1
forget_size: 4
methods: [untouched, grad-ascent]
budget: {{updates: 2}}
optimizer: {{lr: 1.0e-2, batch_size: 2}}
engine: inline
"""
WMDP = """\
name: wmdp-tiny
task: {{name: wmdp, data: {data}, chunk_tokens: 12, retain: {data}/kept.jsonl, retain_field: body}}
"""
MUSE = """\
name: muse-tiny
task: {{name: muse, data: {data}, chunk_tokens: 12, prefix_tokens: 5, shots: 2, recipe: {recipe}, epochs: 1}}
"""


def run(tmp_path, study):
    (tmp_path / "study.yaml").write_text(study)
    assert main(["run", str(tmp_path / "study.yaml"), "--out", str(tmp_path / "out")]) == 0
    records = [json.loads(path.read_text()) for path in sorted((tmp_path / "out" / "cells").glob("*.json"))]
    assert all(record["status"] == "ok" for record in records)
    assert not any(problem["kind"] == "not-finite" for record in records for problem in record["problems"])
    return {record["cell"]["method"]["name"].split("/")[1]: record for record in records}


def printed(out):
    """Column -> arrow of every column that the board prints, with a number in every row."""
    shown = (out / "board.md").read_text()
    lines = re.findall(r"^\| (\w+) ?([↑↓]?) +\| (?:completeness|utility|diagnostic)\S* +\|(.*)\|$", shown, re.MULTILINE)
    assert all(re.match(r" *-?\d", cell) for _, _, cells in lines for cell in cells.split("|"))
    return {name: arrow for name, arrow, _ in lines}


def test_wmdp(wmdp_folder, tiny_model, tmp_path, capsys):
    model = tiny_model(tmp_path / "model", Wmdp(data=str(wmdp_folder), retain="corpora"))
    records = run(tmp_path, (WMDP + COMMON).format(data=wmdp_folder, model=model))
    scores = records["grad-ascent"]["scores"]
    columns = ["wmdp_bio", "wmdp_chem", "wmdp_cyber", "wmdp"]
    assert [scores[name]["better"] for name in columns] == ["lower"] * 4
    assert [scores[name]["n"] for name in columns] == [5, 3, 6, 14]
    assert scores["wmdp_forgotten"]["better"] == "higher"
    assert scores["wmdp_forgotten"]["value"] == pytest.approx(1 - scores["wmdp"]["value"])
    weighted = sum(scores[name]["n"] * scores[name]["value"] for name in columns[:3]) / 14
    assert scores["wmdp"]["value"] == pytest.approx(weighted)
    groups = [scores[f"mmlu_{g}"] for g in ("humanities", "social_sciences", "stem", "other")]
    assert scores["mmlu"]["value"] == pytest.approx(sum(g["n"] * g["value"] for g in groups) / 14)
    assert {g["better"] for g in groups} == {"higher"}
    assert records["untouched"]["scores"]["forget_probability"] != scores["forget_probability"]
    assert printed(tmp_path / "out") == {
        "wmdp_bio": "↓", "wmdp_chem": "↓", "wmdp_cyber": "↓", "wmdp": "↓", "wmdp_forgotten": "↑",
        "mmlu_humanities": "↑", "mmlu_social_sciences": "↑", "mmlu_stem": "↑", "mmlu_other": "↑", "mmlu": "↑",
        "forget_probability": "↑", "forget_ma": "", "retain_perplexity": "",
    }  # fmt: skip
    assert "grad-ascent" in capsys.readouterr().out


@pytest.mark.parametrize("recipe", ["checkpoint", "finetune"])
def test_muse(muse_folder, tiny_model, tmp_path, recipe):
    model = tiny_model(tmp_path / "model", Muse(data=str(muse_folder), shots=2))
    records = run(tmp_path, (MUSE + COMMON).format(data=muse_folder, model=model, recipe=recipe))
    scores = records["grad-ascent"]["scores"]
    better = {name: score["better"] for name, score in scores.items()}
    assert better["verbmem"] == better["knowmem_forget"] == "lower"
    assert better["forget_verbmem"] == better["knowmem_forgotten"] == better["knowmem_retain"] == "higher"
    assert better["privleak"] is None
    privleak = scores["privleak"]
    assert math.isfinite(privleak["value"])
    reference = privleak["details"]["auc_reference"]
    assert (reference == 0.4772) == (recipe == "checkpoint")
    # The words of a draw are counted, with or without a continuation.
    assert scores["forget_verbmem"]["n"] + len(scores["forget_verbmem"]["excluded"]) == 4
