"""No door past the ledger: every way to run a model, against a count made by hand."""

from __future__ import annotations

import copy
from contextlib import suppress
from typing import Any

import pytest
import torch
from torch.func import functional_call
from transformers import GPT2Config, GPT2LMHeadModel, LlamaForCausalLM

from fairforget.run.counting.ledger import Ledger

from .passes import IDS, LAYERS, MASK, called, forward_called, inner_called, llama, spent, tokens


def class_forward_called(model: Any) -> torch.Tensor:
    return type(model).forward(model, input_ids=IDS, attention_mask=MASK).logits


def inner_forward_called(model: Any) -> torch.Tensor:
    return model.lm_head(model.model.forward(input_ids=IDS, attention_mask=MASK).last_hidden_state)


def embedded_by_hand(model: Any) -> torch.Tensor:
    return model(input_ids=None, inputs_embeds=model.get_input_embeddings()(IDS), attention_mask=MASK).logits


def state_given(model: Any) -> torch.Tensor:
    return functional_call(model, dict(model.named_parameters()), (), {"input_ids": IDS, "attention_mask": MASK}).logits


def hooked_away(model: Any) -> torch.Tensor:
    model._forward_hooks.clear()
    return called(model)


WHOLE = [
    called,
    forward_called,
    class_forward_called,
    inner_called,
    inner_forward_called,
    embedded_by_hand,
    state_given,
    hooked_away,
]


@pytest.mark.parametrize("door", WHOLE)
def test_every_door_counts_a_pass_and_its_backward(model: Any, ledger: Ledger, door: Any) -> None:
    with ledger.watch(model):
        with torch.no_grad():
            door(model)
        assert (spent(ledger), tokens(ledger)) == ((3, 0), (7, 0))
        for _ in range(2):
            door(model).sum().backward()
    assert (spent(ledger), tokens(ledger)) == ((9, 6), (21, 14))


def by_hand(model: Any, layer: Any, layers: int = LAYERS) -> torch.Tensor:
    """Run the blocks one by one, each by `layer`."""
    inner = model.model
    states = inner.embed_tokens(IDS)
    places = torch.arange(4)[None]
    turned = inner.rotary_emb(states, places)
    for block in inner.layers[:layers]:
        states = layer(block, states, turned)
    return model.lm_head(inner.norm(states))


def block_called(block: Any, states: torch.Tensor, turned: Any) -> torch.Tensor:
    return block(states, position_embeddings=turned)


def block_forward_called(block: Any, states: torch.Tensor, turned: Any) -> torch.Tensor:
    return block.forward(states, position_embeddings=turned)


def inside_of_block_called(block: Any, states: torch.Tensor, turned: Any) -> torch.Tensor:
    attended = block.self_attn(block.input_layernorm(states), position_embeddings=turned, attention_mask=None)[0]
    states = states + attended
    return states + block.mlp.forward(block.post_attention_layernorm(states))


@pytest.mark.parametrize("layer", [block_called, block_forward_called, inside_of_block_called])
def test_a_pass_put_together_from_parts_counts_as_one(model: Any, ledger: Ledger, layer: Any) -> None:
    with ledger.watch(model):
        for _ in range(2):
            by_hand(model, layer).sum().backward()
    assert spent(ledger) == (6, 6)
    assert tokens(ledger) == (24, 24), "blocks are not told what is padding"


def test_parts_and_whole_passes_add_up(model: Any, ledger: Ledger) -> None:
    with ledger.watch(model), torch.no_grad():
        called(model)
        by_hand(model, block_called)
        inner_called(model)
        called(copy.deepcopy(model))
    assert spent(ledger) == (12, 0)


def test_some_of_the_blocks_are_that_share_of_a_pass(model: Any, ledger: Ledger) -> None:
    """3 rows through one block of three are one sequence."""
    with ledger.watch(model), torch.no_grad():
        by_hand(model, block_called, layers=1)
        assert spent(ledger) == (1, 0)
        by_hand(model, block_called, layers=2)
    assert spent(ledger) == (3, 0)


def copied(model: Any, _: Any) -> Any:
    return copy.deepcopy(model)


def read_again(model: Any, folder: Any) -> Any:
    model.save_pretrained(folder)
    return LlamaForCausalLM.from_pretrained(folder)


def made_anew(model: Any, _: Any) -> Any:
    twin = type(model)(model.config)
    twin.load_state_dict(model.state_dict())
    return twin


def of_another_kind(model: Any, _: Any) -> Any:
    return GPT2LMHeadModel(GPT2Config(n_layer=1, n_embd=8, n_head=1, vocab_size=20, n_positions=8))


@pytest.mark.parametrize("twin", [copied, read_again, made_anew, of_another_kind])
@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_passes_of_other_models_are_counted(model: Any, ledger: Ledger, twin: Any, when: str, tmp_path: Any) -> None:
    early = twin(model, tmp_path) if when == "before" else None
    with ledger.watch(model):
        other = early or twin(model, tmp_path)
        other(input_ids=IDS).logits.sum().backward()
        other.forward(IDS)
    assert spent(ledger) == (6, 3)


def test_a_model_of_nobody_s_library_is_counted_by_its_own_classes(ledger: Ledger) -> None:
    class Block(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = torch.nn.Linear(4, 4)

        def forward(self, states: torch.Tensor) -> torch.Tensor:
            return self.inner(states)

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = torch.nn.Embedding(20, 4)
            self.blocks = torch.nn.ModuleList([Block(), Block()])

        def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
            states = self.embed(input_ids)
            for block in self.blocks:
                states = block(states)
            return states

    network = Network()
    with ledger.watch(network):
        network.forward(IDS).sum().backward()
        states = network.embed(IDS)
        for block in network.blocks:
            states = block(states)
    assert spent(ledger) == (6, 3)


def test_two_ledgers_count_each_for_itself_and_a_nested_watch_counts_once(model: Any, ledger: Ledger) -> None:
    other = Ledger()
    with ledger.watch(model):
        with ledger.watch(llama()), other.watch(model):
            called(model)
        called(model)
    assert (spent(ledger), spent(other)) == ((6, 0), (3, 0))


def test_nothing_is_counted_aside(model: Any, ledger: Ledger) -> None:
    with ledger.watch(model):
        with ledger.aside():
            called(model).sum().backward()
        called(model)
    assert spent(ledger) == (3, 0)


def test_classes_are_as_they_were_when_the_watch_ends(model: Any, ledger: Ledger) -> None:
    kinds = {type(module) for module in model.modules()} | {GPT2LMHeadModel, LlamaForCausalLM.__mro__[1]}
    before = {kind: (kind.forward, kind.__init__) for kind in kinds}
    with suppress(ZeroDivisionError), ledger.watch(model), ledger.watch(llama()):
        assert LlamaForCausalLM.forward is not before[LlamaForCausalLM][0]
        1 / 0  # noqa: B018 - leaves by an exception
    assert {kind: (kind.forward, kind.__init__) for kind in kinds} == before
    called(model)
    assert spent(ledger) == (0, 0)
