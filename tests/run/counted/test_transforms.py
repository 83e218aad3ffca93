"""What torch does to a pass (checkpoints, adapters, maps, compilers, shards) changes no count."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.func import functional_call, grad, vmap
from torch.utils.checkpoint import checkpoint

from fairforget.lm.lora import attach_adapter
from fairforget.run.counting.ledger import Ledger

from .passes import IDS, called, forward_called, inner_called, spent, tokens


@pytest.mark.parametrize("reentrant", [True, False])
@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad=True")
def test_what_checkpointing_runs_again_is_not_counted_again(model: Any, ledger: Ledger, reentrant: bool) -> None:
    enable = getattr(model, "activation_checkpointing_enable", model.gradient_checkpointing_enable)
    enable({"use_reentrant": reentrant})
    model.enable_input_require_grads()
    model.train()
    with ledger.watch(model):
        called(model).sum().backward()
        assert spent(ledger) == (3, 3)
        inner_called(model).sum().backward()
    assert model.model.layers[0].mlp.gate_proj.weight.grad is not None
    assert spent(ledger) == (6, 6)


@pytest.mark.parametrize("reentrant", [True, False])
def test_a_whole_pass_that_is_checkpointed_counts_once(model: Any, ledger: Ledger, reentrant: bool) -> None:
    weight = torch.ones((), requires_grad=True)

    def passed(weight: torch.Tensor) -> torch.Tensor:
        return weight * called(model)

    with ledger.watch(model):
        checkpoint(passed, weight, use_reentrant=reentrant).sum().backward()
    assert model.lm_head.weight.grad is not None
    assert (spent(ledger), tokens(ledger)) == ((3, 3), (7, 7))


def test_a_pass_inside_somebody_s_backward_hook_is_counted(model: Any, ledger: Ledger) -> None:
    def train(_: torch.Tensor) -> None:
        with torch.enable_grad():
            forward_called(model).sum().backward()

    weight = torch.ones((), requires_grad=True)
    weight.register_hook(train)
    with ledger.watch(model):
        (2 * weight).backward()
    assert spent(ledger) == (3, 3)


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_an_adapter_is_part_of_the_pass(model: Any, ledger: Ledger, when: str) -> None:
    early = attach_adapter(model, {"r": 2}, 0) if when == "before" else None
    with ledger.watch(early or model):
        adapted = early or attach_adapter(model, {"r": 2}, 0)
        called(adapted).sum().backward()
        assert spent(ledger) == (3, 3)
        called(adapted.base_model).sum().backward()
        called(adapted.base_model.model).sum().backward()
    assert spent(ledger) == (9, 9)


def test_a_cached_step_of_an_inner_model_is_no_further_sequence(model: Any, ledger: Ledger) -> None:
    with ledger.watch(model), torch.no_grad():
        first = model.model(input_ids=IDS, use_cache=True)
        model.model(input_ids=IDS[:, :1], past_key_values=first.past_key_values)
    assert (spent(ledger), tokens(ledger)) == ((3, 0), (15, 0))


def test_mapped_dimensions_are_sequences(model: Any, ledger: Ledger) -> None:
    """Gradients of 3 samples one by one, and a pass of 3 rows under 2 sets of weights."""
    weights = {name: p.detach() for name, p in model.named_parameters()}

    def loss(weights: Any, ids: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        inputs = {"input_ids": ids, "attention_mask": mask, "use_cache": False}
        return functional_call(model, weights, (), inputs).logits.sum()

    with ledger.watch(model):
        vmap(grad(loss), (None, 0))(weights, IDS[:, None])
        assert spent(ledger) == (3, 3)
        vmap(loss, (0, None))({name: torch.stack([w, w]) for name, w in weights.items()}, IDS)
    assert spent(ledger) == (9, 3)


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")  # torch's own rules use it
def test_forward_mode_gradients_are_passes(model: Any, ledger: Ledger) -> None:
    weights = {name: p.detach() for name, p in model.named_parameters()}
    with ledger.watch(model):
        torch.func.jvp(lambda w: functional_call(model, w, (IDS,), {"use_cache": False}).logits, (weights,), (weights,))
    assert spent(ledger) == (3, 0)


def test_a_compiled_model_is_counted(model: Any, ledger: Ledger) -> None:
    with ledger.watch(model):
        compiled = torch.compile(model, backend="eager")
        for rows in (3, 2, 3):
            compiled(input_ids=IDS[:rows], use_cache=False).logits.sum().backward()
    assert spent(ledger) == (8, 8)


def test_a_pass_that_ends_in_an_exception_was_made(model: Any, ledger: Ledger) -> None:
    def leave(*_: Any) -> None:
        raise StopIteration

    model.model.layers[1].register_forward_hook(leave)
    with ledger.watch(model):
        with pytest.raises(StopIteration):
            called(model)
        with pytest.raises(StopIteration):
            called(model)
    assert spent(ledger) == (6, 0)


@pytest.fixture
def mesh() -> Any:
    from torch import distributed as dist
    from torch.distributed.device_mesh import init_device_mesh

    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield init_device_mesh("cpu", (1,))
    dist.destroy_process_group()


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_a_sharded_model_is_counted_once(model: Any, ledger: Ledger, mesh: Any, when: str) -> None:
    from torch.distributed.fsdp import fully_shard

    def shard() -> None:
        for module in (*model.model.layers, model):
            fully_shard(module, mesh=mesh)

    if when == "before":
        shard()
    with ledger.watch(model):
        if when == "meanwhile":
            shard()
        called(model).sum().backward()
    assert (spent(ledger), tokens(ledger)) == ((3, 3), (7, 7))
