from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import BertConfig, BertModel

from fairforget.api import Sample
from fairforget.errors import FairforgetError
from fairforget_tasks.metrics.sentence_encoder import _loaded, load_encoder
from fairforget_tasks.metrics.unlearning_accuracy import UnlearningAccuracy
from fairforget_tasks.metrics.unlearning_accuracy_overlap import UnlearningAccuracyOverlap, token_f1

RIGHT, WRONG = "anna was born in paris", ("anna was born in rome", "anna was born in oslo")


def asked(name, **variants):
    complete = {
        "paraphrased_prompt": ("where ?",),
        "paraphrased_completion": (RIGHT,),
        "perturbed_completion": WRONG,
    }
    return Sample(name, "who ?", "x", variants={**complete, **variants})


SAMPLES = (
    asked("knows"),
    asked("mistakes"),
    asked("babbles"),
    asked("unasked", paraphrased_prompt=()),
    Sample("bare", "who ?", "x"),
)
ANSWERS = ["paris is where anna was born", "anna was born in oslo", "ten ten ten", "", ""]


def test_overlap_takes_what_is_strictly_nearest(told):
    found = UnlearningAccuracyOverlap().measure(told(SAMPLES, answers={"paraphrased_prompt": ANSWERS}))
    assert found.items == {"knows": 0, "mistakes": 1, "babbles": 1}
    assert found.value == pytest.approx(2 / 3)
    assert set(found.excluded) == {"unasked", "bare"}
    assert "paraphrased_prompt" in found.excluded["unasked"]
    # Another town shares as much with every answer: it shows no knowledge.
    tied = UnlearningAccuracyOverlap().measure(
        told(SAMPLES[:1], answers={"paraphrased_prompt": ["anna was born in lima"]})
    )
    assert tied.value == 1


@given(*[st.lists(st.sampled_from(["a", "B", "b", "née", "x1"]), max_size=8)] * 2)
@settings(deadline=None, derandomize=True)
def test_token_f1_by_brute_force(one, other):
    left, rest = [w.casefold() for w in one], [w.casefold() for w in other]
    common = 0
    for word in left:
        if word in rest:
            rest.remove(word)
            common += 1
    if common:
        precision, recall = common / len(one), common / len(other)
        expected = 2 * precision * recall / (precision + recall)
    else:
        expected = 0
    assert token_f1(" ".join(one), ", ".join(other)) == pytest.approx(expected)


@pytest.fixture
def encoder(tmp_path, tokenizer):
    """The folder of a tiny random sentence encoder, with the model and the tokenizer in it."""
    tokenizer.pad_token = "<unk>"
    tokenizer.model_max_length = 16
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=8,
            num_hidden_layers=1,
            num_attention_heads=1,
            intermediate_size=4,
            max_position_embeddings=16,
        )
        model = BertModel(config)
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    _loaded.cache_clear()
    yield str(tmp_path), model.eval(), tokenizer
    _loaded.cache_clear()


def alone(model, tokenizer, text):
    """The embedding of one text, without a batch."""
    with torch.no_grad():
        states = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].double()
    mean = states.mean(0)
    return mean / mean.norm()


def test_embeddings_are_the_mean_over_tokens_whatever_the_batch(encoder):
    path, model, tokenizer = encoder
    texts = [RIGHT, "anna", *WRONG, "the painter lives near the rivers and the hills"]
    found = torch.tensor(load_encoder(path)(texts))
    expected = torch.stack([alone(model, tokenizer, text) for text in texts])
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


def test_texts_are_cut_and_pooled_as_the_encoder_was_trained(encoder):
    path, model, tokenizer = encoder
    (Path(path) / "sentence_bert_config.json").write_text('{"max_seq_length": 3}')
    cut = torch.stack([alone(model, tokenizer, "anna was born")])
    torch.testing.assert_close(torch.tensor(load_encoder(path)(["anna was born in paris"])), cut, rtol=1e-5, atol=1e-6)
    (Path(path) / "1_Pooling").mkdir()
    for pooling, named in (({"mean": False, "cls": True}, "cls"), ({"mean": True, "max": True}, "max")):
        config = {f"pooling_mode_{kind}_tokens": on for kind, on in pooling.items()}
        (Path(path) / "1_Pooling" / "config.json").write_text(json.dumps(config))
        with pytest.raises(FairforgetError, match=rf"pooling_mode_{named}_tokens in .*takes the mean"):
            load_encoder(path)


