"""How large a model is, and what passes through it keep."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fairforget.run.memory.tensors import Tensor

_EMBEDDINGS: Final = re.compile(
    r"(^|\.)(embed_tokens|embed_in|word_embeddings|wte|wpe|embed_positions|tok_embeddings)\."
)
_TOKENS: Final = re.compile(r"(^|\.)(embed_tokens|embed_in|word_embeddings|wte|tok_embeddings)\.")
_BLOCK: Final = re.compile(r"\.(\d+)\.")
_USUAL_LORA: Final = frozenset({"q_proj", "v_proj", "query_key_value", "c_attn", "qkv_proj", "q_lin", "v_lin", "Wqkv"})
"""What peft adapts where nobody says what, for most architectures."""
_KEPT: Final = 1.1
"""Activations that a backward pass needs, in the sum of what goes into the matrices and what comes out of them.

Several matrices share what goes in, and attention and activation functions keep something of their own; measured by
`benchmarks/memory`."""


@dataclass(frozen=True, slots=True)
class ModelSize:
    """A model's weights as it is loaded."""

    tensors: tuple[Tensor, ...]
    element: int
    """Bytes."""

    @property
    def parameters(self) -> int:
        """Number of weights; tied ones count once."""
        return sum(tensor.elements for tensor in self.tensors)

    @property
    def certain(self) -> int:
        """Number of weights that are held and trained whatever passes through."""
        return sum(tensor.elements for tensor in self.tensors if tensor.certain)

    @property
    def weights(self) -> int:
        """Bytes of all weights."""
        return self.parameters * self.element

    @property
    def vocabulary(self) -> int:
        """Entries of the vocabulary, as the embedding has them."""
        found = next((t for t in self.tensors if _TOKENS.search(t.name)), None)
        return found.shape[0] if found is not None else max((t.shape[0] for t in self.tensors if t.shape), default=0)

    @property
    def width(self) -> int:
        """Width of the hidden states."""
        found = next((t for t in self.tensors if _TOKENS.search(t.name)), None)
        return found.shape[-1] if found is not None else 0

    @property
    def blocks(self) -> int:
        """Number of the blocks that stand one behind the other; at least 1."""
        return len({match[1] for t in self.tensors if (match := _BLOCK.search(t.name))}) or 1

    def kept(self, *, checkpointing: bool) -> float:
        """Return the bytes of activations that a backward pass needs for each padded token, without logits.

        Args:
            checkpointing: keep the inputs of blocks, and the inside of one block at a time with its gradients.
        """
        widths = float(sum(self._passed(t) for t in self.tensors)) * _KEPT * self.element
        return widths if not checkpointing else 2 * widths / self.blocks + self.blocks * self.width * self.element

    def logits(self) -> float:
        """Return the bytes of the logits of one scored token and what a loss makes of them, three times as many."""
        return float(self.vocabulary * (self.element + 2 * 4))

    def adapted(self, adapter: Mapping[str, Any]) -> tuple[int, int]:
        """Return the elements of the weights that a LoRA adapter is for, and those of the adapter.

        Args:
            adapter: ``r`` and ``target_modules`` as a study has them.
        """
        matrices = [t for t in self.tensors if len(t.shape) == 2 and _chosen(adapter.get("target_modules"))(t)]
        rank = int(adapter["r"])
        return sum(t.elements for t in matrices), sum(rank * sum(t.shape) for t in matrices)

    def _passed(self, tensor: Tensor) -> int:
        if len(tensor.shape) < 2 or _EMBEDDINGS.search(tensor.name):
            return tensor.shape[-1] if tensor.shape else 1
        # Of a layer with several matrices in one tensor, as experts have, every one counts once.
        return 0 if self.vocabulary in tensor.shape else sum(tensor.shape[-2:])


def _chosen(modules: str | Sequence[str] | None) -> Callable[[Tensor], bool]:
    """Return whether a matrix is one of the modules that a study names; see ``optimizer.adapter.target_modules``."""

    def chosen(tensor: Tensor) -> bool:
        module = tensor.name.removesuffix(".weight")
        if _EMBEDDINGS.search(tensor.name) or module.endswith(("lm_head", "embed_out")):
            return False
        if modules == "all-linear":
            return True
        if isinstance(modules, str):
            try:
                return re.fullmatch(modules, module) is not None
            except re.error:
                return False
        names = _USUAL_LORA if modules is None else frozenset(modules)
        return any(module == name or module.endswith(f".{name}") for name in names)

    return chosen
