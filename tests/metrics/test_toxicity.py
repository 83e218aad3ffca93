from __future__ import annotations

import json
import pickle

import huggingface_hub
import numpy as np
import pytest
import torch
from detoxify import Detoxify
from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

from fairforget.api import Sample
from fairforget.errors import FairforgetError
from fairforget.run.targets.target_folder import weights_digest
from fairforget_tasks.metrics import toxic_classifier
from fairforget_tasks.metrics.toxic_classifier import _loaded, load_classifier
from fairforget_tasks.metrics.toxicity import Toxicity

WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] you are kind rude a person the bread and birds .".split()
JIGSAW = ["toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate"]
RENAMED = ["toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack"]
SAMPLES = (Sample("a", "who ?", "x"), Sample("b", "what ?", "x"), Sample("c", "", "x"), Sample("d", "why ?", "x"))
ANSWERS = ["you are rude", "bread and birds . the birds are kind .", "you", ""]


class Small:
    """A Detoxify model of a few hundred weights: its base, its weights, its checkpoint."""

    def __init__(self, folder):
        self.base, self.file = folder / "base", folder / "small.ckpt"
        vocabulary = {word: i for i, word in enumerate(WORDS)}
        BertTokenizer(vocab=vocabulary).save_pretrained(self.base)
        self.config = BertConfig(
            vocab_size=len(WORDS),
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=8,
            max_position_embeddings=12,
            num_labels=len(JIGSAW),
            initializer_range=1.0,
        )
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.model = BertForSequenceClassification(self.config).eval()
        self.config.save_pretrained(self.base)
        self.content = {
            "config": {
                "arch": {
                    "type": "BERT",
                    "args": {
                        "num_classes": len(JIGSAW),
                        "model_type": str(self.base),
                        "model_name": "BertForSequenceClassification",
                        "tokenizer_name": "BertTokenizer",
                    },
                },
                "dataset": {"args": {"classes": JIGSAW}},
            },
            "state_dict": self.model.state_dict(),
        }
        torch.save(self.content, self.file)

    def save(self, file, **arch):
        """Save the checkpoint with other words about the architecture."""
        args = {**self.content["config"]["arch"]["args"], **arch}
        torch.save({**self.content, "config": {**self.content["config"], "arch": {"args": args}}}, file)
        return str(file)


@pytest.fixture
def small(tmp_path):
    _loaded.cache_clear()
    yield Small(tmp_path)
    _loaded.cache_clear()


@pytest.fixture
def direct(small):
    """What Detoxify itself says of one text."""
    detoxify = Detoxify(checkpoint=str(small.file))
    return detoxify.predict


@pytest.fixture
def subject(told):
    return told(SAMPLES, answers={"prompt": ANSWERS})


def test_scores_are_those_of_detoxify(small, direct, subject):
    found = {label: Toxicity(model=str(small.file), label=label).measure(subject) for label in ("top", *RENAMED)}
    for sample, answer in zip(SAMPLES, ANSWERS, strict=True):
        if sample.id == "c":
            continue
        expected = direct(answer)
        assert list(expected) == RENAMED
        for label in RENAMED:
            assert found[label].items[sample.id] == pytest.approx(expected[label], rel=1e-5)
        assert found["top"].items[sample.id] == pytest.approx(max(expected.values()), rel=1e-5)
    top = found["top"]
    assert top.excluded == {"c": "the sample has no prompt"}
    assert top.value == pytest.approx(np.mean(list(top.items.values())))
    assert top.details["empty"] == 1
    assert top.details["weights"] == weights_digest(small.model)
    # The trap: the top label is not always toxicity.
    assert any(top.items[name] > found["toxicity"].items[name] + 0.1 for name in top.items)


def test_one_batch_is_bitwise_that_of_detoxify(small):
    texts = ["you are rude", "a kind person and", "the bread and birds"]
    texts.sort(key=len)
    assert load_classifier(str(small.file)).scores(texts) == Detoxify(checkpoint=str(small.file)).predict(texts)


def test_batches_change_nothing(small, monkeypatch):
    texts = [" ".join(WORDS[5 + i % 7 : 6 + i % 7 + i % 5]) for i in range(9)]
    whole = load_classifier(str(small.file)).scores(texts)
    monkeypatch.setattr(toxic_classifier, "BATCH", 2)  # the last batch has one text: its scores come without a list
    for label, values in load_classifier(str(small.file)).scores(texts).items():
        np.testing.assert_allclose(values, whole[label], rtol=1e-5)


def test_share_counts_scores_above_a_half(small, direct, subject):
    shares = {}
    for label in RENAMED:
        found = Toxicity(model=str(small.file), label=label, score="share").measure(subject)
        expected = {s.id: float(direct(a)[label] > 0.5) for s, a in zip(SAMPLES, ANSWERS, strict=True) if s.prompt}
        assert found.items == expected
        assert found.value == found.details["share"] == np.mean(list(expected.values()))
        assert found.details["mean"] == Toxicity(model=str(small.file), label=label).measure(subject).value
        shares[label] = found.value
    assert any(0 < share < 1 for share in shares.values())


def test_long_answers_are_cut_where_the_model_ends(small, direct):
    long, cut = " ".join(["you are rude"] * 20), " ".join(["you are rude"] * 3 + ["you"])
    found = load_classifier(str(small.file)).scores([long])
    assert {k: v[0] for k, v in found.items()} == pytest.approx(direct(cut), rel=1e-5)


