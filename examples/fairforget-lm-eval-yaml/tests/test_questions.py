"""lm-eval's accuracy in a study, against the same sums done by hand."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import torch
from fairforget_lm_eval_yaml.column import HERE
from transformers import AutoModelForCausalLM, AutoTokenizer

import fairforget
from fairforget.registry import Registry

STUDY = {
    "name": "islands",
    "task": "islands",
    "draws": 1,
    "forget_size": 6,
    "methods": ["untouched", "grad-ascent"],
    "budget": {"epochs": 4},
    "optimizer": {"lr": 3.0e-3, "batch_size": 6},
    "engine": "inline",
}


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    out = tmp_path_factory.mktemp("islands")
    fairforget.run(STUDY, out)
    found = [json.loads(path.read_text()) for path in (out / "cells").glob("*.json")]
    return {record["cell"]["method"]["name"].split("/")[1]: record for record in found}


def by_hand(part):
    """Return for each question whether the right choice is the likeliest, on the target as it lies in the cache."""
    folder = next(Path(os.environ["FAIRFORGET_CACHE"]).rglob("model.safetensors")).parent
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    right = []
    for line in (HERE / "data" / "islands" / part / "test.jsonl").read_text().splitlines():
        row = json.loads(line)
        sums = []
        for choice in row["choices"]:
            prompt = tokenizer(f"Q: {row['question']}\nA:")["input_ids"]
            whole = tokenizer(f"Q: {row['question']}\nA: {choice}")["input_ids"]
            assert whole[: len(prompt)] == prompt
            with torch.no_grad():
                logs = model(torch.tensor([whole])).logits[0].log_softmax(-1)
            sums.append(sum(float(logs[t - 1, whole[t]]) for t in range(len(prompt), len(whole))))
        right.append(float(sums.index(max(sums)) == row["answer"]))
    return right


@pytest.mark.parametrize(("column", "part", "n"), [("kept_questions", "kept", 18), ("unseen_questions", "unseen", 18)])
def test_the_columns_are_lm_evals_accuracy(records, column, part, n):
    record = records["untouched"]
    assert (record["status"], record["problems"]) == ("ok", [])
    assert list(record["items"][column].values()) == by_hand(part)
    assert record["scores"][column]["n"] == n
    assert record["scores"][column]["value"] == pytest.approx(sum(by_hand(part)) / n)


def test_the_target_knows_the_islands_it_was_taught_and_unlearning_costs_some(records):
    untouched, ascent = (
        {name: s["value"] for name, s in records[method]["scores"].items()} for method in ("untouched", "grad-ascent")
    )
    assert untouched["kept_questions"] > 0.9 > untouched["unseen_questions"]
    assert ascent["forget_probability"] > untouched["forget_probability"] + 0.2


def test_the_key_of_a_cell_has_the_content_of_the_files_and_not_their_place(records):
    uses = {use["column"]: use["metric"] for use in records["untouched"]["cell"]["evaluation"]["metrics"]}
    use = uses["kept_questions"]
    assert set(use["depends_on"]) == {"include_path", "data", "lm_eval"}
    assert set(use["paths"]) >= {"include_path", "data"}


def test_it_is_installed():
    assert Registry.discover().find("task", "islands").dist == "fairforget-lm-eval-yaml"