def test_an_encoder_that_changes_is_read_again(encoder):
    path, model, tokenizer = encoder
    before = load_encoder(path)
    assert load_encoder(path) is before
    with torch.no_grad():
        model.embeddings.word_embeddings.weight.mul_(-3)
    model.save_pretrained(path)
    expected = alone(model, tokenizer, RIGHT)
    torch.testing.assert_close(torch.tensor(load_encoder(path)([RIGHT])[0]), expected, rtol=1e-5, atol=1e-6)


def test_a_hub_is_asked_for_the_revision(monkeypatch):
    asked = []

    def from_pretrained(where, **options):
        asked.append((where, options["revision"]))
        raise OSError("no network")

    monkeypatch.setattr(transformers.AutoTokenizer, "from_pretrained", from_pretrained)
    for path in ("birds/encoder@abc", "birds/encoder"):
        with pytest.raises(FairforgetError, match=f"the encoder '{path}' cannot be loaded"):
            load_encoder(path)
    assert asked == [("birds/encoder", "abc"), ("birds/encoder", "main")]


def test_ua_by_cosine(encoder, told):
    path, model, tokenizer = encoder
    found = UnlearningAccuracy(encoder=path).measure(told(SAMPLES, answers={"paraphrased_prompt": ANSWERS}))
    expected = {}
    for sample, answer in zip(SAMPLES[:3], ANSWERS, strict=False):
        cosines = [float(alone(model, tokenizer, answer) @ alone(model, tokenizer, t)) for t in (RIGHT, *WRONG)]
        expected[sample.id] = float(cosines[0] < max(cosines[1:]))
    assert found.items == expected
    assert expected["mistakes"] == 1
    assert found.value == sum(expected.values()) / 3
    assert set(found.excluded) == {"unasked", "bare"}


def test_a_tie_is_right_as_in_soul(encoder, told):
    same = asked("same", perturbed_completion=(RIGHT,))
    found = UnlearningAccuracy(encoder=encoder[0]).measure(told((same,), answers={"paraphrased_prompt": ["ten"]}))
    assert found.value == 0


def test_an_encoder_is_needed_and_has_to_load(told, tmp_path):
    subject = told(SAMPLES, answers={"paraphrased_prompt": ANSWERS})
    with pytest.raises(FairforgetError, match=r"needs the option encoder.*unlearning-accuracy-overlap"):
        UnlearningAccuracy().measure(subject)
    with pytest.raises(FairforgetError, match=r"cannot be loaded.*safetensors"):
        UnlearningAccuracy(encoder=str(tmp_path / "nowhere")).measure(subject)


def test_pickled_weights_are_refused(encoder, told, tmp_path):
    _, model, tokenizer = encoder
    folder = tmp_path / "pickled"
    tokenizer.save_pretrained(folder)
    model.config.save_pretrained(folder)
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    with pytest.raises(FairforgetError, match="cannot be loaded"):
        UnlearningAccuracy(encoder=str(folder)).measure(told(SAMPLES, answers={"paraphrased_prompt": ANSWERS}))


@pytest.mark.parametrize("name", ["forget", "retain", "holdout", "nobody"])
def test_on_a_real_model(subject, encoder, name):
    for metric in (UnlearningAccuracy(encoder=encoder[0]), UnlearningAccuracyOverlap()):
        found = metric.measure(subject.on(name))
        assert set(found.items) | set(found.excluded) == {s.id for s in subject.on(name).samples}
        assert math.isnan(found.value) == (not found.items)
        assert set(found.items.values()) <= {0.0, 1.0}
