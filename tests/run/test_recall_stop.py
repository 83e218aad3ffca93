"""Targets that stop at a recall, and their oracles."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from fairforget import FairforgetError
from fairforget.api import Corpus, Pretrained, Sample, Scratch, TargetRecipe, Training
from fairforget.lm.scratch import build_model, train_tokenizer
from fairforget.lm.tokens import EncodedSample, SampleSet
from fairforget.run.targets.identity import oracle_id, target_identity
from fairforget.run.targets.recall_stop import missed
from fairforget.run.targets.target import load_target, make_target
from fairforget.run.targets.training import train
from fairforget_tasks.biographies import Biographies

OPTIONS = {
    "people": 8, "retain_people": 2, "holdout_people": 1, "samples": 2, "world_facts": 2, "frequencies": (1, 2),
    "distributions": ("in",), "lengths": ("short",), "rare_words": (0,), "hidden_size": 64, "layers": 1,
    "vocabulary": 512, "epochs": 40, "learning_rate": 6e-3, "stop_at_recall": 0.5,
}  # fmt: skip
TASK = Biographies(**OPTIONS)


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    corpus, recipe = TASK.corpus(), TASK.target()
    cache = tmp_path_factory.mktemp("cache")
    identity = target_identity(recipe, corpus, 0)
    return identity, recipe, corpus, cache


@pytest.fixture(scope="module")
def target(made):
    identity, recipe, corpus, cache = made
    return load_target(make_target(identity, recipe, corpus, cache, seed=0), recipe)


def with_training(recipe, **changes):
    return dataclasses.replace(recipe, training=dataclasses.replace(recipe.training, **changes))


def recited(model, tokenizer, encoded):
    """The share of samples that greedy generation gives word by word, and then ends."""
    right = 0
    for one in encoded:
        given = torch.tensor([one.input_ids[: one.start]])
        made = model.generate(given, attention_mask=torch.ones_like(given), max_new_tokens=90, do_sample=False)
        text = tokenizer.decode(made[0, one.start :], skip_special_tokens=True)
        right += text == f" {one.sample.completion}" and int(made[0, -1]) == tokenizer.eos_token_id
    return right / len(encoded)


def by_hand(made, epochs):
    """A model of the same recipe after so many epochs, without anybody looking at it on the way."""
    _, recipe, corpus, _ = made
    tokenizer = train_tokenizer(corpus, recipe.template, recipe.base.vocabulary)
    model = build_model(recipe.base, tokenizer, 0)
    from fairforget.lm.encode import Encoder

    encoder = Encoder(tokenizer, recipe.template, recipe.max_length)
    unwatched = dataclasses.replace(recipe.training, stop_at_recall=None)
    train(model, encoder.encode_texts(corpus.training_texts()), unwatched, seed=0, epochs=epochs)
    return model, tokenizer, encoder.encode(corpus.pool)


def test_it_stops_after_the_first_epoch_that_reaches_the_recall(made, target):
    _, recipe, corpus, _ = made
    stop, trained = target.meta["stop"], target.meta["training"]
    assert (stop["at_recall"], stop["cap"], stop["reached"]) == (0.5, 40, True)
    assert 1 < stop["epoch"] < 40
    assert stop["epoch"] == trained["epochs"] == len(stop["recalls"])
    assert trained["updates"] == stop["epoch"] * math.ceil(len(corpus.training_texts()) / recipe.training.batch_size)
    assert stop["recall"] == recited(target.model, target.tokenizer, target.encode(corpus.pool)) >= 0.5
    assert stop["recall"] == stop["recalls"][-1] == target.meta["recall"]["learnt"]
    before = recited(*by_hand(made, stop["epoch"] - 1))
    assert before == stop["recalls"][-2] < 0.5
    assert missed(target.meta) is None


def test_looking_changes_no_weight_and_the_schedule_is_over_the_cap(made, target):
    model, _, _ = by_hand(made, target.meta["stop"]["epoch"])
    assert all(torch.equal(t, target.model.state_dict()[name]) for name, t in model.state_dict().items())


def test_looking_leaves_dropout_alone():
    generator = torch.Generator().manual_seed(0)
    ids = [tuple(torch.randint(2, 50, (9,), generator=generator).tolist()) for _ in range(5)]
    texts = SampleSet([EncodedSample(Sample(f"s{i}", "", ""), (*one, 1), 2, 9) for i, one in enumerate(ids)], pad_id=0)
    found, looks = [], []
    for watched in (True, False):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model = GPT2LMHeadModel(GPT2Config(vocab_size=50, n_embd=16, n_layer=1, n_head=2, n_positions=16))

        def look(model=model):
            from fairforget.run.targets.recall import recited

            looks.append(recited(model, texts))
            return looks[-1]

        training = Training(3, 1e-2, 2, stop_at_recall=1.0 if watched else None)
        done = train(model, texts, training, seed=0, recall=look)
        found.append(torch.cat([p.detach().flatten() for p in model.parameters()]))
    assert model.config.resid_pdrop > 0
    assert len(looks) == done.epochs == 3
    assert torch.equal(*found)


def test_the_oracle_is_trained_for_as_many_epochs_as_its_target(made, target, tmp_path):
    identity, recipe, corpus, cache = made
    draw = [s.id for s in corpus.pool if s.group in {"p001", "p005"}]
    folder = make_target(identity, recipe, corpus, cache, seed=0, without=draw)
    oracle = load_target(folder, recipe)
    texts = len([text for text in corpus.training_texts() if text.sample not in draw])
    assert oracle.meta["training"]["epochs"] == target.meta["stop"]["epoch"]
    assert oracle.meta["training"]["updates"] == target.meta["stop"]["epoch"] * math.ceil(
        texts / recipe.training.batch_size
    )
    assert oracle.meta["stop"] == target.meta["stop"]
    assert oracle.meta["training"]["recalls"] == []
    # Asked for first, it has its target made, and is the same.
    other = make_target(identity, recipe, corpus, tmp_path, seed=0, without=draw)
    assert other.name == folder.name
    assert (other / "model.safetensors").read_bytes() == (folder / "model.safetensors").read_bytes()
    assert (tmp_path / "targets" / identity["id"] / "meta.json").is_file()


@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")
def test_an_adapter_is_trained_until_the_recall_too(made, target, tmp_path):
    _, recipe, corpus, cache = made
    lora = {"r": 16, "dropout": 0.1, "target_modules": ["q_proj", "v_proj", "up_proj", "down_proj"]}
    known = cache / "targets" / target.meta["id"]
    training = Training(60, 2e-2, 4, stop_at_recall=0.9)
    tuned = dataclasses.replace(recipe, base=Pretrained(str(known), adapter=lora), training=training)
    found = load_target(make_target(target_identity(tuned, corpus, 0), tuned, corpus, tmp_path, seed=0), tuned)
    stop = found.meta["stop"]
    assert stop["reached"]
    assert 1 <= stop["epoch"] < 60
    assert recited(found.model, found.tokenizer, found.encode(corpus.pool)) >= 0.9 > stop["recalls"][-2]


def test_a_checkpoint_that_stops_at_a_recall_is_what_it_was_asked_too(made, target):
    _, recipe, corpus, cache = made
    tuned = dataclasses.replace(recipe, base=Pretrained(str(cache / "targets" / target.meta["id"])))
    asked = dataclasses.replace(corpus.pool[0], completion="something else")
    # The texts it learns are the same; what it is asked decides when it stops.
    other = dataclasses.replace(corpus, pool=(asked, *corpus.pool[1:]), training=corpus.training_texts())
    same = dataclasses.replace(corpus, training=corpus.training_texts())
    ids = [target_identity(tuned, one, 0)["id"] for one in (corpus, same, other)]
    assert ids[0] == ids[1] != ids[2]


def test_an_oracle_of_another_stop_is_another_oracle(made):
    identity, _, corpus, _ = made
    draw = [corpus.pool[0].id]
    assert len({oracle_id(identity, corpus, draw, epochs) for epochs in (None, 3, 4)}) == 3
    assert oracle_id(identity, corpus, [], 3) == identity["id"]


def test_a_target_that_never_reaches_it_says_so(made, tmp_path):
    _, recipe, corpus, _ = made
    short = with_training(recipe, epochs=2, stop_at_recall=1.0)
    identity = target_identity(short, corpus, 0)
    loaded = load_target(make_target(identity, short, corpus, tmp_path, seed=0), short)
    stop = loaded.meta["stop"]
    assert (stop["epoch"], stop["reached"]) == (2, False)
    assert stop["recall"] == recited(loaded.model, loaded.tokenizer, loaded.encode(corpus.pool)) < 1
    assert f"recall 1 and has {stop['recall']:.3g} after all 2 epochs" in missed(loaded.meta)


def test_identity_has_the_recall_only_where_it_is_set(made):
    identity, recipe, corpus, _ = made
    assert identity["training"]["stop_at_recall"] == 0.5
    assert "stop_at_recall" not in target_identity(with_training(recipe, stop_at_recall=None), corpus, 0)["training"]
    ids = {target_identity(with_training(recipe, stop_at_recall=at), corpus, 0)["id"] for at in (None, 0.5, 0.6)}
    assert len(ids) == 3


def test_targets_without_it_keep_the_ids_they_had_before_there_was_one():
    corpus = Corpus((Sample("a", "Who?", "Ada."), Sample("b", "Where?", "Rome.")), (Sample("r", "When?", "Now."),))
    identity = target_identity(TargetRecipe(Scratch({"model_type": "llama"}), Training(3, 1e-3, 2)), corpus, 0)
    assert identity["id"] == "132a454368e8a06192ad4665"
    assert oracle_id(identity, corpus, ["a"]) == "fe1ec6e39e93a44e6df99ace"


@pytest.mark.parametrize(("share", "message"), [(1.5, "is a share"), (0, "is a share"), (0.9, "there are none")])
def test_a_recall_that_cannot_be_is_refused(made, tmp_path, share, message):
    _, recipe, corpus, _ = made
    one = with_training(recipe, stop_at_recall=share)
    kept = {s.id for s in corpus.retain}
    alone = dataclasses.replace(corpus, training=tuple(t for t in corpus.training_texts() if t.sample in kept))
    with pytest.raises(FairforgetError, match=message):
        make_target(target_identity(one, alone, 0), one, alone, tmp_path, seed=0)


def test_training_needs_somebody_to_look():
    with pytest.raises(ValueError, match="recall"):
        train(None, [0], Training(1, 1e-3, 1, stop_at_recall=0.5), seed=0)


def test_meta_is_json(target):
    assert json.loads(json.dumps(target.meta["stop"])) == target.meta["stop"]
