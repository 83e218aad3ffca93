"""What a study works on: the size of its target, and of the longest text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fairforget.api import Corpus, Pretrained, Scratch, TargetRecipe
from fairforget.lm.sources import in_cache_of_hub
from fairforget.run.memory.architectures import tensors_of_config
from fairforget.run.memory.model_size import ModelSize
from fairforget.run.memory.tensors import BYTES, Tensor, tensors_of_folder
from fairforget.run.targets.target_folder import TARGETS, read_meta

_LOOKED_AT: Final = 32
"""Texts, the longest in characters, that are encoded."""
_CHARACTERS: Final = 3
"""Of a token, where there is no tokenizer to ask: fewer than English has with any vocabulary of usual size."""
_MORE: Final = 32
"""Tokens that a template and an end of text may add."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The target of a study, made or not."""

    model: ModelSize
    tokens: int
    """Of the longest text, at most and about."""
    made: bool
    """Whether the target is in the cache."""


def subject_of(recipe: TargetRecipe, corpus: Corpus, target: Mapping[str, Any], cache: Path) -> Subject | None:
    """Return the target's size, or None where nothing that is here tells it.

    Args:
        recipe: of the target.
        corpus: what it knows.
        target: its identity.
        cache: root of the cache.
    """
    folder = cache / TARGETS / str(target["id"])
    meta = read_meta(folder)
    base = recipe.base
    places = [folder] if meta is not None and meta["weights"] == "here" else []
    if isinstance(base, Pretrained) and (lies := _lies(base, target)) is not None:
        places.append(lies)
    tensors = next((found for place in places if (found := tensors_of_folder(place)) is not None), None)
    if tensors is None:
        tensors = _from_config(base, places)
    if not tensors:
        return None
    element = BYTES[base.dtype] if isinstance(base, Pretrained) else BYTES["float32"]
    return Subject(ModelSize(tensors, element), _longest(recipe, corpus, places), meta is not None)


def _lies(base: Pretrained, target: Mapping[str, Any]) -> Path | None:
    """Return the folder of a base, or of the copy that the hub's cache has of it."""
    folder = Path(base.path).expanduser()
    if folder.is_dir():
        return folder
    commit = target.get("base", {}).get("pretrained", {}).get("commit")
    found = in_cache_of_hub(base.path, "config.json", commit or base.revision)
    return None if found is None else found.parent


def _from_config(base: Pretrained | Scratch, places: list[Path]) -> tuple[Tensor, ...] | None:
    if isinstance(base, Scratch):
        return tensors_of_config({"tie_word_embeddings": False, **base.config, "vocab_size": base.vocabulary})
    for place in places:
        if not (place / "config.json").is_file():
            continue
        try:
            found = json.loads((place / "config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            return tensors_of_config(found)
    return None


def _longest(recipe: TargetRecipe, corpus: Corpus, places: list[Path]) -> int:
    texts = [f"{s.prompt}{s.completion}" for group in (corpus.pool, corpus.retain) for s in group]
    texts = sorted(texts, key=len, reverse=True)[:_LOOKED_AT]
    found = _encoded(texts, places)
    if found is None:
        found = max((len(text.encode()) for text in texts), default=0) // _CHARACTERS
    return min(recipe.max_length, found + _MORE)


def _encoded(texts: list[str], places: list[Path]) -> int | None:
    """Return the tokens of the longest text, or None where no tokenizer is here."""
    file = next((place / "tokenizer.json" for place in places if (place / "tokenizer.json").is_file()), None)
    if file is None:
        return None
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception:  # noqa: BLE001 - the library raises nothing more exact; loading the model says what is wrong
        return None
    return max((len(one.ids) for one in tokenizer.encode_batch(texts)), default=0)
