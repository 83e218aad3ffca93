"""What a target is, before it is made; importing this imports no torch."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any, Final

from fairforget.api.sample import Corpus, digest_of
from fairforget.api.task import Pretrained, Scratch, TargetRecipe, Training
from fairforget.lm.sources import content

TRAINING_VERSION: Final = 1
"""Raised by hand whenever the code here or in the training loop makes other weights from the same recipe."""


def target_identity(recipe: TargetRecipe, corpus: Corpus, seed: int) -> dict[str, Any]:
    """Return what the target is, JSON-able, with a key ``id`` of 24 hex digits over all that changes its weights.

    Raises:
        FairforgetError: the base model cannot be found.
    """
    base: dict[str, Any]
    data: str | None = None
    if isinstance(recipe.base, Scratch):
        # The tokenizer learns from every text, trained on or not.
        base, data = {"scratch": asdict(recipe.base)}, corpus.digest()
    else:
        base = {"pretrained": content(recipe.base)}
        if recipe.training is not None:
            data = _data(recipe.training, corpus)
    identity = {
        "base": base,
        "training": None if recipe.training is None else _described(recipe.training),
        "template": asdict(recipe.template),
        "data": data,
        "training_version": TRAINING_VERSION,
        "seed": seed,
    }
    found = {"id": digest_of(identity)[:24], **identity, "max_length": recipe.max_length}
    if isinstance(recipe.base, Pretrained):
        # Where it lies is worth knowing and changes nothing.
        found["base"] = {"path": recipe.base.path, **base}
    return found


def oracle_id(identity: Mapping[str, Any], corpus: Corpus, without: Collection[str], epochs: int | None = None) -> str:
    """Return the id of the oracle that never saw the samples `without`; the target's own where it saw none of them.

    Args:
        identity: of the target.
        corpus: what the target learns.
        without: ids of samples.
        epochs: after which the target stopped, where its recipe stops at a recall: two machines need not agree on it.
    """
    left_out = left_out_of(corpus, without)
    if not left_out:
        return str(identity["id"])
    stopped = {} if epochs is None else {"epochs": epochs}
    return digest_of({"target": identity["id"], "without": left_out, **stopped})[:24]


def left_out_of(corpus: Corpus, without: Collection[str]) -> list[str]:
    """Return the samples among `without` that have a training text, sorted."""
    wanted = set(without)
    return sorted({text.sample for text in corpus.training_texts() if text.sample in wanted})


def _described(training: Training) -> dict[str, Any]:
    """Return a training as data, without the options that came later where they are not used."""
    found = asdict(training)
    if training.stop_at_recall is None:
        del found["stop_at_recall"]
    return found


def _data(training: Training, corpus: Corpus) -> str:
    """Return the digest of what a training reads: its texts, and what it asks where it stops at a recall."""
    texts = [asdict(text) for text in corpus.training_texts()]
    if training.stop_at_recall is None:
        return digest_of(texts)
    return digest_of([texts, [[sample.id, sample.prompt, sample.completion] for sample in corpus.pool]])
