from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from fairforget import FairforgetError
from fairforget.api import Pretrained, TargetRecipe, Training
from fairforget.run.targets.identity import oracle_id, target_identity
from fairforget.run.targets.target import load_target, make_target
from fairforget_tasks.biographies import Biographies

TINY = {
    "people": 8, "retain_people": 2, "holdout_people": 4, "samples": 2, "world_facts": 6, "frequencies": (1, 2),
    "distributions": ("in",), "lengths": ("short",), "rare_words": (0, 1), "hidden_size": 64, "layers": 1,
    "vocabulary": 512, "epochs": 24, "learning_rate": 6e-3,
}  # fmt: skip

IN_A_PROCESS = """
import sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from fairforget.run.targets.identity import target_identity
from fairforget.run.targets.target import load_target, make_target
from fairforget_tasks.biographies import Biographies
task = Biographies(**{options})
corpus, recipe = task.corpus(), task.target()
identity = target_identity(recipe, corpus, 0)
print("ready", flush=True)
folder = make_target(identity, recipe, corpus, Path(sys.argv[1]), seed=0, progress={progress})
print(load_target(folder, recipe).digest)
"""


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def task():
    return Biographies(**TINY)


@pytest.fixture(scope="module")
def corpus(task):
    return task.corpus()


@pytest.fixture(scope="module")
def recipe(task):
    return task.target()


@pytest.fixture(scope="module")
def identity(recipe, corpus):
    return target_identity(recipe, corpus, 0)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def folder(identity, recipe, corpus, cache):
    return make_target(identity, recipe, corpus, cache, seed=0)


def quick(recipe, epochs=1):
    return dataclasses.replace(recipe, training=dataclasses.replace(recipe.training, epochs=epochs))


def accuracy(target, samples):
    """Share of tokens that are the first choice, by a plain loop."""
    hits = []
    for one in target.encode(samples):
        with torch.no_grad():
            logits = target.model(input_ids=torch.tensor([one.input_ids])).logits[0]
        hits += [int(logits[t - 1].argmax()) == one.input_ids[t] for t in range(one.start, one.end)]
    return np.mean(hits)


def test_the_target_recites_what_it_learnt_and_not_the_holdout(folder, recipe, corpus):
    target = load_target(folder, recipe)
    assert target.meta["recall"]["learnt"] >= 0.97
    assert accuracy(target, corpus.pool) > 0.98
    assert accuracy(target, corpus.holdout) < 0.5
    assert not target.model.training
    assert {p.dtype for p in target.model.parameters()} == {torch.float32}


def test_recall_is_that_of_greedy_generation(folder, recipe, corpus):
    target = load_target(folder, recipe)
    exact = 0
    for sample, one in zip(corpus.pool, target.encode(corpus.pool), strict=True):
        given = torch.tensor([one.input_ids[: one.start]])
        made = target.model.generate(given, attention_mask=torch.ones_like(given), max_new_tokens=80, do_sample=False)
        exact += target.tokenizer.decode(made[0, one.start :], skip_special_tokens=True) == f" {sample.completion}"
    assert target.meta["recall"]["learnt"] == exact / len(corpus.pool)


def test_a_second_call_finds_it(folder, identity, recipe, corpus, cache):
    def never(_):
        pytest.fail("trained again")

    assert make_target(identity, recipe, corpus, cache, seed=0, progress=never) == folder


def test_another_process_makes_the_same_bytes(folder, recipe, tmp_path):
    code = IN_A_PROCESS.format(options=TINY, progress=None)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "7"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.split()[-1] == load_target(folder, recipe).digest
    (made,) = (tmp_path / "targets").glob("*/model.safetensors")
    assert made.read_bytes() == (folder / "model.safetensors").read_bytes()
    assert made.with_name("tokenizer.json").read_bytes() == (folder / "tokenizer.json").read_bytes()


def test_identity_changes_with_what_changes_the_weights_alone(identity, recipe, corpus, task):
    def of(changed=recipe, data=corpus, seed=0):
        return target_identity(changed, data, seed)["id"]

    assert json.loads(json.dumps(identity)) == identity
    assert of() == identity["id"]
    assert of(dataclasses.replace(recipe, max_length=100)) == identity["id"]
    others = {
        of(seed=1),
        of(quick(recipe)),
        of(data=dataclasses.replace(task, seed=1).corpus()),
        of(dataclasses.replace(recipe, base=dataclasses.replace(recipe.base, vocabulary=400))),
        of(dataclasses.replace(recipe, template=dataclasses.replace(recipe.template, prompt="Q: {prompt}"))),
    }
    assert len(others | {identity["id"]}) == 6


