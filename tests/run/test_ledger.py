"""The ledger against counts made by hand, on a real model."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from fairforget.run.counting.ledger import Ledger


@pytest.fixture
def model() -> Any:
    sizes = {
        "vocab_size": 20,
        "hidden_size": 8,
        "intermediate_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 1,
    }
    return LlamaForCausalLM(LlamaConfig(**sizes))


IDS = torch.tensor([[3, 4, 5, 6], [7, 8, 0, 0], [9, 0, 0, 0]])
MASK = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0]])


def test_forwards_and_backwards_by_phase(model: Any) -> None:
    ledger = Ledger()
    with ledger.watch(model):
        with ledger.phase("unlearning"):
            for _ in range(2):
                model(input_ids=IDS, attention_mask=MASK).logits.sum().backward()
            with ledger.phase("difficulty"), torch.no_grad():
                model(input_ids=IDS, attention_mask=MASK)
        with ledger.phase("evaluation"), torch.no_grad():
            model(input_ids=IDS[:1])
    told = ledger.to_json()
    unlearning = {"forward_sequences": 6, "backward_sequences": 6, "forward_tokens": 14, "backward_tokens": 14}
    assert unlearning.items() <= told["unlearning"].items()
    assert {"forward_sequences": 3, "backward_sequences": 0, "forward_tokens": 7}.items() <= told["difficulty"].items()
    assert {"forward_sequences": 1, "forward_tokens": 4}.items() <= told["evaluation"].items()
    assert told["forward_equivalents"] == 6 + 2 * 6 + 3, "evaluation is not the method's"


def test_a_forward_without_backward_counts_no_backward(model: Any) -> None:
    ledger = Ledger()
    with ledger.watch(model):
        model(input_ids=IDS)
    assert ledger.to_json()["unlearning"]["backward_sequences"] == 0


def test_one_backward_through_two_forwards_counts_both(model: Any) -> None:
    ledger = Ledger()
    with ledger.watch(model):
        (model(input_ids=IDS).logits.sum() - model(input_ids=IDS[:2]).logits.sum()).backward()
    assert ledger.to_json()["unlearning"]["backward_sequences"] == 5


def test_positional_arguments_are_seen(model: Any) -> None:
    ledger = Ledger()
    with ledger.watch(model):
        model(IDS, MASK)
    assert ledger.to_json()["unlearning"]["forward_tokens"] == 7


def test_generation_counts_a_sequence_once_and_every_token(model: Any) -> None:
    ledger = Ledger()
    with ledger.watch(model):
        out = model.generate(IDS[:1], max_new_tokens=5, do_sample=False, pad_token_id=0, eos_token_id=None)
    counts = ledger.to_json()["unlearning"]
    assert out.shape[1] == 9
    assert (counts["forward_sequences"], counts["forward_tokens"]) == (1, 4 + 4)


def test_a_copy_of_the_model_is_counted_in_the_same_ledger_and_nothing_after_the_watch(model: Any) -> None:
    ledger = Ledger()
    with ledger.watch(model):
        twin = copy.deepcopy(model)
        twin(input_ids=IDS)
    assert ledger.to_json()["unlearning"]["forward_sequences"] == 3
    model(input_ids=IDS)
    assert ledger.to_json()["unlearning"]["forward_sequences"] == 3


def test_seconds_of_an_inner_phase_are_not_the_outer_ones() -> None:
    import time

    ledger = Ledger()
    with ledger.phase("unlearning"), ledger.phase("difficulty"):
        time.sleep(0.05)
    assert ledger.phases["difficulty"].seconds >= 0.05
    assert ledger.phases["unlearning"].seconds < 0.02
