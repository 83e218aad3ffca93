"""Sentence embeddings by a transformers encoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
import torch

from fairforget.errors import FairforgetError

BATCH = 64


@lru_cache(maxsize=1)
def load_encoder(path: str) -> Callable[[Sequence[str]], np.ndarray]:
    """Return a function from texts to unit vectors, (n, width) float64: the mean of the last hidden states.

    The encoder stays in memory, for every cell of a study asks for the same one.

    Args:
        path: hub id or folder; weights as safetensors only.

    Raises:
        FairforgetError: it cannot be loaded.
    """
    from transformers import AutoModel, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(path)
        model = AutoModel.from_pretrained(path, use_safetensors=True, dtype=torch.float32).eval()
    except (OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise FairforgetError(
            f"the encoder {path!r} cannot be loaded ({reason}); give the hub id or the folder of a transformers "
            "encoder with its tokenizer and weights as safetensors"
        ) from error
    limits = (tokenizer.model_max_length, getattr(model.config, "max_position_embeddings", None))
    settings = {"padding": True, "truncation": True, "max_length": min(filter(None, limits)), "return_tensors": "pt"}

    @torch.no_grad()
    def embed(texts: Sequence[str]) -> np.ndarray:
        found = []
        for start in range(0, len(texts), BATCH):
            tokens = tokenizer(list(texts[start : start + BATCH]), **settings)
            states = model(**tokens).last_hidden_state.double()
            weights = tokens["attention_mask"].unsqueeze(-1).double()
            mean = (states * weights).sum(1) / weights.sum(1).clamp_min(1)
            found.append(torch.nn.functional.normalize(mean, dim=-1).numpy())
        return np.concatenate(found)

    return embed
