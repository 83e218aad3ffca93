"""Floating-point operations of passes through a transformer.

A multiplication with its addition counts as 2. Counted are the products of matrices; norms, softmax, rotations,
activations, the embedding's look-up and the optimizer's arithmetic are left out, as Kaplan et al. 2020 (2001.08361,
Table 1) leave out what is not proportional to a matrix. Attention is counted whole: what is masked is computed too by
most kernels, and by all that `torch.utils.flop_counter` counts.

Sources: a forward pass takes 2 FLOPs a weight and token and a backward pass twice that (Kaplan et al. 2020, section
2.1); queries times keys and attention times values (Hoffmann et al. 2022, 2203.15556, appendix F) come on top and give
the 12·L·H·Q·T a token that training takes beside 6·N (Chowdhery et al. 2022, PaLM, 2204.02311, appendix B).
"""

from __future__ import annotations

from typing import Final

from fairforget.scale.shapes import Shape

BACKWARD: Final = 2
"""A backward pass over a forward one: gradients by inputs and by weights, a product each (Hoffmann et al. 2022,
appendix F)."""
ADAMW: Final = 15
"""FLOPs of one AdamW step a weight, about: moments, bias corrections, decay. For orders of magnitude only."""


def forward(shape: Shape, rows: int, width: int, columns: int | None = None) -> int:
    """Return the FLOPs of one forward pass.

    Args:
        shape: of the model.
        rows: texts of the batch.
        width: tokens of each, padding included.
        columns: positions whose logits are computed, of each text; None = all.
    """
    matrices = 2 * rows * width * shape.layers * shape.block
    attention = 4 * rows * width * width * shape.layers * shape.attended
    logits = 2 * rows * (width if columns is None else columns) * shape.embedding
    return matrices + attention + logits


def training(shape: Shape, rows: int, width: int, columns: int | None = None, *, checkpointed: bool = False) -> int:
    """Return the FLOPs of a forward and a backward pass in which every weight gets a gradient.

    Args:
        shape: of the model.
        rows: texts of the batch.
        width: tokens of each.
        columns: as for `forward`.
        checkpointed: activations of the layers are computed again in the backward pass instead of kept.
    """
    once = forward(shape, rows, width, columns)
    again = forward(shape, rows, width, 0) if checkpointed else 0
    return (1 + BACKWARD) * once + again


def generation(shape: Shape, rows: int, prompt: int, new: int) -> int:
    """Return the FLOPs of decoding greedily with a key-value cache.

    The prompt is one pass, and gives the first token; each further token is a pass of one token, which attends to all
    before it. Logits are computed for the last token of a pass.

    Args:
        shape: of the model.
        rows: prompts.
        prompt: tokens of each.
        new: tokens that each is continued by.
    """
    if new < 1:
        return 0
    each = 2 * shape.layers * shape.block + 2 * shape.embedding
    # Σ (prompt + s) over s = 1 … new − 1
    seen = (new - 1) * prompt + (new - 1) * new // 2
    attention = 4 * shape.layers * shape.attended * seen
    return forward(shape, rows, prompt, 1) + rows * ((new - 1) * each + attention)
