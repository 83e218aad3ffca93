"""The base of a target: one that has to be converted is converted once, and kept in the cache."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from fairforget.api.sample import digest_of
from fairforget.api.task import Pretrained
from fairforget.lm.models import load_pretrained, save_model
from fairforget.lm.stored import stored_otherwise
from fairforget.run.targets.target_folder import intact, made_once, versions, weights_digest

BASES: Final = "bases"
"""The folder of converted bases in the cache."""
CONVERSION_VERSION: Final = 1
"""Raised by hand whenever the same files are converted into other weights."""


def load_base(base: Pretrained, content: Mapping[str, Any], cache: Path) -> tuple[Any, Any]:
    """Load a base in the dtype wanted; see `fairforget.lm.models.load_pretrained`.

    GGUF weights, and safetensors of another float type, are converted into safetensors of the dtype wanted, which are
    kept in the cache: the target, its oracles and every study with this base read the same copy. It takes as much disk
    as the model in that dtype, and can be deleted at any time. What it is follows from the base's own files, and so
    does the identity of a target: neither changes with where, or whether, there is a copy. An adapter is no part of it.

    Args:
        base: what to load.
        content: what `fairforget.lm.sources.content` says of it.
        cache: root of the cache.

    Returns:
        The model in eval mode and its tokenizer; an adapter that exists is merged.

    Raises:
        FairforgetError: as `load_pretrained`, or the cache cannot be written.
    """
    if "commit" in content:
        base = replace(base, revision=content["commit"])  # the branch may have moved since it was looked up
    described = {key: value for key, value in content.items() if key != "adapter"}
    folder = cache / BASES / digest_of({"base": described, "conversion_version": CONVERSION_VERSION})[:24]
    if not intact(folder):
        if not stored_otherwise(base):
            return load_pretrained(base)
        made_once(folder, lambda part: _convert(part, base, described))
    return load_pretrained(replace(base, path=str(folder), revision=None, gguf_file=None))


def _convert(part: Path, base: Pretrained, described: Mapping[str, Any]) -> dict[str, Any]:
    model, tokenizer = load_pretrained(replace(base, adapter=None))
    save_model(model, tokenizer, part)
    return {"identity": dict(described), "weights": "here", "digest": weights_digest(model), "versions": versions()}
