from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fairforget.api import Wanted

WANTED = Wanted("d" * 64, "random", 0, 0, "t" * 24)


@pytest.fixture
def wanted() -> Wanted:
    return WANTED


@pytest.fixture
def other() -> Wanted:
    return replace(WANTED, digest="e" * 64, draw=1)


@pytest.fixture
def model() -> Any:
    """A target of its own, small enough to be made for every test."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=32, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=2, tie_word_embeddings=True,
    )  # fmt: skip
    return LlamaForCausalLM(config).eval()


@pytest.fixture
def declare() -> Callable[..., Path]:
    """Writes ``unlearned.json`` into a folder."""

    def write(folder: Path, **changes: Any) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        said = {"digest": WANTED.digest, "target": WANTED.target, "method": "mine", **changes}
        found = {key: value for key, value in said.items() if value is not None}
        path = folder / "unlearned.json"
        path.write_text(json.dumps(found))
        return path

    return write


@pytest.fixture
def changed() -> Callable[[Any], Any]:
    """Makes a copy of a model with other weights."""
    import torch

    def change(model: Any) -> Any:
        other = copy.deepcopy(model)
        with torch.no_grad():
            for parameter in other.parameters():
                parameter.add_(torch.randn_like(parameter), alpha=0.1)
        return other

    return change


@pytest.fixture
def logits() -> Callable[[Any], Any]:
    """What a model says of some tokens."""
    import torch

    def say(model: Any) -> Any:
        with torch.no_grad():
            return model(input_ids=torch.arange(12).reshape(2, 6)).logits

    return say
