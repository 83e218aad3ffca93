"""The whole evaluation of TOFU on its published files with a pretrained model: a cell from study file to record.

FAIRFORGET_REAL_DATA names the folder that holds ``tofu/``, FAIRFORGET_REAL_MODEL a folder with SmolLM2-135M-Instruct
(safetensors, or one GGUF file).
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import yaml
from rouge_score.rouge_scorer import RougeScorer
from scipy.stats import ks_2samp
from sklearn.metrics import roc_auc_score

from fairforget.cli import main
from fairforget.run.measures.subject import LiveSubject
from fairforget_tasks.tofu import Tofu

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

DATA = Path(os.environ.get("FAIRFORGET_REAL_DATA", Path(__file__).parents[3] / "shared" / "data")) / "tofu"
MODEL = Path(os.environ.get("FAIRFORGET_REAL_MODEL", "not given"))
COLUMNS = {
    "forget_ua", "forget_mia", "forget_rr", "forget_probability", "forget_truth_ratio", "forget_quality", "forget_ma",
    "forget_el", "retain_accuracy", "retain_rouge_l", "retain_probability", "retain_truth_ratio", "retain_perplexity",
    "real_authors_accuracy", "real_authors_rouge_l", "real_authors_probability", "real_authors_truth_ratio",
    "world_facts_accuracy", "world_facts_rouge_l", "world_facts_probability", "world_facts_truth_ratio",
    "model_utility",
}  # fmt: skip


@pytest.fixture
def study(tmp_path):
    if not DATA.is_dir() or not MODEL.is_dir():
        pytest.skip(
            "set FAIRFORGET_REAL_DATA to the folder that holds tofu/, FAIRFORGET_REAL_MODEL to SmolLM2's folder"
        )
    gguf = [{"gguf_file": file.name} for file in MODEL.glob("*.gguf")]
    described = {
        "name": "tofu-real",
        "task": {"name": "tofu", "split": "forget01", "data": str(DATA), "retain_authors": 2, "epochs": 1},
        "model": {"path": str(MODEL), **(gguf[0] if gguf else {})},
        "samplers": ["random"],
        "draws": 1,
        "forget_size": 20,
        "methods": ["untouched"],
        "budget": {"updates": 1},
        "optimizer": {"lr": 1.0e-5, "batch_size": 4},
        "evaluation": {"retain": 20, "others": 6, "max_new_tokens": 48},
        "engine": "inline",
    }
    file = tmp_path / "study.yaml"
    file.write_text(yaml.safe_dump(described))
    return file


def test_one_cell(study, tmp_path, monkeypatch):
    monkeypatch.setenv("FAIRFORGET_CACHE", str(tmp_path / "cache"))
    answers: dict[str, str] = {}
    generate = LiveSubject.generate

    def spy(self, prompt="prompt", *rest, **named):
        found = generate(self, prompt, *rest, **named)
        if prompt == "prompt":
            answers.update({s.id: answer for s, answer in zip(self.samples, found, strict=True)})
        return found

    monkeypatch.setattr(LiveSubject, "generate", spy)
    assert main(["run", str(study), "--out", str(tmp_path / "out")]) == 0
    (file,) = (tmp_path / "out" / "cells").glob("*.json")
    record = json.loads(file.read_text())
    assert record["status"] == "ok", record["problems"]
    assert set(record["scores"]) == COLUMNS
    assert all(score["value"] is not None for score in record["scores"].values()), record["problems"]
    corpus = Tofu(split="forget01", data=str(DATA), retain_authors=2).corpus()
    truth = {s.id: s.completion for s in (*corpus.pool, *corpus.retain)}
    truth |= {s.id: s.completion for group in corpus.evaluation.values() for s in group}
    scorer = RougeScorer(["rougeL"], use_stemmer=True)
    checked = 0
    for column, complement in (("forget_rr", True), ("retain_rouge_l", False), ("real_authors_rouge_l", False),
                               ("world_facts_rouge_l", False)):  # fmt: skip
        for name, value in record["items"][column].items():
            recall = scorer.score(truth[name], answers[name])["rougeL"].recall
            assert value == (1 - recall if complement else recall), (name, answers[name])
            checked += 1
    assert checked == 20 + 3 * 6
    _check_mia(record)
    quality = record["scores"]["forget_quality"]
    other = ks_2samp(
        list(record["items"]["forget_quality"].values()), list(quality["details"]["reference_items"].values())
    )
    assert (quality["value"], quality["details"]["D"]) == (other.pvalue, other.statistic)
    assert quality["n"] == quality["details"]["n_reference"] == 20
    utility = record["scores"]["model_utility"]
    parts = [part["value"] for part in utility["details"]["parts"].values()]
    assert len(parts) == 9
    assert utility["value"] == pytest.approx(len(parts) / sum(1 / p for p in parts) if all(parts) else 0, rel=1e-12)


def _check_mia(record):
    score = record["scores"]["forget_mia"]
    items = list(record["items"]["forget_mia"].values())
    negatives = list(score["details"]["negative_items"].values())
    labels = np.array([1] * len(items) + [0] * len(negatives))
    assert score["value"] == pytest.approx(roc_auc_score(labels, [*items, *negatives]), abs=1e-12)
