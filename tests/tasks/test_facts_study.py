"""A study of facts on a small model that knows some of them."""

from __future__ import annotations

import json

import pytest
import torch

from fairforget.api import Scratch, Training, TrainingText
from fairforget.cli import main
from fairforget.lm.encode import Encoder
from fairforget.lm.scratch import build_model, train_tokenizer
from fairforget.registry import Registry
from fairforget.run.targets.training import train
from fairforget.testing import check
from fairforget_tasks.facts import Facts

pytestmark = pytest.mark.slow

OPTIONS = "{name: facts, forget: [capital], other: [state], form: cloze, subjects: 16"
STUDY = """\
name: facts-tiny
task: %s}
model: {path: %s}
samplers: [random]
draws: 3
forget_size: 2
methods: [untouched, grad-diff]
budget: {updates: 2}
optimizer: {lr: 1.0e-2, batch_size: 2}
engine: inline
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A folder with a model that was taught 5 facts of the pool and 2 of every kept set, and the ids of these."""
    folder = tmp_path_factory.mktemp("facts") / "model"
    task = Facts(forget=("capital",), other=("state",), form="cloze", subjects=16)
    corpus, template = task.corpus(), task.target().template
    tokenizer = train_tokenizer(corpus, template, 500)
    config = {
        "model_type": "llama", "hidden_size": 48, "intermediate_size": 96, "num_hidden_layers": 1,
        "num_attention_heads": 4, "num_key_value_heads": 4, "tie_word_embeddings": True,
        "max_position_embeddings": 1024,
    }  # fmt: skip
    made = build_model(Scratch(config), tokenizer, seed=0)
    kept = [s for samples in (corpus.retain, *corpus.evaluation.values()) for s in samples[:2]]
    taught = [*[s for s in corpus.pool if s.attributes["relation"] == "capital"][:5], *kept]
    texts = Encoder(tokenizer, template, 512).encode_texts([TrainingText(s.id, s.prompt, s.completion) for s in taught])
    with torch.random.fork_rng():
        train(made, texts, Training(90, 5e-3, len(taught)), seed=0)
    made.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder, {s.id for s in taught}


def run(model, tmp_path, *, more=""):
    (tmp_path / "study.yaml").write_text(STUDY % (f"{OPTIONS}{more}", model))
    return main(["run", str(tmp_path / "study.yaml"), "--out", str(tmp_path / "out")])


def records(tmp_path):
    return [json.loads(path.read_text()) for path in (tmp_path / "out" / "cells").glob("*.json")]


def test_what_the_target_does_not_know_is_in_no_draw(model, tmp_path):
    folder, taught = model
    assert run(folder, tmp_path) == 0
    found = records(tmp_path)
    assert len(found) == 3 * 2
    assert {record["status"] for record in found} == {"ok"}
    pool = len(Facts(forget=("capital",), other=("state",), subjects=16).corpus().pool)
    for record in found:
        assert set(record["cell"]["draw"]["forget"]) <= taught
        (line,) = [text for text in record["draw_info"]["advice"] if "before unlearning" in text]
        assert line.startswith(f"the target answers 5 of the {pool} samples of the pool")
        if record["cell"]["method"]["name"] == "fairforget/untouched":
            # The filter and the metric agree on what is known.
            assert record["scores"]["forget_match"]["value"] == 0
            for name in ("retain", "neighbours", "other_domain"):
                assert record["scores"][f"{name}_match"]["value"] == 1, "what is to be kept is known"
                assert record["scores"][f"{name}_match"]["n"] == 2
        (kept,) = [text for text in record["draw_info"]["advice"] if text.startswith("of what is kept it answers 2 of")]
        assert kept.endswith("; the others are measured by no metric")
        for column, score in record["scores"].items():
            assert score["value"] is not None, column
            assert score["n"] > 0, column
    board = (tmp_path / "out" / "board.md").read_text()
    assert "retrain" in board
    assert "not available, for the target has no recipe to run again" in board


def test_what_it_does_not_know_can_be_kept_and_is_counted(model, tmp_path):
    folder, taught = model
    assert run(folder, tmp_path, more=", unknown: keep") == 0
    drawn = {name for record in records(tmp_path) for name in record["cell"]["draw"]["forget"]}
    assert drawn - taught
    assert any("answers 5 of the" in line for record in records(tmp_path) for line in record["draw_info"]["advice"])
    assert {record["scores"]["retain_match"]["n"] > 2 for record in records(tmp_path)} == {True}


def test_an_exported_draw_has_only_what_is_known(model, tmp_path):
    folder, taught = model
    (tmp_path / "study.yaml").write_text(STUDY % (OPTIONS, folder))
    assert main(["draws", str(tmp_path / "study.yaml"), "--out", str(tmp_path / "drawn")]) == 0
    files = sorted((tmp_path / "drawn" / "draws").glob("*.jsonl"))
    assert files
    for file in files:
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        assert {line["id"] for line in lines} <= taught
        assert len([line for line in lines if line["set"] == "retain"]) == 5 - 2 + 2
    manifest = json.loads((tmp_path / "drawn" / "manifest.json").read_text())
    assert {draw["retain"] for draw in manifest["draws"]} == {5}


def test_a_set_of_which_the_target_knows_nothing_is_told_before_any_cell(model, tmp_path, capsys):
    folder, _ = model
    (tmp_path / "study.yaml").write_text((STUDY % (OPTIONS, folder)).replace("other: [state]", "other: [element]"))
    assert main(["run", str(tmp_path / "study.yaml"), "--out", str(tmp_path / "out")]) == 2
    assert "none of the 16 samples of other_domain" in capsys.readouterr().err
    assert not list((tmp_path / "out").glob("cells/*.json"))


def test_too_few_known_facts_are_told_before_any_cell(model, tmp_path, capsys):
    folder, _ = model
    (tmp_path / "study.yaml").write_text((STUDY % (OPTIONS, folder)).replace("forget_size: 2", "forget_size: 6"))
    assert main(["run", str(tmp_path / "study.yaml"), "--out", str(tmp_path / "out")]) == 2
    assert "6 samples are wanted, and the pool has 5" in capsys.readouterr().err
    assert not list((tmp_path / "out").glob("cells/*.json"))


SMALL = """
from fairforget import Entry, hookimpl
from fairforget.api import Scratch, TargetRecipe
from fairforget_tasks.facts import Facts


class SmallFacts(Facts):
    \"\"\"The same facts, columns and form, on a model that is made here.\"\"\"

    def target(self):
        config = dict(
            model_type="llama", hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
            num_key_value_heads=2, max_position_embeddings=1024,
        )
        return TargetRecipe(Scratch(config, 500), None, super().target().template)


@hookimpl
def fairforget_tasks():
    return (Entry("small-facts", ":SmallFacts", "facts on a model that is made here"),)
"""


def test_the_kit_passes_on_a_small_model_of_the_same_form(tmp_path):
    (tmp_path / "small_facts.py").write_text(SMALL)
    registry = Registry.discover([tmp_path / "small_facts.py"])
    only = ["target-recipe-runs", "columns-can-be-measured", "columns-name-sets", "metrics-have-directions"]
    report = check("small-facts", kind="task", on_fail="report", only=only, registry=registry)
    assert [result.status for result in report.results] == ["ran"] * 4, report.to_markdown()
