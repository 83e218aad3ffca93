from __future__ import annotations

import json

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from fairforget.errors import FairforgetError
from fairforget_tasks.metrics.gen_ex import GenEx
from fairforget_tasks.metrics.mia_reference import ITSELF, MiaReference


def test_a_reference_from_a_folder(compared, model, tokenizer, tmp_path):
    compared.reference().model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    found = MiaReference(negatives="retain", reference=str(tmp_path)).measure(compared)
    expected = MiaReference(negatives="retain").measure(compared)
    assert found.items == pytest.approx(dict(expected.items), rel=1e-4, abs=1e-4)  # a folder is read in float32
    with pytest.raises(FairforgetError, match="mia-reference, option reference: "):
        MiaReference(reference="./nowhere").measure(compared)


LETTERS = {"<unk>": 0, "<end>": 1, **{letter: i for i, letter in enumerate("abcdefghij", 2)}}


def test_a_reference_with_other_tokens_is_warned_of(compared, model, tmp_path):
    backend = Tokenizer(models.WordLevel(LETTERS, "<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>", eos_token="<end>").save_pretrained(tmp_path)
    model.save_pretrained(tmp_path)
    found = MiaReference(negatives="retain", reference=str(tmp_path)).measure(compared)
    assert "other tokens" in found.details["warnings"][0]
    assert [one["tokenizer"] for one in found.details["described"]] == ["own", "own"]
    exposed = GenEx(references=(str(tmp_path),), normalise="token").measure(compared)
    assert "other tokens" in exposed.details["warnings"][0]
    assert GenEx(references=(str(tmp_path),)).measure(compared).details["warnings"] == []
    json.dumps([found.details, exposed.details], allow_nan=False)


def test_the_oracle_cannot_be_attacked_by_itself(compared):
    found = MiaReference(negatives="retain", oracle=True).measure(compared)
    assert (found.details["oracle_auc"], found.details["distance"]) == (None, None)
    assert found.details["warnings"] == [ITSELF]
    assert "warnings" not in MiaReference(negatives="retain").measure(compared).details
