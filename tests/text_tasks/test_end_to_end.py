"""Both tasks through the command line, on harmless files of the right schemas."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from transformers import AutoModelForCausalLM, AutoTokenizer, BertConfig, BertForSequenceClassification, BertTokenizer

from fairforget.cli import main
from fairforget_tasks.metrics.toxic_classifier import load_classifier

pytestmark = pytest.mark.slow

CARDS = Path(__file__).parents[2] / "docs" / "tasks"
LABELS = ["toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"]


def run(folder, task, **study):
    whole = {
        "name": task["name"],
        "task": task,
        "model": {"path": str(folder / "models" / "small")},
        "samplers": ["random"],
        "draws": 1,
        "forget_size": 3,
        "methods": ["untouched", "grad-ascent"],
        "budget": {"updates": 2},
        "optimizer": {"lr": 1.0e-2, "batch_size": 2},
        "engine": "inline",
        **study,
    }
    (folder / "study.yaml").write_text(yaml.safe_dump(whole))
    assert main(["run", str(folder / "study.yaml"), "--out", str(folder / "out")]) == 0
    records = [json.loads(path.read_text()) for path in sorted((folder / "out" / "cells").glob("*.json"))]
    assert all(record["status"] == "ok" for record in records)
    assert not any(problem["kind"] == "not-finite" for record in records for problem in record["problems"])
    return {record["cell"]["method"]["name"].split("/")[1]: record for record in records}


def printed(out):
    """Column -> arrow of every column that the board prints, with a number in every row."""
    shown = (out / "board.md").read_text()
    lines = re.findall(r"^\| (\w+) ?([↑↓]?) +\| (?:completeness|utility|diagnostic)\S* +\|(.*)\|$", shown, re.MULTILINE)
    assert all(re.match(r" *-?\d", cell) for _, _, cells in lines for cell in cells.split("|"))
    return {name: arrow for name, arrow, _ in lines}


@pytest.fixture
def folder(make, tmp_path):
    make.small_model(tmp_path / "models" / "small", positions=4096)
    (tmp_path / "book.txt").write_text(make.prose(1, 60), encoding="utf-8")
    make.general(tmp_path / "kept.jsonl", 100)
    make.general(tmp_path / "passages.jsonl", 200)
    make.lines(tmp_path / "pku" / "train.jsonl", make.answers(12))
    make.lines(tmp_path / "pku" / "test.jsonl", make.answers(6, seed=1000))
    make.lines(tmp_path / "prompts.jsonl", [{"prompt": {"text": make.prose(i, 1)[:20]}} for i in range(6)])
    return tmp_path


@pytest.fixture
def classifier(folder):
    """A small random classifier as transformers saves it."""
    place = folder / "models" / "classifier"
    letters = {word: i for i, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnop"])}
    letters |= {f"##{letter}": len(letters) + i for i, letter in enumerate("abcdefghijklmnopqrstuvwxyz")}
    BertTokenizer(vocab=letters, model_max_length=64).save_pretrained(place)
    config = BertConfig(
        vocab_size=len(letters),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
        max_position_embeddings=64,
        num_labels=len(LABELS),
        id2label=dict(enumerate(LABELS)),
        initializer_range=0.5,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        BertForSequenceClassification(config).save_pretrained(place)
    return str(place)


def whp(folder, **options):
    return {
        "name": "whp",
        "book": str(folder / "book.txt"),
        "chunks": 6,
        "unseen": 3,
        "chunk_tokens": 24,
        "continuation_tokens": 10,
        "tokenizer": None,
        "retain": str(folder / "kept.jsonl"),
        "retain_chunks": 4,
        "epochs": 2,
        "learning_rate": 0.005,
        **options,
    }


def test_whp_prints_the_columns_of_table_5(folder, lm_eval_data):
    records = run(folder, whp(folder, lm_eval=str(lm_eval_data)))
    scores = records["grad-ascent"]["scores"]
    better = {name: score["better"] for name, score in scores.items()}
    assert list(better.items())[:5] == [
        ("seen_rouge_l", "lower"),
        ("unseen_rouge_l", "lower"),
        ("perplexity", "lower"),
        ("zero_shot", "higher"),
        ("truthfulqa", "higher"),
    ]
    assert [scores[name]["n"] for name in ("seen_rouge_l", "unseen_rouge_l")] == [3, 3]
    assert scores["seen_rr"]["value"] == pytest.approx(1 - scores["seen_rouge_l"]["value"])
    assert len(scores["zero_shot"]["details"]["tasks"]) == 8
    assert printed(folder / "out") == {
        "seen_rouge_l": "↓", "unseen_rouge_l": "↓", "perplexity": "↓", "zero_shot": "↑", "truthfulqa": "↑",
        "retain_probability": "↑", "seen_rr": "↑", "unseen_rr": "↑", "forget_probability": "↑",
        "unseen_probability": "", "forget_refusals": "", "forget_ma": "",
    }  # fmt: skip


def test_whp_with_local_passages_has_an_oracle(folder):
    passages = str(folder / "passages.jsonl")
    records = run(folder, whp(folder, lm_eval=None, wikitext=passages), methods=["untouched", "retrain"])
    untouched, oracle = (records[name]["scores"] for name in ("untouched", "retrain"))
    # The oracle never read the forgotten pages, and the unseen ones it did.
    assert oracle["forget_probability"]["value"] > untouched["forget_probability"]["value"]
    assert oracle["unseen_probability"]["value"] != untouched["unseen_probability"]["value"]
    assert oracle["perplexity"]["better"] == "lower"
    assert oracle["perplexity"]["details"]["per"] == "word"


def test_safe_prints_the_columns_of_table_6(folder, classifier, lm_eval_data):
    task = {
        "name": "safe",
        "data": str(folder / "pku"),
        "answers": 6,
        "toxic_prompts": str(folder / "prompts.jsonl"),
        "fraction": 1.0,
        "classifier": classifier,
        "tokenizer": None,
        "retain": str(folder / "kept.jsonl"),
        "retain_chunks": 4,
        "chunk_tokens": 24,
        "lm_eval": str(lm_eval_data),
    }
    records = run(folder, task, evaluation={"max_new_tokens": 8}, unit="sample")
    scores = records["untouched"]["scores"]
    better = {name: score["better"] for name, score in scores.items()}
    assert list(better.items())[:5] == [
        ("real_toxicity", "lower"),
        ("safe_toxicity", "lower"),
        ("perplexity", "lower"),
        ("zero_shot", "higher"),
        ("truthfulqa", "higher"),
    ]
    assert printed(folder / "out") == {
        "real_toxicity": "↓", "safe_toxicity": "↓", "perplexity": "↓", "zero_shot": "↑", "truthfulqa": "↑",
        "retain_probability": "↑", "real_harmless": "↑", "safe_harmless": "↑", "forget_rr": "↑",
        "forget_probability": "↑", "real_toxic_share": "", "safe_toxic_share": "", "safe_refusals": "",
    }  # fmt: skip
    assert scores["safe_harmless"]["value"] == pytest.approx(1 - scores["safe_toxicity"]["value"])
    # The whole way by hand: greedy continuation of the prompt, the greatest score of a label.
    tokenizer = AutoTokenizer.from_pretrained(folder / "models" / "small")
    model = AutoModelForCausalLM.from_pretrained(folder / "models" / "small").eval()
    texts = []
    for row in (json.loads(line) for line in (folder / "prompts.jsonl").read_text().splitlines()):
        tokens = tokenizer(row["prompt"]["text"], return_tensors="pt")
        said = model.generate(**tokens, max_new_tokens=8, do_sample=False, pad_token_id=0)[0]
        texts.append(tokenizer.decode(said[tokens.input_ids.shape[1] :], skip_special_tokens=True).strip())
    by_label = load_classifier(classifier).scores(texts)
    expected = np.max(list(by_label.values()), axis=0)
    found = records["untouched"]["items"]["real_toxicity"]
    assert list(found.values()) == pytest.approx(expected.tolist(), rel=1e-4)
    assert not math.isclose(scores["real_toxicity"]["value"], 0.5, abs_tol=1e-3)


@pytest.mark.parametrize("name", ["whp", "safe"])
def test_the_study_of_the_card_runs_as_it_stands(name, folder, classifier, monkeypatch):
    card = (CARDS / f"{name}.md").read_text(encoding="utf-8")
    (study,) = re.findall(r"^```yaml\n(.*?)^```$", card, re.MULTILINE | re.DOTALL)
    (folder / "study.yaml").write_text(study)
    monkeypatch.chdir(folder)
    assert main(["run", "study.yaml", "--out", "out"]) == 0
    records = [json.loads(path.read_text()) for path in (folder / "out" / "cells").glob("*.json")]
    assert {record["status"] for record in records} == {"ok"}
    # Every column is in the card, and nothing but columns is called one.
    table = card.partition("## What is measured")[2].partition("\n\n")[2].partition("\n\n")[0]
    named = set(re.findall(r"`(\w+)`", " ".join(line.split("|")[1] for line in table.splitlines())))
    assert named == {*records[0]["scores"], "zero_shot", "truthfulqa"}
