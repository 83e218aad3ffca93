"""What is kept about the pool of a target, by name; importing this imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def pool_identity(target: Mapping[str, Any], data: str) -> dict[str, Any]:
    """Return what the facts about a pool depend on."""
    return {"kind": "pool", "version": 1, "target": target["id"], "data": data}


def score_identity(target: Mapping[str, Any], data: str, difficulty: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the scores of a pool depend on; `difficulty` is the JSON of the built plugin."""
    return {"kind": "scores", "version": 1, "target": target["id"], "data": data, "difficulty": dict(difficulty)}
