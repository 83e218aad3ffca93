"""The weights that come back: which files are read, which are refused, and what the model is afterwards."""

from __future__ import annotations

import copy
import json
import pickle
from contextlib import nullcontext as _nothing

import pytest
import torch
from safetensors.torch import load_file, save_file

from fairforget.errors import FairforgetError
from fairforget_methods.checkpoint import Checkpoint
from fairforget_methods.checkpoint_weights import content_of, load_weights

pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")  # of peft


def adapted(model, folder, **settings):
    """Write an adapter that changes something; return the model with it."""
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(r=2, target_modules=["q_proj", "down_proj"], task_type="CAUSAL_LM", **settings)
    found = get_peft_model(copy.deepcopy(model), config)
    with torch.no_grad():
        for name, parameter in found.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.2)
    found.save_pretrained(folder)
    return found.eval()


def edit(path, **changes):
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


@pytest.mark.parametrize("shard", ["50GB", "2KB"])
def test_a_whole_model_is_what_was_saved(model, tmp_path, shard, changed, logits):
    other = changed(model)
    other.save_pretrained(tmp_path, max_shard_size=shard)
    assert len(content_of(tmp_path)) == (1 if shard == "50GB" else 1 + len(list(tmp_path.glob("*.safetensors"))))
    module, parameters = model.model, list(model.parameters())
    load_weights(model, tmp_path)
    assert torch.equal(logits(model), logits(other))
    # In place: what is counted is the model that was lent.
    assert model.model is module
    assert all(one is other for one, other in zip(model.parameters(), parameters, strict=True))


def test_tied_weights_stay_tied(model, tmp_path, changed):
    changed(model).save_pretrained(tmp_path)
    assert "lm_head.weight" not in load_file(tmp_path / "model.safetensors")
    load_weights(model, tmp_path)
    assert model.lm_head.weight is model.model.embed_tokens.weight


def test_an_adapter_is_merged_into_the_target(model, tmp_path, logits):
    expected = adapted(model, tmp_path)
    before, names = logits(model), list(model.state_dict())
    assert set(content_of(tmp_path)) == {"adapter_config.json", "adapter_model.safetensors"}
    load_weights(model, tmp_path)
    assert not torch.allclose(logits(model), before, atol=1e-3)
    assert torch.allclose(logits(model), logits(expected), atol=1e-5)
    assert list(model.state_dict()) == names
    assert not any("lora" in name for name, _ in model.named_modules())


def test_other_float_types_are_converted_to_those_of_the_target(model, tmp_path, changed):
    other = changed(model)
    copy.deepcopy(other).to(torch.bfloat16).save_pretrained(tmp_path)
    load_weights(model, tmp_path)
    assert model.dtype == torch.float32
    rounded = other.state_dict()["model.norm.weight"].to(torch.bfloat16).float()
    assert torch.equal(model.state_dict()["model.norm.weight"], rounded)


def test_nothing_but_weights_is_read_of_a_folder(model, tmp_path, changed, logits):
    other = changed(model)
    other.save_pretrained(tmp_path)
    edit(tmp_path / "config.json", model_type="gpt2", hidden_act="relu", auto_map={"AutoModel": "evil.Evil"})
    (tmp_path / "evil.py").write_text("raise SystemExit('run')")
    edit(tmp_path / "generation_config.json", max_length=1, do_sample=True)
    kept = model.generation_config.to_dict(), model.config.to_dict()
    load_weights(model, tmp_path)
    assert torch.equal(logits(model), logits(other))
    assert (model.generation_config.to_dict(), model.config.to_dict()) == kept


class Bomb:
    def __reduce__(self):
        return (open, ("exploded", "w"))


def test_a_pickle_is_never_opened(model, tmp_path, monkeypatch, changed):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(FairforgetError, match="pickle"):
        content_of(folder)
    changed(model).save_pretrained(folder)  # a Trainer leaves pickles beside the weights
    (folder / "training_args.bin").write_bytes(pickle.dumps(Bomb()))
    assert set(content_of(folder)) == {"model.safetensors"}
    load_weights(model, folder)
    assert not (tmp_path / "exploded").exists()


