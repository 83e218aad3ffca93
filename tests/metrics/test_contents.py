"""What lies at the paths of a metric's options decides its value, and so the key of a cell."""

from __future__ import annotations

import importlib.metadata
import json
import shutil

import pytest
from transformers import LlamaConfig, LlamaForCausalLM

from fairforget.api import PluginSpec
from fairforget.errors import FairforgetError
from fairforget.lm.sources import tree_digest
from fairforget.registry import Registry
from fairforget.study.options import build
from fairforget.study.rows import with_contents
from fairforget_tasks.metrics.gen_ex import GenEx
from fairforget_tasks.metrics.mia_reference import MiaReference
from fairforget_tasks.metrics.multiple_choice import MultipleChoice
from fairforget_tasks.metrics.probability import Probability
from fairforget_tasks.metrics.toxicity import Toxicity
from fairforget_tasks.metrics.unlearning_accuracy import UnlearningAccuracy
from fairforget_tasks.metrics.zero_shot import ZeroShot


@pytest.fixture
def model(tmp_path):
    sizes = {"vocab_size": 20, "hidden_size": 8, "intermediate_size": 8, "num_attention_heads": 1}
    LlamaForCausalLM(LlamaConfig(**sizes, num_hidden_layers=1)).save_pretrained(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    (folder / "mmlu" / "test").mkdir(parents=True)
    (folder / "mmlu" / "test" / "birds.jsonl").write_text('{"question": "Does it fly?"}\n')
    return folder


USES = {
    "mia-reference": ("model", lambda folder: MiaReference(reference=str(folder))),
    "gen-ex": ("model", lambda folder: GenEx(references=(str(folder),))),
    "encoder": ("model", lambda folder: UnlearningAccuracy(encoder=str(folder))),
    "toxicity": ("model", lambda folder: Toxicity(model=str(folder))),
    "multiple-choice": ("data", lambda folder: MultipleChoice(data=folder)),
    "include_path": ("data", lambda folder: MultipleChoice(include_path=folder)),
    "zero-shot": ("data", lambda folder: ZeroShot(data=folder)),
}


@pytest.mark.parametrize("name", sorted(USES))
def test_the_content_counts_and_not_the_place(request, tmp_path, name):
    kind, metric = USES[name]
    here = request.getfixturevalue(kind)
    there = shutil.copytree(here, tmp_path / "elsewhere")
    before = metric(here).depends_on()
    assert metric(there).depends_on() == before
    assert str(tmp_path) not in json.dumps(before, allow_nan=False)
    changed = max((file for file in there.rglob("*") if file.is_file()), key=lambda file: file.stat().st_size)
    changed.write_bytes(changed.read_bytes()[:-1] + b"!")
    assert metric(there).depends_on() != before


def test_a_file_that_moves_within_a_folder_is_another_folder(data):
    before = tree_digest(data)
    (data / "mmlu" / "test" / "birds.jsonl").rename(data / "mmlu" / "birds.jsonl")
    assert tree_digest(data) != before


@pytest.mark.parametrize("metric", [MiaReference(), GenEx(), UnlearningAccuracy(), Toxicity(), Probability()])
def test_without_a_path_nothing_is_added(metric):
    assert metric.depends_on() == {}


def test_the_version_of_lm_eval_counts():
    assert MultipleChoice().depends_on() == {"lm_eval": importlib.metadata.version("lm_eval")}


@pytest.mark.parametrize("option", ["data", "include_path"])
def test_a_folder_that_is_missing_is_named(tmp_path, option):
    with pytest.raises(FairforgetError, match=rf"{option}: there is no folder '.*nowhere'"):
        MultipleChoice(**{option: tmp_path / "nowhere"}).depends_on()


def test_a_cell_names_it(data):
    registry = Registry.discover()
    built = build(registry, "metric", PluginSpec("multiple-choice", {"data": str(data)}))
    assert with_contents(built)["depends_on"] == MultipleChoice(data=data).depends_on()
    assert "depends_on" not in with_contents(build(registry, "metric", PluginSpec("probability")))
