"""Headers of weights that came back: which tensors stand there twice, are no floats, or ask for too much."""

from __future__ import annotations

import json

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file

from fairforget.errors import FairforgetError
from fairforget_methods.checkpoint_weights import load_weights

pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")  # of peft
NORM = "model.norm.weight"


def whole(model, folder, **tensors):
    """Write the model with other tensors; None leaves one out."""
    model.save_pretrained(folder)
    path = folder / "model.safetensors"
    found = {**load_file(path), **{name.replace("__", "."): tensor for name, tensor in tensors.items()}}
    save_file({name: tensor for name, tensor in found.items() if tensor is not None}, path, metadata={"format": "pt"})


def adapter(model, folder, **tensors):
    import copy

    get_peft_model(
        copy.deepcopy(model), LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM")
    ).save_pretrained(folder)
    path = folder / "adapter_model.safetensors"
    save_file({**load_file(path), **tensors}, path, metadata={"format": "pt"})
    return path


def refused(model, folder, said):
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with pytest.raises(FairforgetError, match=said) as error:
        load_weights(model, folder)
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    return str(error.value)


def test_a_tensor_in_two_parts_is_refused_whichever_the_library_would_take(model, tmp_path, changed):
    changed(model).save_pretrained(tmp_path, max_shard_size="3KB")
    first, *_, last = sorted(tmp_path.glob("model-*.safetensors"))
    name = next(iter(load_file(first)))
    save_file({**load_file(last), name: torch.full_like(load_file(first)[name], 7.0)}, last, metadata={"format": "pt"})
    refused(model, tmp_path, f"both hold {name}")


@pytest.mark.parametrize("other", ["norm.weight", f"model.{NORM}"])
def test_a_tensor_with_and_without_the_prefix_is_refused(model, tmp_path, other):
    whole(model, tmp_path, **{other: torch.full((16,), 9.0)})
    refused(model, tmp_path, "is there, too")


def test_a_model_without_the_prefix_is_the_same_model(model, tmp_path, changed, logits):
    other = changed(model)
    other.model.save_pretrained(tmp_path)
    load_weights(model, tmp_path)
    assert torch.equal(logits(model), logits(other))


def test_one_file_and_parts_are_refused(model, tmp_path, changed):
    changed(model).save_pretrained(tmp_path, max_shard_size="3KB")
    kept = {path.name: path.read_bytes() for path in tmp_path.glob("*.safetensors*")}
    changed(model).save_pretrained(tmp_path)  # which takes the parts away
    for name, content in kept.items():
        (tmp_path / name).write_bytes(content)
    refused(model, tmp_path, "remove one of the two")


@pytest.mark.parametrize("kind", [torch.int8, torch.int64, torch.uint8, torch.float8_e4m3fn, torch.complex64])
def test_whatever_the_target_has_in_floats_has_to_be_floats(tmp_path, kind):
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(GPT2Config(vocab_size=32, n_embd=16, n_layer=1, n_head=2, bos_token_id=0, eos_token_id=0))
    whole(model, tmp_path, **{"transformer.ln_f.bias": torch.ones(16).to(kind)})
    refused(model, tmp_path, r"transformer\.ln_f\.bias as ")


@pytest.mark.parametrize("kind", [torch.int8, torch.uint8, torch.float8_e4m3fn])
def test_an_adapter_has_to_be_floats(model, tmp_path, kind):
    path = adapter(model, tmp_path)
    save_file({name: tensor.to(kind) for name, tensor in load_file(path).items()}, path, metadata={"format": "pt"})
    refused(model, tmp_path, r"lora_A\.weight as ")


def test_a_tensor_of_an_adapter_that_has_no_place_is_refused_and_one_of_the_model_counts(model, tmp_path):
    adapter(model, tmp_path / "a", **{"base_model.model.model.stranger": torch.ones(16)})
    refused(model, tmp_path / "a", "has no place for base_model.model.model.stranger")
    adapter(model, tmp_path / "b", **{f"base_model.model.{NORM}": torch.full((16,), 3.0)})
    load_weights(model, tmp_path / "b")
    assert torch.equal(model.state_dict()[NORM], torch.full((16,), 3.0))


@pytest.mark.parametrize("changes", [{"r": 10**9}, {"rank_pattern": {"q_proj": 10**9}}], ids=str)
def test_no_matrix_is_made_that_no_tensor_is_as_large_as(model, tmp_path, changes):
    adapter(model, tmp_path)
    settings = tmp_path / "adapter_config.json"
    settings.write_text(json.dumps({**json.loads(settings.read_text()), **changes}))
    refused(model, tmp_path, "a rank of 1000000000")


def test_shapes_are_told_by_name_and_strange_names_reach_no_terminal(model, tmp_path, capfd):
    whole(model, tmp_path / "shape", **{NORM: torch.ones(1)})
    assert f"{NORM} has (1,) and not (16,)" in refused(model, tmp_path / "shape", "do not fit")
    strange = {f"\x1b]0;owned{i}\x07": torch.ones(1) for i in range(500)}
    whole(model, tmp_path / "names", **strange)
    capfd.readouterr()
    assert len(refused(model, tmp_path / "names", "and 497 more")) < 1000
    assert "owned" not in "".join(capfd.readouterr())
