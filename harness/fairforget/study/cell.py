"""The identity of a cell: what it computes, as data, and a key that stands for it.

The key of a cell is a hash over everything that changes a score and nothing that does not.

In it:
    task (name, version of its distribution, version, options, digest of its data), target (everything but where its
    base lies: the identity of the target is made from the content), draw (sampler with its options, stratum, index,
    unit, size, the ids that are forgotten, and a digest over them and their texts), method and curriculum (name,
    version of the distribution, every option, the difficulty a curriculum asks for), seed, budget with the stop rule,
    optimizer, and of the evaluation the metrics with their options and what they depend on, the number of items and
    new tokens, and the trajectory: it changes no score, but a record without one does not stand for a record with it.

Not in it:
    the engine and its workers, because results do not depend on where they are made; options that say where something
    lies whose content is in the key. These are, of a task, its paths and its `fairforget.api.Task.places`, for which
    the digest of the data or a metric stands; of a metric, and of the difficulty of a curriculum, the options that its
    ``depends_on`` says the content of; and the path of a local checkpoint, for which the identity of the target
    stands. Also ``evaluation.batch_tokens``, which trades memory for speed; labels, which are words on boards, and
    what kind of reference a method is, which follows from the method; the version of a sampler's distribution, because
    the forgotten ids themselves are in the key.

A path among the options of a sampler or a method stays in the key as it is written: nothing else says what lies there.
Of a method whose models were made elsewhere (`fairforget.api.MadeElsewhere`) something does: ``brought`` has the
digests of the cell's model, which are in the key, and the path is not.
A default that is written out and one that is left out give the same key, because a cell holds every option (see
`fairforget.study.options.Built.to_json`). The key is the same before a run and computed from its record, and 1 and 1.0
are one number. What the harness itself does with a cell is not visible in it: `KEY_VERSION` is raised by hand whenever
the same cell would get other scores.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fairforget.errors import FairforgetError

KEY_VERSION: Final = 2
SCHEMA: Final = 1

_PARTS: Final = ("task", "target", "draw", "method", "curriculum", "seed", "budget", "optimizer", "evaluation")

_OUT: Final = (
    ("schema",),
    ("target", "base", "path"),
    ("draw", "sampler", "dist_version"),
    ("method", "label"),
    ("method", "reference"),
    ("curriculum", "label"),
    ("evaluation", "batch_tokens"),
)
"""What changes no score."""

_EACH: Final = "*"
_PLACED: Final = (("task",), ("method",), ("curriculum", "difficulty"), ("evaluation", "metrics", _EACH, "metric"))
"""Plugins whose ``paths`` names options that are left out, and is left out itself."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One unit of work: task × target × draw × method × curriculum × seed, as plain data."""

    task: Mapping[str, Any]
    """``name``, ``dist_version``, ``version``, ``options``, ``data`` (digest of the corpus), ``paths`` (options that
    say where data lie)."""
    target: Mapping[str, Any]
    """What `fairforget.run.targets.target.target_identity` says."""
    draw: Mapping[str, Any]
    """What `fairforget.study.draws.Draw.to_json` says."""
    method: Mapping[str, Any]
    """``name``, ``dist_version``, ``options``, ``label``, ``reference`` (``untouched``, ``oracle`` or null);
    ``brought`` and ``paths`` where the model was made elsewhere."""
    curriculum: Mapping[str, Any] | None
    """As a method, with the ``difficulty`` it asks for, or null; null for a reference row."""
    seed: int
    budget: Mapping[str, Any]
    """``kind``, ``amount``, ``stop``; ``completeness`` and ``every`` where a completeness is to be matched."""
    optimizer: Mapping[str, Any]
    evaluation: Mapping[str, Any]
    """``metrics``, ``retain``, ``holdout``, ``max_new_tokens``, ``batch_tokens``; ``trajectory`` where there is one.

    Each metric has ``depends_on``, and ``paths`` (options whose content that says), where it depends on anything.
    """

    def to_json(self) -> dict[str, Any]:
        """Return the form that records, engines and hooks get."""
        return {"schema": SCHEMA, **{name: _thawed(getattr(self, name)) for name in _PARTS}}

    @classmethod
    def from_json(cls, found: object) -> Cell:
        """Read what `to_json` made.

        Raises:
            FairforgetError: it is no cell of this schema.
        """
        if not isinstance(found, Mapping) or found.get("schema") != SCHEMA:
            msg = f"not a cell of schema {SCHEMA}"
            raise FairforgetError(msg)
        if missing := [name for name in _PARTS if name not in found]:
            msg = f"a cell without {', '.join(missing)}"
            raise FairforgetError(msg)
        for name in _PARTS:
            fits = isinstance(found[name], Mapping) or (name == "curriculum" and found[name] is None)
            if name == "seed":
                fits = isinstance(found[name], int) and not isinstance(found[name], bool)
            if not fits:
                msg = f"a cell whose {name} is {type(found[name]).__name__}"
                raise FairforgetError(msg)
        return cls(**{name: found[name] for name in _PARTS})

    @property
    def key(self) -> str:
        """The cell's key."""
        return cell_key(self.to_json())