def test_a_folder_with_safetensors_is_the_same_classifier(small, tmp_path):
    folder = tmp_path / "saved"
    small.model.config.id2label = dict(enumerate(JIGSAW))
    small.model.save_pretrained(folder)
    BertTokenizer.from_pretrained(small.base).save_pretrained(folder)
    texts = ["rude", "you are kind"]
    expected = load_classifier(str(small.file)).scores(texts)
    assert load_classifier(str(folder)).scores(texts) == expected
    (folder / "model.safetensors").unlink()
    small.save(folder / "small.ckpt", model_type="nobody/has-this")
    _loaded.cache_clear()
    assert load_classifier(str(folder)).scores(texts) == expected


def test_the_base_of_a_checkpoint_can_lie_elsewhere(small, tmp_path):
    file = small.save(tmp_path / "away.ckpt", model_type="nobody/has-this")
    with pytest.raises(FairforgetError, match=r"cannot be loaded.*'nobody/has-this'.*as base"):
        load_classifier(file)
    texts = ["rude", "you are kind"]
    assert load_classifier(file, str(small.base)).scores(texts) == load_classifier(str(small.file)).scores(texts)


def test_a_classifier_that_changes_is_read_again(small):
    before = load_classifier(str(small.file))
    assert load_classifier(str(small.file)) is before
    small.content["state_dict"]["classifier.bias"] = small.content["state_dict"]["classifier.bias"] + 1
    torch.save(small.content, small.file)
    assert load_classifier(str(small.file)).weights != before.weights


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


@pytest.mark.parametrize("legacy", [False, True])
def test_a_pickle_that_runs_something_is_refused_and_does_not_run(small, tmp_path, legacy):
    touched = tmp_path / "touched"
    content = {**small.content, "more": Trap(str(touched))}
    file = tmp_path / "trap.ckpt"
    if legacy:
        file.write_bytes(pickle.dumps(Trap(str(touched))))
    else:
        torch.save(content, file)
    with pytest.raises(FairforgetError, match=r"could run code, so it is refused.*safetensors"):
        load_classifier(str(file))
    assert not touched.exists()


@pytest.mark.parametrize(
    ("arch", "message"),
    [
        ({"model_name": "pipeline"}, "'pipeline' is no model"),
        ({"model_name": "__doc__"}, "'__doc__' is no model"),
        ({"tokenizer_name": "BertModel"}, "'BertModel' is no tokenizer"),
        ({"num_classes": 7}, "6 classes, not 7"),
    ],
)
def test_what_a_checkpoint_names_is_looked_at(small, tmp_path, arch, message):
    with pytest.raises(FairforgetError, match=message):
        load_classifier(small.save(tmp_path / "odd.ckpt", **arch))


def test_missing_weights_are_not_made_up(small, tmp_path):
    del small.content["state_dict"]["classifier.weight"]
    with pytest.raises(FairforgetError, match=r"lacks the weights classifier\.weight \(1 in all\)"):
        load_classifier(small.save(tmp_path / "headless.ckpt"))


def test_what_is_no_checkpoint(small, tmp_path):
    torch.save({"state_dict": {}}, tmp_path / "bare.ckpt")
    with pytest.raises(FairforgetError, match=r"no checkpoint of Detoxify: it needs config\.arch\.args"):
        load_classifier(str(tmp_path / "bare.ckpt"))
    (tmp_path / "text.ckpt").write_text("hello")
    with pytest.raises(FairforgetError, match="refused"):
        load_classifier(str(tmp_path / "text.ckpt"))
    (tmp_path / "hollow").mkdir()
    with pytest.raises(FairforgetError, match=r"no model\.safetensors"):
        load_classifier(str(tmp_path / "hollow"))
    (tmp_path / "hollow" / "model.safetensors").write_bytes(b"")
    (tmp_path / "hollow" / "config.json").write_text(json.dumps({"architectures": ["BertModel"]}))
    with pytest.raises(FairforgetError, match="id2label"):
        load_classifier(str(tmp_path / "hollow"))
    with pytest.raises(FairforgetError, match=r"no toxicity classifier 'orignal'.*Did you mean 'original'"):
        load_classifier("orignal")


def test_a_label_that_the_classifier_lacks(small, subject):
    with pytest.raises(FairforgetError, match=r"no label 'toxic'.*Did you mean 'toxicity'"):
        Toxicity(model=str(small.file), label="toxic").measure(subject)


def test_a_name_is_asked_of_torch_hub_without_pickles(small, monkeypatch, subject):
    asked = []

    def hub(url, **options):
        asked.append((url, options))
        return torch.load(small.file, weights_only=True)

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", hub)
    found = Toxicity(model="original").measure(subject)
    [(url, options)] = asked
    assert url.endswith(".ckpt")
    assert options["weights_only"] is True
    assert found.items == Toxicity(model=str(small.file)).measure(subject).items


def test_a_hub_is_asked_for_the_revision(small, monkeypatch):
    folder, asked = small.base.parent / "snapshot", []
    small.model.config.id2label = dict(enumerate(JIGSAW))
    small.model.save_pretrained(folder)
    BertTokenizer.from_pretrained(small.base).save_pretrained(folder)

    def snapshot_download(name, **options):
        asked.append((name, options["revision"]))
        return str(folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    found = load_classifier("birds/classifier@abc", "birds/base@def")
    assert asked == [("birds/classifier", "abc"), ("birds/base", "def")]
    assert found.weights == weights_digest(small.model)


def test_no_network(monkeypatch):
    def hub(url, **options):
        raise OSError("Name or service not known")

    _loaded.cache_clear()
    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", hub)
    with pytest.raises(FairforgetError, match=r"'unbiased' cannot be had.*give a local checkpoint"):
        load_classifier("unbiased")


def test_nothing_to_answer_needs_no_classifier(told):
    found = Toxicity(model="nowhere").measure(told(SAMPLES[2:3], answers={"prompt": [""]}))
    assert (found.n, found.items) == (0, {})
