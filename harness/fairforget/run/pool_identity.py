"""What is kept about the pool of a target, by name; importing this imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fairforget.api import Difficulty
from fairforget.run.seeds import stream
from fairforget.store.jsonable import jsonable
from fairforget.study.cell import canonical_json
from fairforget.study.options import Built

APART: Final = ("weights", "form")
"""What no draw depends on: the weights, and ``form``, which counts what changed in kept scores but not in the draws."""


def pool_identity(target: Mapping[str, Any], weights: str, data: str) -> dict[str, Any]:
    """Return what the facts about a pool depend on; `target` and `weights` as for `score_identity`."""
    return {"kind": "pool", "version": 2, "target": target["id"], "weights": weights, "data": data}


def known_identity(target: Mapping[str, Any], weights: str, data: str) -> dict[str, Any]:
    """Return what it depends on which samples of a corpus are known; arguments as of `pool_identity`."""
    return {**pool_identity(target, weights, data), "kind": "known"}


def score_identity(
    target: Mapping[str, Any], weights: str, data: str, difficulty: Built, seed: int = 0
) -> dict[str, Any]:
    """Return what the scores of a pool depend on.

    Args:
        target: identity of the target, which is its recipe: base, training, template, seed.
        weights: digest of the weights that the recipe made here. Two machines, or two versions of torch, may make
            others from one recipe.
        data: digest of the corpus.
        difficulty: with every option; its name and the version of its distribution are part of it.
        seed: of the draws.

    Raises:
        FairforgetError: what the difficulty depends on is not there.
    """
    return {
        "form": 2,
        "kind": "scores",
        "version": 3,
        "target": target["id"],
        "weights": weights,
        "data": data,
        "difficulty": difficulty.to_json(),
        "depends_on": jsonable(difficulty.of(Difficulty).depends_on())[0],  # type: ignore[type-abstract]
        "seed": seed,
    }


def score_stream(identity: Mapping[str, Any]) -> Any:
    """Return the generator for scores: the same draws on every machine, also where the last bits of weights differ."""
    return stream(canonical_json({key: value for key, value in identity.items() if key not in APART}))
