"""What lies at the paths of a metric's options decides its value, and so the key of a cell."""

from __future__ import annotations

import importlib.metadata
import json
import shutil
from types import SimpleNamespace

import pytest
from transformers import LlamaConfig, LlamaForCausalLM

from fairforget.api import PluginSpec
from fairforget.errors import FairforgetError
from fairforget.lm import sources
from fairforget.lm.sources import tree_digest
from fairforget.registry import Registry
from fairforget.run.measures.measuring import _uses
from fairforget.study.cell import cell_key
from fairforget.study.options import build
from fairforget.study.rows import with_contents
from fairforget_tasks.metrics.gen_ex import GenEx
from fairforget_tasks.metrics.mia_reference import MiaReference
from fairforget_tasks.metrics.multiple_choice import MultipleChoice
from fairforget_tasks.metrics.probability import Probability
from fairforget_tasks.metrics.toxicity import NAMES, Toxicity
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


def test_a_cell_names_it(data, tmp_path):
    registry = Registry.discover()
    there = shutil.copytree(data, tmp_path / "elsewhere")
    one, other = (
        with_contents(build(registry, "metric", PluginSpec("multiple-choice", {"data": str(place)})))
        for place in (data, there)
    )
    assert one["depends_on"] == MultipleChoice(data=data).depends_on()
    assert one["paths"] == ["data"]
    assert one != other
    keys = [cell_key({"evaluation": {"metrics": [{"metric": metric}]}}) for metric in (one, other)]
    assert keys[0] == keys[1]
    assert not {"depends_on", "paths"} & with_contents(build(registry, "metric", PluginSpec("probability"))).keys()


@pytest.mark.parametrize("name", sorted(USES))
def test_every_option_that_is_a_place_is_covered(request, name):
    kind, metric = USES[name]
    made = metric(request.getfixturevalue(kind))
    covered = made.depends_on().keys() & made.options().keys()
    places = {option for option, value in made.options().items() if str(request.getfixturevalue(kind)) in str(value)}
    assert places == covered


COMMIT = "c" * 40


@pytest.mark.parametrize(
    ("metric", "option"),
    [
        (MiaReference(reference="birds/model"), "reference"),
        (GenEx(references=("birds/model@new", "hills/model")), "references"),
        (UnlearningAccuracy(encoder="birds/model"), "encoder"),
        (Toxicity(model="birds/model", base="base-model"), "model"),
    ],
)
def test_a_hub_is_asked_for_the_commit_that_is_in_the_key(monkeypatch, metric, option):
    monkeypatch.setattr(sources, "commit", lambda *_: COMMIT)
    found = json.loads(json.dumps(metric.depends_on(), allow_nan=False))
    assert COMMIT in json.dumps(found[option])
    pinned = metric.pinned(found)
    named = str(getattr(pinned, option))
    assert f"birds/model@{COMMIT}" in named
    assert "@new" not in named
    assert pinned.depends_on() == found
    assert metric.pinned({}) == metric


def test_a_cell_is_measured_with_the_commit_that_is_in_its_key():
    metric = MiaReference(reference="birds/model")
    bench = SimpleNamespace(build=lambda kind, described: SimpleNamespace(of=lambda cls: metric))
    described = {"name": "fairforget/mia-reference", "options": metric.options()}
    found = {"reference": [{"hub": "birds/model", "commit": COMMIT}]}
    use = {"column": "mia", "on": "forget", "role": "completeness"}
    uses = [{**use, "metric": one} for one in (described, {**described, "depends_on": found})]
    assert [made.reference for _, made in _uses(bench, uses)] == ["birds/model", f"birds/model@{COMMIT}"]


def test_what_needs_no_commit_is_left_as_it_is(model):
    for metric in (MiaReference(), GenEx(), UnlearningAccuracy(), Toxicity(), Probability()):
        assert metric.pinned(metric.depends_on()) == metric
    here = UnlearningAccuracy(encoder=str(model))
    assert here.pinned(here.depends_on()) == here


def test_detoxifys_names_need_nothing():
    from detoxify.detoxify import MODEL_URLS

    assert set(NAMES) == set(MODEL_URLS)


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (Toxicity(model="/nowhere/classifier"), "toxicity, option model: there is no file or folder '/nowhere/classi"),
        (Toxicity(model="orignal"), "toxicity, option model: .*Did you mean 'original'"),
        (Toxicity(base="./nowhere"), r"toxicity, option base: there is no file or folder '\./nowhere'"),
        (UnlearningAccuracy(encoder="/nowhere"), "metric unlearning-accuracy, option encoder: model '/nowhere' does"),
        (MiaReference(reference="/nowhere"), "metric mia-reference, option reference: model '/nowhere' does"),
        (GenEx(references=("/nowhere",)), "metric gen-ex, option references: model '/nowhere' does"),
    ],
)
def test_what_is_missing_is_named_by_its_option(metric, message):
    with pytest.raises(FairforgetError, match=message):
        metric.depends_on()