def test_the_oracle_leaves_out_exactly_the_draws_texts(identity, recipe, corpus, cache, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "fairforget.run.targets.target.train", lambda model, texts, *a, **k: seen.append(texts) or 1 / 0
    )
    draw = [s.id for s in corpus.pool if s.group in {"p001", "p005"}]
    with pytest.raises(ZeroDivisionError):
        make_target(identity, recipe, corpus, cache, seed=0, without=draw)
    want = [t.sample for t in corpus.training_texts() if t.sample not in draw]
    assert [one.sample.id for one in seen[0]] == want
    assert len(want) < len(corpus.training_texts())
    assert not [file for file in (cache / "targets").iterdir() if file.suffix == ".part"]


def test_the_oracle_does_not_know_the_draw(identity, recipe, corpus, cache):
    draw = [s for s in corpus.pool if s.group in {"p001", "p005"}]
    folder = make_target(identity, recipe, corpus, cache, seed=0, without=[s.id for s in draw])
    oracle = load_target(folder, recipe)
    assert accuracy(oracle, draw) < 0.5
    assert accuracy(oracle, [s for s in corpus.pool if s not in draw]) > 0.98
    assert oracle.meta["recall"]["left_out"] == 0
    assert oracle.meta["without"] == sorted(s.id for s in draw)


def test_oracle_ids(identity, corpus):
    draw = ["p001-birthplace", "p000-birthplace"]
    assert oracle_id(identity, corpus, draw) == oracle_id(identity, corpus, [*draw[::-1], draw[0]])
    assert oracle_id(identity, corpus, []) == identity["id"]
    # Held-out samples are in no training text: without them it is the same model.
    assert oracle_id(identity, corpus, [corpus.holdout[0].id]) == identity["id"]
    assert oracle_id(identity, corpus, draw[:1]) not in {identity["id"], oracle_id(identity, corpus, draw)}


def checkpoint(folder):
    return TargetRecipe(Pretrained(str(folder)), None, Biographies(**TINY).target().template, 256)


def test_a_checkpoint_is_the_target_as_it_is(folder, recipe, corpus, tmp_path):
    bare = checkpoint(folder)
    identity = target_identity(bare, corpus, 0)
    assert identity["base"]["path"] == str(folder)
    made = make_target(identity, bare, corpus, tmp_path, seed=0)
    assert not list(made.glob("*.safetensors"))
    assert load_target(made, bare).digest == load_target(folder, recipe).digest
    with pytest.raises(FairforgetError, match="without a training recipe"):
        make_target(identity, bare, corpus, tmp_path, seed=0, without=["p001-birthplace"])


def test_a_checkpoint_is_its_content_and_not_its_place(folder, corpus, tmp_path):
    moved = tmp_path / "moved"
    moved.mkdir()
    for file in folder.iterdir():
        (moved / file.name).write_bytes(file.read_bytes())
    one, other = (target_identity(checkpoint(f), corpus, 0) for f in (folder, moved))
    assert one["id"] == other["id"]
    # Without training the corpus says nothing of the weights.
    assert target_identity(checkpoint(folder), dataclasses.replace(corpus, pool=()), 0)["id"] == one["id"]


@pytest.mark.parametrize(("adapter", "rate"), [
    (None, 2e-3), ({"r": 8, "dropout": 0.1, "target_modules": ["q_proj", "v_proj", "up_proj", "down_proj"]}, 3e-2),
])  # fmt: skip
def test_a_pretrained_base_is_fine_tuned(folder, corpus, tmp_path, adapter, rate):
    tuned = dataclasses.replace(
        checkpoint(folder),
        base=Pretrained(str(folder), adapter=adapter),
        training=Training(epochs=8, learning_rate=rate, batch_size=4),
    )
    forgotten = dataclasses.replace(corpus, pool=corpus.holdout, retain=(), training=None)
    identity = target_identity(tuned, forgotten, 0)
    target = load_target(make_target(identity, tuned, forgotten, tmp_path, seed=0), tuned)
    assert accuracy(target, corpus.holdout) > 1.5 * accuracy(load_target(folder, checkpoint(folder)), corpus.holdout)
    assert type(target.model).__name__ == "LlamaForCausalLM"
    assert all(p.requires_grad for p in target.model.parameters())