def cell_key(cell: Mapping[str, Any]) -> str:
    """Return the key of a cell in its JSON form: 24 hex digits.

    Any JSON object has a key, so that a record somebody edited gets one too, and it differs.

    Raises:
        ValueError: not JSON: NaN, infinity, keys that are no texts, nested too deeply, other types.
    """
    try:
        text = canonical_json({"version": KEY_VERSION, "cell": scoring_part(cell)})
    except (TypeError, RecursionError, AttributeError) as error:
        msg = f"not the JSON of a cell: {error}"
        raise ValueError(msg) from error
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def scoring_part(cell: Mapping[str, Any]) -> dict[str, Any]:
    """Return the cell without what changes no score."""
    kept = _without(cell, _OUT)
    for path in _PLACED:
        kept = _changed(kept, path, _placeless)
    return dict(kept)


def _placeless(plugin: Any) -> Any:
    """Return a plugin's JSON without the options that only say where something lies."""
    named = plugin.get("paths") if isinstance(plugin, Mapping) else None
    options = [("options", name) for name in (named if isinstance(named, list | tuple) else ())]
    return _without(plugin, [("paths",), *options])


def _changed(value: Any, path: Sequence[str], change: Callable[[Any], Any]) -> Any:
    """Return a copy of `value` with what stands at `path` changed; as it is where nothing stands there."""
    if not path:
        return change(value)
    head, rest = path[0], path[1:]
    if head == _EACH and isinstance(value, list | tuple):
        return [_changed(inner, rest, change) for inner in value]
    if isinstance(value, Mapping) and head in value:
        return {**value, head: _changed(value[head], rest, change)}
    return value


def canonical_json(value: Any) -> str:
    """Return JSON that is the same text for equal values: sorted keys, no spaces, ASCII, whole floats as integers.

    Raises:
        ValueError: NaN or infinity.
        TypeError: not JSON.
    """
    return json.dumps(_canonical(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def _canonical(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            msg = "a key that is no text"
            raise TypeError(msg)
        return {key: _canonical(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(inner) for inner in value]
    return value


def _without(value: Any, paths: Sequence[tuple[Any, ...]]) -> Any:
    """Return a copy of nested mappings that lacks what stands at `paths`."""
    if not paths or not isinstance(value, Mapping):
        return value
    out = [path[0] for path in paths if len(path) == 1]
    return {
        key: _without(inner, [path[1:] for path in paths if len(path) > 1 and path[0] == key])
        for key, inner in value.items()
        if key not in out
    }


def _thawed(value: Any) -> Any:
    """Return plain dicts and lists, so that a cell equals itself read from JSON."""
    if isinstance(value, Mapping):
        return {key: _thawed(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_thawed(inner) for inner in value]
    return value
