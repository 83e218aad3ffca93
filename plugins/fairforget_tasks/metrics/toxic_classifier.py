"""Detoxify classifiers, by name, from a checkpoint, or from a folder with safetensors."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import torch

from fairforget.errors import FairforgetError, did_you_mean
from fairforget.lm.quiet import quiet
from fairforget.lm.references import reference
from fairforget.lm.sources import FileStamp, tree_stamp, unreachable
from fairforget.lm.strangers import nobody_asked
from fairforget.run.targets.target_folder import weights_digest
from fairforget_tasks.metrics.toxic_checkpoint import REFUSED, checked, from_folder, read

BATCH: Final = 32


@dataclass(frozen=True, eq=False)
class Classifier:
    """A model of the class ``detoxify.Detoxify``."""

    detoxify: Any
    weights: str
    """SHA-256 (hex) of its weights: a name or a path does not say what lies there."""

    def scores(self, texts: Sequence[str]) -> dict[str, list[float]]:
        """Return the score of every label, in the order of the texts."""
        # Like lengths together: a batch costs what its longest text costs.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        found: dict[str, list[float]] = {label: [0.0] * len(texts) for label in self.detoxify.class_names}
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            for label, values in self.detoxify.predict([texts[i] for i in batch]).items():
                # One text alone comes back without its list.
                for i, value in zip(batch, values if isinstance(values, list) else [values], strict=True):
                    found[label][i] = value
        return found


def load_classifier(model: str, base: str | None = None) -> Classifier:
    """Return the classifier.

    Detoxify unpickles a checkpoint without restriction. So it never gets to see the file itself: the file is read with
    torch's ``weights_only``, which runs nothing, and Detoxify gets a fresh copy of what was found. The classifier stays
    in memory, for every cell of a study asks for the same one, until its files change.

    Args:
        model: one of Detoxify's names (downloaded by torch.hub at the first use), a checkpoint in Detoxify's form, a
            folder, or a hub id (with or without ``@revision``), with a classifier as transformers saves it.
        base: folder or hub id (with or without ``@revision``) of the configuration and the tokenizer, instead of those
            the checkpoint names.

    Raises:
        FairforgetError: it cannot be had, needs more than tensors and plain values to be read, or lacks weights.
    """
    stamps = (() if place is None else tree_stamp(Path(place).expanduser()) for place in (model, base))
    return _loaded(model, base, tuple(stamps))


@lru_cache(maxsize=1)
def _loaded(model: str, base: str | None, _stamps: tuple[tuple[FileStamp, ...], ...]) -> Classifier:
    from detoxify import Detoxify

    content = checked(_content(model), model, None if base is None else _base(base))
    copy = io.BytesIO()
    torch.save(content, copy)
    copy.seek(0)
    try:
        with quiet(), nobody_asked():
            found = Detoxify(checkpoint=copy)
    except (OSError, RuntimeError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise FairforgetError(
            f"the toxicity classifier {model!r} cannot be loaded ({reason}); its configuration and tokenizer come from "
            f"{content['config']['arch']['args']['model_type']!r}: without a network give their folder as base"
        ) from error
    _whole(found.model, content["state_dict"], model)
    _bounded(found.tokenizer, found.model.config)
    return Classifier(found, weights_digest(found.model))


def _content(model: str) -> Any:
    """Return the checkpoint as it is written, read without running anything."""
    from detoxify.detoxify import MODEL_URLS

    place = Path(model).expanduser()
    try:
        if model in MODEL_URLS:
            url = MODEL_URLS[model]
            return torch.hub.load_state_dict_from_url(url, map_location="cpu", progress=False, weights_only=True)
        if place.is_file():
            return read(place)
        if place.is_dir():
            return from_folder(place)
        if "/" in model and not place.is_absolute():
            return from_folder(_from_hub(model))
    except pickle.UnpicklingError as error:
        raise FairforgetError(REFUSED.format(model)) from error
    except (OSError, RuntimeError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise FairforgetError(
            f"the toxicity classifier {model!r} cannot be had ({type(error).__name__}: {reason}); give a local "
            "checkpoint of Detoxify, or a folder with config.json, a tokenizer and model.safetensors"
        ) from error
    raise FairforgetError(
        f"there is no toxicity classifier {model!r}: no file or folder, and no name of Detoxify. "
        f"{did_you_mean(model, MODEL_URLS)}"
    )


def _from_hub(model: str) -> Path:
    from huggingface_hub import snapshot_download

    found = reference(model)
    patterns = ["*.json", "*.txt", "*.model", "*.safetensors"]
    return Path(snapshot_download(found.path, revision=found.revision, allow_patterns=patterns))


def _base(base: str) -> str:
    """Return the folder of a base, or the hub id where no revision is asked for."""
    from huggingface_hub import snapshot_download

    found = reference(base)
    if found.revision is None:
        return str(Path(base).expanduser())
    try:
        return snapshot_download(found.path, revision=found.revision, allow_patterns=["*.json", "*.txt", "*.model"])
    except (OSError, ValueError) as error:
        raise FairforgetError(f"toxicity, option base: {unreachable(found.path, found.revision, error)}") from error


def _whole(model: torch.nn.Module, given: Mapping[str, torch.Tensor], name: str) -> None:
    """Refuse a classifier with weights that transformers made up because the checkpoint lacks them."""
    made_up = sorted(key for key, _ in model.named_parameters() if key not in given)
    if made_up:
        msg = f"the toxicity classifier {name!r} lacks the weights {', '.join(made_up[:3])} ({len(made_up)} in all)"
        raise FairforgetError(msg)


def _bounded(tokenizer: Any, config: Any) -> None:
    """Let the tokenizer cut what the model has no positions for, where it does not know the limit itself."""
    positions = getattr(config, "max_position_embeddings", None)
    if positions is not None:
        # RoBERTa counts positions from its padding token on.
        first = config.pad_token_id + 1 if "roberta" in config.model_type else 0
        tokenizer.model_max_length = min(tokenizer.model_max_length, positions - first)