def test_a_folder_without_weights_and_one_with_two_kinds_are_refused(model, tmp_path, changed):
    with pytest.raises(FairforgetError, match=r"holds no \*.safetensors"):
        content_of(tmp_path)
    save_file({"x": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(FairforgetError, match="as save_pretrained writes them"):
        content_of(tmp_path)
    adapted(model, tmp_path)
    changed(model).save_pretrained(tmp_path)
    with pytest.raises(FairforgetError, match="a whole model and an adapter"):
        content_of(tmp_path)


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("../secret.safetensors", "which is no"),
        ("/etc/passwd", "which is no"),
        ("weights.bin", "which is no"),
        (3, "which is no"),
        ("gone.safetensors", "not there"),
        (f"{'a' * 5000}.safetensors", "not there"),
        ("a\0.safetensors", "not there"),
        ("\ud800.safetensors", "not there"),
        ("link.safetensors", "no file of its own folder"),
    ],
)
def test_an_index_names_files_beside_it_and_no_others(model, tmp_path, named, said, changed):
    folder = tmp_path / "model"
    changed(model).save_pretrained(folder)
    secret = (folder / "model.safetensors").rename(tmp_path / "secret.safetensors")
    (folder / "link.safetensors").symlink_to(secret)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"model.norm.weight": named}}))
    with pytest.raises(FairforgetError, match=said):
        content_of(folder)


@pytest.mark.parametrize(
    "content",
    ["{", "[]", '{"weight_map": []}', '{"weight_map": {"a": ["b"]}}', '{"metadata": {}, "weight_map": {}}',
     '{"weight_map": {"a": "a.safetensors"}}', '{"metadata": [1], "weight_map": {"a": "a.safetensors"}}'],
)  # fmt: skip
def test_an_index_that_is_none_is_refused(tmp_path, content):
    save_file({"a": torch.zeros(1)}, tmp_path / "a.safetensors")
    (tmp_path / "model.safetensors.index.json").write_text(content)
    with pytest.raises(FairforgetError, match="index"):
        content_of(tmp_path)


def test_weights_that_do_not_fit_are_refused_and_the_target_stays(model, tmp_path, changed, logits):
    before = logits(model)
    changed(model).save_pretrained(tmp_path / "whole")
    tensors = load_file(tmp_path / "whole" / "model.safetensors")
    norm, embedded = "model.norm.weight", "model.embed_tokens.weight"
    faults = {
        "missing": ({name: t for name, t in tensors.items() if name != norm}, "lacks model.norm.weight"),
        "more": ({**tensors, "model.extra.weight": torch.zeros(2)}, "model.extra.weight"),
        "vocabulary": ({**tensors, embedded: torch.zeros(40, 16)}, "do not fit the target"),
        "quantised": ({**tensors, embedded: torch.zeros(32, 16, dtype=torch.int8)}, "as I8"),
        "diverged": ({**tensors, norm: torch.full((16,), torch.nan)}, "not finite"),
        "infinite": ({**tensors, norm: torch.full((16,), torch.inf)}, "not finite"),
    }
    for name, (content, said) in faults.items():
        folder = tmp_path / name
        folder.mkdir()
        save_file(content, folder / "model.safetensors", metadata={"format": "pt"})
        with pytest.raises(FairforgetError, match=said) as refused:
            load_weights(model, folder)
        assert str(folder) in str(refused.value)
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "model.safetensors").write_bytes(b"\x00" * 20)
    with pytest.raises(FairforgetError, match="no safetensors file"):
        load_weights(model, tmp_path / "torn")
    assert torch.equal(logits(model), before)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"peft_type": "IA3"}, "only LORA is read"),
        ({"peft_type": None}, "only LORA is read"),
        ({"megatron_config": {"a": 1}, "megatron_core": "antigravity"}, "megatron_config"),
        ({"layer_replication": [[0, 2], [0, 2]]}, "layer_replication"),
        ({"target_modules": ["no_such"]}, "do(es)? not fit"),
        ({"target_modules": ["q_proj"]}, "has no place for"),
        ({"target_modules": ["q_proj", "down_proj", "v_proj"]}, "wants"),
        ({"r": 3}, "do(es)? not fit"),
    ],
    ids=str,
)
def test_an_adapter_that_does_not_fit_or_does_more_is_refused(model, tmp_path, changes, said, logits):
    before = logits(model)
    adapted(model, tmp_path)
    edit(tmp_path / "adapter_config.json", **changes)
    with pytest.raises(FairforgetError, match=said), pytest.warns() if "wants" in said else _nothing():
        load_weights(model, tmp_path)
    assert torch.equal(logits(model), before)


def test_what_is_found_are_digests_of_the_weights_and_what_is_declared(model, tmp_path, wanted, declare, changed):
    folder = tmp_path / wanted.digest
    changed(model).save_pretrained(folder)
    declare(folder, spent={"updates": 2})
    method = Checkpoint(f"{tmp_path}/{{digest}}")
    found = method.find(wanted)
    assert found.spent == {"updates": 2}
    (folder / "README.md").write_text("mine")
    assert method.find(wanted) == found
    changed(model).save_pretrained(folder)
    assert method.find(wanted).content != found.content


def test_it_runs_nothing():
    with pytest.raises(FairforgetError, match="made elsewhere"):
        Checkpoint().unlearn(None)
