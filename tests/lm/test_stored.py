from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import save_file

from fairforget import FairforgetError
from fairforget.api import Pretrained
from fairforget.lm.stored import stored_otherwise

TYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def model(folder, files, config=None, index=True):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config or {"model_type": "llama"}))
    for name, tensors in files.items():
        save_file({f"w{i}": torch.zeros(2, dtype=dtype) for i, dtype in enumerate(tensors)}, folder / name)
    if index and "model.safetensors" not in files:
        weights = {f"{name}.w": name for name in files}
        (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weights}))
    return folder


@pytest.mark.parametrize("stored", TYPES)
@pytest.mark.parametrize("wanted", TYPES)
def test_it_is_the_type_that_differs(tmp_path, stored, wanted):
    folder = model(tmp_path, {"model.safetensors": [TYPES[stored], torch.int64, torch.bool]})
    assert stored_otherwise(Pretrained(str(folder), dtype=wanted)) == (stored != wanted)


def test_one_weight_of_another_type_is_enough_in_any_shard(tmp_path):
    shards = {"model-1.safetensors": [torch.float32], "model-2.safetensors": [torch.float32, torch.bfloat16]}
    assert stored_otherwise(Pretrained(str(model(tmp_path / "a", shards))))
    assert not stored_otherwise(
        Pretrained(str(model(tmp_path / "b", {**shards, "model-2.safetensors": [torch.float32]})))
    )


def test_files_that_transformers_does_not_read_do_not_count(tmp_path):
    files = {"model.safetensors": [torch.float32], "consolidated.safetensors": [torch.bfloat16]}
    assert not stored_otherwise(Pretrained(str(model(tmp_path, files))))


def test_what_a_quantiser_packed_stays_packed(tmp_path):
    packed = {"model_type": "llama", "quantization_config": {"quant_method": "gptq"}}
    folder = model(tmp_path / "a", {"model.safetensors": [torch.int32, torch.float16]}, packed)
    assert not stored_otherwise(Pretrained(str(folder)))
    folder = model(tmp_path / "b", {"model.safetensors": [torch.float8_e4m3fn, torch.bfloat16]})
    assert not stored_otherwise(Pretrained(str(folder)))


def test_an_index_leads_out_of_no_folder(tmp_path):
    model(tmp_path / "other", {"model.safetensors": [torch.bfloat16]})
    folder = model(tmp_path / "base", {"model-1.safetensors": [torch.float32]})
    index = {"weight_map": {"a": "model-1.safetensors", "b": "../other/model.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(FairforgetError, match=r"names '\.\./other/model\.safetensors'"):
        stored_otherwise(Pretrained(str(folder)))


def test_an_index_that_is_none_is_refused(tmp_path):
    folder = model(tmp_path, {"model-1.safetensors": [torch.bfloat16]})
    (folder / "model.safetensors.index.json").write_bytes(b"\x00\x01")
    with pytest.raises(FairforgetError, match="no index of weights"):
        stored_otherwise(Pretrained(str(folder)))


@pytest.mark.parametrize("spoil", ["config", "weights"])
def test_what_cannot_be_read_is_left_to_loading(tmp_path, spoil):
    folder = model(tmp_path, {"model.safetensors": [torch.bfloat16]})
    spoilt = {"config": "config.json", "weights": "model.safetensors"}[spoil]
    (folder / spoilt).write_bytes(b"\x00\x01")
    assert not stored_otherwise(Pretrained(str(folder)))


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(FairforgetError, match="does not exist"):
        stored_otherwise(Pretrained(str(tmp_path / "nowhere")))


def test_a_hubs_files_are_found_in_its_cache_without_a_network(tmp_path, monkeypatch):
    from huggingface_hub import constants

    sha = "0123456789abcdef0123456789abcdef01234567"
    cached = tmp_path / "models--some--model"
    (cached / "refs").mkdir(parents=True)
    (cached / "refs" / "main").write_text(sha)
    (cached / ".no_exist" / sha).mkdir(parents=True)
    (cached / ".no_exist" / sha / "model.safetensors").write_text("")
    model(cached / "snapshots" / sha, {"model-1.safetensors": [torch.bfloat16]})
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    assert stored_otherwise(Pretrained("some/model"))
    assert not stored_otherwise(Pretrained("some/model", dtype="bfloat16"))
    assert not stored_otherwise(Pretrained("some/other"))
