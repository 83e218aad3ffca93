"""A model whose weights are rounded to half precision for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from fairforget.errors import FairforgetError
from fairforget.lm.sharded import is_sharded
from fairforget.lm.weights import weights


@contextmanager
def rounded(model: Any, dtype: torch.dtype) -> Iterator[None]:
    """Let the floating-point weights of `model` be of `dtype` inside; afterwards they are the same tensors as before.

    Passes inside are computed in `dtype`, by the same modules with the same hooks. Tied weights stay tied. Buffers stay
    as they are: models keep the tables of their positions in float32 on purpose.

    Raises:
        FairforgetError: a weight is split over processes, or cannot be told from others, see
            `fairforget.lm.weights.weights`.
    """
    found = [parameter for weight in weights(model) for parameter in weight.parameters]
    if any(is_sharded(parameter) for parameter in found):
        raise FairforgetError(
            f"{type(model).__name__} is split over processes, where its weights cannot be rounded to "
            f"{str(dtype).removeprefix('torch.')} for a while; score it in one process"
        )
    originals = [(parameter, parameter.data) for parameter in found]
    try:
        for weight in weights(model):
            short = weight.parameters[0].data.to(dtype)
            for parameter in weight.parameters:
                parameter.data = short
        yield
    finally:
        for parameter, original in originals:
            parameter.data = original
