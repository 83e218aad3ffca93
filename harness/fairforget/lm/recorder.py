"""Hooks that turn one batched backward pass into squared gradient norms, sample by sample."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from fairforget.lm.contribution import Contribution, Direct, Outer, squared_norm


class UnsupportedLayer(Exception):
    """A layer mixes the samples of a batch, or hands over something that has no batch."""


class Recorder:
    """Follows every use of every weight through a batched pass.

    Linear layers and embeddings contribute outer products, whose norms need no gradient; any other layer with weights
    of its own is differentiated alone, sample by sample in one vectorised call. The weights are frozen meanwhile, so
    that the backward pass computes only what the hooks look at.
    """

    def __init__(self, model: torch.nn.Module, groups: Iterable[list[torch.nn.Parameter]], batch: int) -> None:
        """Hook the layers of `model`; `groups` as from `fairforget.lm.perturb.weight_groups`."""
        self._group = {id(p): number for number, group in enumerate(groups) for p in group}
        self._pending: dict[int, int] = {}
        self._found: dict[int, list[Contribution]] = {}
        self._batch = batch
        self._handles: list[Any] = []
        self._paused = False
        self.squared_norms = torch.zeros(batch, dtype=torch.float64, device=next(model.parameters()).device)
        """(batch,) what the backward pass has found so far."""
        for module in model.modules():
            if any(id(p) in self._group for p in module.parameters(recurse=False)):
                if type(module) is torch.nn.Embedding:
                    self._handles.append(module.register_forward_pre_hook(self._widen))
                self._handles.append(module.register_forward_hook(self._record, with_kwargs=True))

    def close(self) -> None:
        """Take the hooks away."""
        for handle in self._handles:
            handle.remove()

    def _widen(self, _: torch.nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """Give every sample its own row of ids where one row serves all, as position embeddings do."""
        if args and isinstance(args[0], torch.Tensor) and args[0].dim() == 2 and args[0].shape[0] == 1 < self._batch:
            return (args[0].expand(self._batch, -1), *args[1:])
        return None

    def _record(self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        if self._paused:
            return
        tensors = [t for t in (*args, *kwargs.values(), output) if isinstance(t, torch.Tensor)]
        if not isinstance(output, torch.Tensor) or any(t.dim() < 2 or t.shape[0] != self._batch for t in tensors):
            raise UnsupportedLayer(f"{type(module).__name__} is not called with one row a sample")
        if not output.requires_grad:
            output.requires_grad_()  # the first layers: nothing below them wants a gradient
        numbers = [self._group[id(p)] for p in module.parameters(recurse=False) if id(p) in self._group]
        for number in numbers:
            self._pending[number] = self._pending.get(number, 0) + 1
        inputs = tuple(a.detach() if isinstance(a, torch.Tensor) else a for a in args)
        named = {k: v.detach() if isinstance(v, torch.Tensor) else v for k, v in kwargs.items()}

        def arrived(gradient: torch.Tensor) -> None:
            with torch.no_grad():
                for name, contribution in self._contributions(module, inputs, named, gradient):
                    self._add(self._group[id(getattr(module, name))], contribution)

        output.register_hook(arrived)

    def _add(self, number: int, contribution: Contribution) -> None:
        """Keep a contribution until every use of its weight is known, then only the norm."""
        uses = self._found.setdefault(number, [])
        uses.append(contribution)
        if len(uses) == self._pending[number]:
            self.squared_norms += squared_norm(self._found.pop(number))

    def _contributions(
        self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], gradient: torch.Tensor
    ) -> Iterable[tuple[str, Contribution]]:
        flat = gradient.reshape(self._batch, -1, gradient.shape[-1])
        if type(module) is torch.nn.Embedding and not module.scale_grad_by_freq:
            ids = args[0].reshape(self._batch, -1)
            if module.padding_idx is not None:  # autograd gives the padding row no gradient
                flat = flat.masked_fill((ids == module.padding_idx).unsqueeze(-1), 0.0)
            yield "weight", Outer(ids, flat, module.num_embeddings)
        elif type(module) is torch.nn.Linear or _is_conv1d(module):
            inputs = args[0].reshape(self._batch, -1, args[0].shape[-1])
            # GPT-2's layer keeps its weight transposed.
            rows, columns = (flat, inputs) if type(module) is torch.nn.Linear else (inputs, flat)
            yield "weight", Outer(rows, columns, rows.shape[-1])
            if module.bias is not None:
                yield "bias", Direct(flat.sum(1))
        else:
            for name, value in self._alone(module, args, kwargs, gradient).items():
                yield name, Direct(value)

    def _alone(
        self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], gradient: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """Return the per-sample gradients of a layer's own weights, (batch, *shape), by running the layer again."""
        own = {name: p.detach() for name, p in module.named_parameters(recurse=False) if id(p) in self._group}
        places = [i for i, a in enumerate(args) if isinstance(a, torch.Tensor)]
        names = [k for k, v in kwargs.items() if isinstance(v, torch.Tensor)]

        def one(inputs: list[torch.Tensor], out: torch.Tensor) -> Any:
            rows = iter(t.unsqueeze(0) for t in inputs)
            filled = [next(rows) if i in places else a for i, a in enumerate(args)]
            named = {k: next(rows) if k in names else v for k, v in kwargs.items()}
            pull = torch.func.vjp(lambda own: torch.func.functional_call(module, own, tuple(filled), named), own)[1]
            return pull(out.unsqueeze(0))[0]

        self._paused = True
        try:
            tensors = [*(args[i] for i in places), *(kwargs[k] for k in names)]
            found: dict[str, torch.Tensor] = torch.vmap(one)(tensors, gradient)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            raise UnsupportedLayer(f"{type(module).__name__} cannot be run sample by sample: {error}") from error
        finally:
            self._paused = False
        return found


def _is_conv1d(module: torch.nn.Module) -> bool:
    from transformers.pytorch_utils import Conv1D

    return type(module) is Conv1D
