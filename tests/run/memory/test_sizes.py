"""The weights that configs and heads of files tell of are those of the models."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import CONFIG_MAPPING, AutoModelForCausalLM

from fairforget.run.memory.architectures import tensors_of_config
from fairforget.run.memory.model_size import ModelSize
from fairforget.run.memory.tensors import Tensor, tensors_of_folder

SIZES = {
    "hidden_size": 64, "intermediate_size": 160, "num_hidden_layers": 3, "num_attention_heads": 4, "vocab_size": 97,
}  # fmt: skip
CONFIGS = [
    ("llama", {}),
    ("llama", {"num_key_value_heads": 2, "tie_word_embeddings": True}),
    ("llama", {"attention_bias": True, "head_dim": 8}),
    ("mistral", {"num_key_value_heads": 1}),
    ("qwen2", {"num_key_value_heads": 2}),
    ("qwen3", {"num_key_value_heads": 2, "head_dim": 16, "tie_word_embeddings": True}),
    ("gpt_neox", {}),
    ("gpt_neox", {"tie_word_embeddings": True, "attention_bias": False}),
    ("gpt2", {}),
    ("gpt2", {"n_inner": 100}),
]


ENDLESS = {"model_type": "llama", **SIZES, "num_hidden_layers": 10**15}


def built(kind: str, options: dict[str, Any]) -> Any:
    sizes = {"n_embd": 64, "n_layer": 3, "n_head": 4, "vocab_size": 97, "n_positions": 50} if kind == "gpt2" else SIZES
    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(CONFIG_MAPPING[kind](**sizes, **options))


@pytest.mark.parametrize(("kind", "options"), CONFIGS)
def test_a_config_tells_every_weight(kind: str, options: dict[str, Any]) -> None:
    model = built(kind, options)
    found = tensors_of_config(model.config.to_dict())
    assert {t.name: t.shape for t in found} == {n: tuple(p.shape) for n, p in model.named_parameters()}


@pytest.mark.parametrize(
    "config", [{}, {"model_type": "mamba"}, {"model_type": "llama", "hidden_size": "wide"}, ENDLESS]
)
def test_an_unknown_architecture_is_not_guessed(config: dict[str, Any]) -> None:
    assert tensors_of_config(config) is None


@pytest.mark.parametrize(("kind", "options"), [CONFIGS[1], CONFIGS[8]])
@pytest.mark.parametrize("shard", ["50GB", "50KB"])
def test_heads_of_files_tell_every_weight_once(tmp_path: Path, kind: str, options: dict[str, Any], shard: str) -> None:
    model = built(kind, options).to_empty(device="cpu")
    model.tie_weights()
    model.save_pretrained(tmp_path, max_shard_size=shard)
    assert (len(list(tmp_path.glob("*.safetensors"))) > 1) == (shard == "50KB")
    found = tensors_of_folder(tmp_path)
    assert {t.name: t.shape for t in found} == {n: tuple(p.shape) for n, p in model.named_parameters()}
    size = ModelSize(found, 2)
    assert size.weights == 2 * sum(p.numel() for p in model.parameters())
    assert (size.vocabulary, size.width, size.blocks) == (97, 64, 3)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\xff" * 7, struct.pack("<Q", 1 << 40) + b"{}", struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 3) + b"{}", struct.pack("<Q", 13) + b'{"w": {"a":1}',
        struct.pack("<Q", 38) + b'{"w": {"dtype": "F32", "shape": ["x"]}}',
    ],
)  # fmt: skip
def test_files_that_are_none_tell_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.safetensors").write_bytes(content)
    assert tensors_of_folder(tmp_path) is None


@pytest.mark.parametrize("index", [{}, {"weight_map": ["a"]}, {"weight_map": {"w": "../else.safetensors"}}, [1]])
def test_an_index_leads_nowhere_else(tmp_path: Path, index: Any) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    head = json.dumps({"w": {"dtype": "F32", "shape": [3], "data_offsets": [0, 12]}}).encode()
    (tmp_path / "else.safetensors").write_bytes(struct.pack("<Q", len(head)) + head + bytes(12))
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert tensors_of_folder(folder) is None


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.safetensors")
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"w": "pipe.safetensors"}}))
    assert tensors_of_folder(tmp_path) is None
    index.unlink()
    os.mkfifo(index)
    assert tensors_of_folder(tmp_path) is None


def test_parts_that_may_be_left_unread_are_not_certain() -> None:
    names = ["model.embed_tokens", "visual.blocks.0.w", "model.layers.0.mlp.experts.3.w", "model.layers.0.q"]
    size = ModelSize(tuple(Tensor(f"{name}.weight", (10, 10)) for name in names), 4)
    assert (size.parameters, size.certain) == (400, 200)


@pytest.mark.parametrize("modules", [None, ["q_proj", "down_proj"], "all-linear", r".*layers\.[01]\..*(k|up)_proj"])
def test_an_adapter_is_as_large_as_peft_makes_it(modules: Any) -> None:
    from fairforget.lm.live_adapter import LiveAdapter

    model = AutoModelForCausalLM.from_config(CONFIG_MAPPING["llama"](**SIZES))
    tensors = tuple(Tensor(n, tuple(p.shape)) for n, p in model.named_parameters())
    adapter = {"r": 4, "alpha": 8.0, "dropout": 0.0, "target_modules": modules}
    made = LiveAdapter(model, adapter, 0)
    weights, factors = ModelSize(tensors, 4).adapted(adapter)
    assert factors == sum(p.numel() for p in made.parameters)
    assert weights == sum(site.weight.numel() for site in made._sites)
