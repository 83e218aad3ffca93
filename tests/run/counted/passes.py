"""Three texts of seven tokens, ways to pass them through a model, and what the ledger says was spent."""

from __future__ import annotations

from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from fairforget.run.counting.ledger import Counts, Ledger

IDS = torch.tensor([[3, 4, 5, 6], [7, 8, 0, 0], [9, 0, 0, 0]])
MASK = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0]])
LAYERS = 3


def llama() -> Any:
    sizes = {"vocab_size": 20, "hidden_size": 8, "intermediate_size": 8, "num_attention_heads": 1}
    # The fused attention has no rules for vmap and forward-mode gradients.
    return LlamaForCausalLM(LlamaConfig(**sizes, num_hidden_layers=LAYERS, attn_implementation="eager"))


def spent(ledger: Ledger) -> tuple[int, int]:
    counts = ledger.phases.get("unlearning", Counts())
    return counts.forward_sequences, counts.backward_sequences


def tokens(ledger: Ledger) -> tuple[int, int]:
    counts = ledger.phases.get("unlearning", Counts())
    return counts.forward_tokens, counts.backward_tokens


def called(model: Any) -> torch.Tensor:
    return model(input_ids=IDS, attention_mask=MASK).logits


def forward_called(model: Any) -> torch.Tensor:
    return model.forward(input_ids=IDS, attention_mask=MASK).logits


def inner_called(model: Any) -> torch.Tensor:
    return model.lm_head(model.model(input_ids=IDS, attention_mask=MASK).last_hidden_state)
