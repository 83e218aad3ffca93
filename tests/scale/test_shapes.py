"""Weights by the formula, beside published counts and beside the model that transformers makes."""

from __future__ import annotations

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from fairforget.run.memory.architectures import tensors_of_config
from fairforget.scale.shapes import EMBEDDED, PUBLISHED, Shape, config_of

SAID = {
    "SmolLM2-135M": 134_515_008,
    "Llama-3.2-1B": 1_235_814_400,
    "Llama-2-7B": 6_738_415_616,
    "Llama-3.1-8B": 8_030_261_248,
    "Llama-3.1-70B": 70_553_706_496,
}


@pytest.mark.parametrize("shape", PUBLISHED, ids=lambda shape: shape.name)
def test_published_models_have_the_weights_their_makers_say(shape):
    assert shape.parameters == SAID[shape.name]


@pytest.mark.parametrize(
    "shape",
    [EMBEDDED, PUBLISHED[1], Shape("odd", 77, 24, 40, 3, 4, 2, tied=False, head_size=10)],
    ids=lambda shape: shape.name,
)
def test_transformers_makes_as_many(shape):
    with torch.device("meta"):
        model = LlamaForCausalLM(LlamaConfig(**config_of(shape)))
    assert shape.parameters == sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize("shape", [EMBEDDED, *PUBLISHED], ids=lambda shape: shape.name)
def test_what_foresees_memory_sees_as_many(shape):
    found = tensors_of_config(config_of(shape))
    assert sum(tensor.elements for tensor in found) == shape.parameters


def test_the_embedded_model_is_that_of_the_task():
    from fairforget_tasks.biographies import Biographies

    base = Biographies().target().base
    own = config_of(EMBEDDED)
    assert {key: value for key, value in base.config.items() if key in own}.items() <= own.items()
    assert own.keys() - base.config.keys() == {"vocab_size", "head_dim"}
    assert base.vocabulary == EMBEDDED.vocabulary
