"""Other architectures, and embeddings that are the head, too."""

from __future__ import annotations

import copy

import pytest
import torch
from safetensors.torch import save_file

from fairforget.errors import FairforgetError
from fairforget_methods.checkpoint_weights import load_weights

pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")  # of peft


def gpt2():
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    return GPT2LMHeadModel(GPT2Config(vocab_size=32, n_positions=32, n_embd=16, n_layer=2, n_head=2)).eval()


def test_another_architecture_comes_back_whole(tmp_path, changed, logits):
    model = gpt2()
    other = changed(model)
    other.save_pretrained(tmp_path)
    load_weights(model, tmp_path)
    assert torch.equal(logits(model), logits(other))


@pytest.mark.filterwarnings("ignore:fan_in_fan_out:UserWarning")  # of peft, about GPT-2's transposed layers
def test_another_architecture_comes_back_as_an_adapter(tmp_path, logits):
    from peft import LoraConfig, get_peft_model

    model = gpt2()
    adapted = get_peft_model(copy.deepcopy(model), LoraConfig(r=2, target_modules=["c_attn"], task_type="CAUSAL_LM"))
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.2)
    adapted.save_pretrained(tmp_path)
    before = logits(model)
    load_weights(model, tmp_path)
    assert not torch.allclose(logits(model), before, atol=1e-3)
    assert torch.allclose(logits(model), logits(adapted.eval()), atol=1e-5)


def test_a_model_of_another_architecture_does_not_fit(model, tmp_path):
    gpt2().save_pretrained(tmp_path)
    with pytest.raises(FairforgetError, match="do not fit the target"):
        load_weights(model, tmp_path)


def test_the_head_may_stand_beside_tied_embeddings(model, tmp_path, changed, logits):
    """As other code than transformers writes them: both names of one tensor."""
    other = changed(model)
    tensors = {name: t.clone() for name, t in other.state_dict().items()}
    assert torch.equal(tensors["lm_head.weight"], tensors["model.embed_tokens.weight"])
    save_file(tensors, tmp_path / "model.safetensors", metadata={"format": "pt"})
    load_weights(model, tmp_path)
    assert torch.equal(logits(model), logits(other))


def test_an_untied_head_does_not_fit_a_tied_one(model, tmp_path, changed, logits):
    tensors = {name: t.clone() for name, t in changed(model).state_dict().items()}
    tensors["lm_head.weight"] += 1
    save_file(tensors, tmp_path / "model.safetensors", metadata={"format": "pt"})
    before = logits(model)
    with pytest.raises(FairforgetError, match="lm_head"):
        load_weights(model, tmp_path)
    assert torch.equal(logits(model), before)
