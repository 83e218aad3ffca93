"""RMU against states caught by hooks, one text at a time."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from fairforget.errors import FairforgetError
from fairforget.lm.states import layer_states
from fairforget_methods.rmu import Rmu, _direction
from fairforget_methods.state_distance import state_distance
from fairforget_methods.trained_part import mlp_outputs, only_training

CONTROL = _direction(np.random.default_rng(5), 16)


def caught(model: Any, layer: int, **inputs: Any) -> torch.Tensor:
    """What the block returns, by a hook on it."""
    found = []
    handle = model.model.layers[layer].register_forward_hook(lambda _, __, out: found.append(out))
    with torch.no_grad():
        model(**inputs)
    handle.remove()
    return torch.as_tensor(found[0]).double()


def alone(model: Any, tokens: Any) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """States (time, width) after block 0 of each text without padding, and which of its tokens are labelled."""
    rows = []
    for row in range(len(tokens.ids)):
        real = tokens.attention_mask[row].bool()
        states = caught(model, 0, input_ids=tokens.input_ids[row][real][None])[0]
        rows.append((states, tokens.labels[row][real] != -100))
    return rows


def by_tokens(errors: list[torch.Tensor]) -> float:
    return float(torch.stack([e.mean() for e in errors]).mean())


def by_broadcast(errors: list[torch.Tensor]) -> float:
    """A vector of sums divided by a column of lengths, and the mean of the matrix that comes out."""
    sums, lengths = torch.stack([e.sum() for e in errors]), torch.tensor([[float(len(e))] for e in errors])
    return float((sums / lengths).mean())


@pytest.mark.parametrize(("normalise", "put"), [("tokens", by_tokens), ("ou", by_broadcast)])
@pytest.mark.parametrize("scaling", ["fixed", "adaptive"])
def test_rmu(
    on_logits: ModuleType,
    model: Any,
    batch: Any,
    normalise: Any,
    put: Callable[[list[torch.Tensor]], float],
    scaling: Any,
) -> None:
    u = CONTROL.double()
    forget, retain = [], []
    for (states, labelled), (before, _) in zip(
        alone(model, batch.forget), alone(batch.frozen, batch.forget), strict=True
    ):
        length = 3 * before.square().sum(-1, keepdim=True).sqrt() if scaling == "adaptive" else 3.0
        forget.append((states - length * u).square().mean(-1)[labelled])
    for (states, labelled), (before, _) in zip(
        alone(model, batch.retain), alone(batch.frozen, batch.retain), strict=True
    ):
        retain.append((states - before).square().mean(-1)[labelled])
    method = Rmu(steering=3.0, alpha=0.6, normalise=normalise, scaling=scaling)
    loss = method.loss(model, batch, CONTROL, 0)
    assert on_logits.value(loss) == pytest.approx(put(forget) + 0.6 * put(retain), rel=1e-5)


def test_positions_are_all_there_are_padding_too(model: Any, batch: Any) -> None:
    inputs = {"input_ids": batch.forget.input_ids, "attention_mask": batch.forget.attention_mask}
    states = caught(model, 0, **inputs)
    expected = torch.nn.functional.mse_loss(states, (2 * CONTROL.double()).expand_as(states))
    found = state_distance(layer_states(model, batch.forget, 0), 2 * CONTROL, batch.forget, "positions")
    assert float(found.detach()) == pytest.approx(float(expected), rel=1e-5)


def test_ou_is_tokens_where_all_samples_are_of_one_length(on_logits: ModuleType, model: Any) -> None:
    for lengths, same in (([(2, 4), (3, 4)], True), ([(2, 4), (3, 9)], False)):
        tokens = on_logits.texts(4, lengths).batch(eos=True)
        states = layer_states(model, tokens, 0).detach()
        one, other = (float(state_distance(states, CONTROL, tokens, kind)) for kind in ("tokens", "ou"))
        assert (one == pytest.approx(other, rel=1e-6)) is same


def test_the_direction_is_uniform_in_the_positive_orthant_and_of_length_one() -> None:
    unit = _direction(np.random.default_rng(1), 20_000)
    assert float(unit.norm()) == pytest.approx(1.0, rel=1e-5)
    scaled = unit / unit.max()
    assert float(unit.min()) >= 0
    assert [float(scaled.quantile(q)) for q in (0.25, 0.5, 0.75)] == pytest.approx([0.25, 0.5, 0.75], abs=0.02)
    assert torch.equal(unit, _direction(np.random.default_rng(1), 20_000))


def test_only_mlp_outputs_train_and_the_rest_wants_a_gradient_again(model: Any) -> None:
    names = mlp_outputs(model, range(1, 2))
    assert names == {"model.layers.1.mlp.down_proj.weight"}
    model.lm_head.weight.requires_grad_(False)
    wanted = {n for n, p in model.named_parameters() if p.requires_grad}
    with only_training(model, names):
        assert {n for n, p in model.named_parameters() if p.requires_grad} == names
    assert {n for n, p in model.named_parameters() if p.requires_grad} == wanted
    with only_training(model, None):
        assert {n for n, p in model.named_parameters() if p.requires_grad} == wanted


def test_attention_outputs_of_gpt2_are_no_mlp_outputs() -> None:
    sizes = {"vocab_size": 11, "n_positions": 8, "n_embd": 8, "n_layer": 3, "n_head": 2}
    model = GPT2LMHeadModel(GPT2Config(**sizes))
    assert mlp_outputs(model, [0, 2]) == {f"transformer.h.{i}.mlp.c_proj.weight" for i in (0, 2)}
    with pytest.raises(
        FairforgetError, match=r"no trainable MLP output matrix .* in blocks 7 to 7; set trainable: all"
    ):
        mlp_outputs(model, [7])


def test_the_block_is_at_the_depth_of_the_original() -> None:
    class Config:
        def __init__(self, blocks: int) -> None:
            self.num_hidden_layers = blocks

        def get_text_config(self) -> Any:
            return self

    class Model:
        def __init__(self, blocks: int) -> None:
            self.config = Config(blocks)

    assert [Rmu()._layer(Model(n)) for n in (1, 2, 12, 30, 32)] == [0, 0, 2, 6, 7]
    assert Rmu(layer=3)._layer(Model(4)) == 3
    with pytest.raises(FairforgetError, match="blocks 0 to 3, so layer cannot be 4"):
        Rmu(layer=4)._layer(Model(4))
