"""Sentence embeddings by a transformers encoder."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from fairforget.errors import FairforgetError
from fairforget.lm.references import reference
from fairforget.lm.sources import FileStamp, tree_stamp

BATCH: Final = 64
MEAN: Final = "pooling_mode_mean_tokens"


def load_encoder(path: str) -> Callable[[Sequence[str]], np.ndarray]:
    """Return a function from texts to unit vectors, (n, width) float64: the mean of the last hidden states.

    Texts are cut where sentence-transformers would cut them, at ``max_seq_length`` of ``sentence_bert_config.json``
    where the encoder has one. The encoder stays in memory, for every cell of a study asks for the same one, until its
    files change.

    Args:
        path: folder, or hub id with or without ``@revision``; weights as safetensors only.

    Raises:
        FairforgetError: it cannot be loaded, or was not trained for the mean (``1_Pooling/config.json``).
    """
    return _loaded(path, tree_stamp(Path(path).expanduser()))


@lru_cache(maxsize=1)
def _loaded(path: str, stamp: tuple[FileStamp, ...]) -> Callable[[Sequence[str]], np.ndarray]:
    from transformers import AutoModel, AutoTokenizer

    base = reference(path)
    where = str(Path(base.path).expanduser()) if stamp else base.path
    try:
        plain = {"revision": base.revision or "main", "trust_remote_code": False}
        tokenizer = AutoTokenizer.from_pretrained(where, **plain)
        model = AutoModel.from_pretrained(where, **plain, use_safetensors=True, dtype=torch.float32).eval()
    except Exception as error:  # whatever is in the files of a stranger, and every parser has an error of its own
        reason = str(error).partition("\n")[0]
        raise FairforgetError(
            f"the encoder {path!r} cannot be loaded ({reason}); give the hub id or the folder of a transformers "
            "encoder with its tokenizer and weights as safetensors"
        ) from error
    pooling = _config(where, base.revision, "1_Pooling/config.json")
    other = [key for key, on in pooling.items() if key.startswith("pooling_mode_") and on is True and key != MEAN]
    if other or pooling.get(MEAN) is False:
        raise FairforgetError(
            f"the encoder {path!r} was trained for another embedding than the mean over tokens "
            f"({', '.join(other) or MEAN + ' is false'} in 1_Pooling/config.json); give an encoder that takes the mean"
        )
    limits = (
        tokenizer.model_max_length,
        getattr(model.config, "max_position_embeddings", None),
        _config(where, base.revision, "sentence_bert_config.json").get("max_seq_length"),
    )
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


def _config(path: str, revision: str | None, name: str) -> dict[str, Any]:
    """Return a file that sentence-transformers keeps beside the model; empty where there is none."""
    from transformers.utils.hub import cached_file

    file = cached_file(
        path,
        name,
        revision=revision,
        _raise_exceptions_for_missing_entries=False,
        _raise_exceptions_for_connection_errors=False,
    )
    if file is None:
        return {}
    try:
        found = json.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FairforgetError(f"{file}: cannot be read as JSON ({error})") from error
    return found if isinstance(found, dict) else {}
