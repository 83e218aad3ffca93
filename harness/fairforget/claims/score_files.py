"""Score sets as files: the difficulty of every sample of a pool, whose damage is noticed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from fairforget.api.sample import digest_of
from fairforget.claims.values import ScoreSet
from fairforget.errors import FairforgetError
from fairforget.store.atomic import write_text
from fairforget.store.regular import read_regular
from fairforget.store.strict_json import MAX_BYTES, NotJson, parse
from fairforget.study.rows import with_contents

if TYPE_CHECKING:
    from fairforget.claims.planned import SetWanted

SCHEMA: Final = 1
FOLDER: Final = "scores"


class ScoresUnusable(FairforgetError):
    """A file of scores is not used; the message says why."""


@dataclass(frozen=True, slots=True)
class ScoreFile:
    """A score set with where it comes from and what it has cost."""

    scores: ScoreSet
    origin: Mapping[str, Any]
    """``target`` and ``data`` (ids), ``weights`` (digest) and ``dist_version`` of the difficulty."""
    ledger: Mapping[str, Any]
    """Passes and seconds of the scoring, as a phase of a cell's."""

    def to_json(self) -> dict[str, Any]:
        """Return the form of the file, less its checksum."""
        kept = self.scores
        return {
            "schema": SCHEMA,
            "difficulty": dict(kept.difficulty),
            "seed": kept.seed,
            "origin": dict(self.origin),
            "ids": list(kept.ids),
            "values": list(kept.values),
            "stderr": list(kept.stderr),
            "groups": list(kept.groups),
            "details": dict(kept.details),
            "ledger": dict(self.ledger),
        }


def wanted_json(wanted: SetWanted) -> dict[str, Any]:
    """Return name, options and seed of a score set.

    It is the same on every machine and in every release: of an option that is a path, what lies there stands for it.
    """
    described = with_contents(wanted.difficulty)
    options = {key: value for key, value in described["options"].items() if key not in described.get("paths", ())}
    content = {"depends_on": described["depends_on"]} if "depends_on" in described else {}
    return {"difficulty": {"name": described["name"], "options": options, **content}, "seed": wanted.seed}


def score_path(folder: Path, wanted: SetWanted) -> Path:
    """Return where the file of a score set lies in the folder of a site: its name is a digest of what is wanted."""
    return folder / FOLDER / f"{digest_of(wanted_json(wanted))[:24]}.json"


def write_scores(path: Path, found: ScoreFile) -> None:
    """Write a score set, whole or not at all.

    Raises:
        FairforgetError: it cannot be written.
    """
    content = found.to_json()
    whole = {**content, "sha256": digest_of(content)}
    # Keys in order: scores that come from the cache have theirs in another one than scores just made.
    text = json.dumps(whole, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    write_text(path, text + "\n")


def read_scores(folder: Path, wanted: SetWanted) -> ScoreFile | None:
    """Read a score set back; None where there is none.

    Raises:
        ScoresUnusable: the file is torn, edited, of another schema, of another difficulty, or not in its folder.
    """
    path = score_path(folder, wanted)
    name = f"{FOLDER}/{path.name}"
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            _refuse(name, "is a link that leads out of its folder")
        found = parse(read_regular(path, MAX_BYTES))
    except FileNotFoundError:
        return None
    except (OSError, RuntimeError) as error:
        _refuse(name, f"cannot be read: {getattr(error, 'strerror', None) or error}", error)
    except NotJson as error:
        _refuse(name, f"is torn: {error}", error)
    if not isinstance(found, dict) or type(found.get("schema")) is not int or found["schema"] != SCHEMA:
        _refuse(name, f"has not the schema {SCHEMA}")
    try:
        if found.pop("sha256", None) != digest_of(found):
            _refuse(name, "was changed after it was written: its checksum does not match")
        score_file = _score_file(found)
    except (KeyError, TypeError, ValueError) as error:
        _refuse(name, f"is no file of scores: {error}", error)
    if {"difficulty": found["difficulty"], "seed": found["seed"]} != wanted_json(wanted):
        _refuse(name, "holds the scores of another difficulty")
    return score_file


def _score_file(found: Mapping[str, Any]) -> ScoreFile:
    ids = tuple(found["ids"])
    if not all(isinstance(name, str) for name in ids) or len(set(ids)) < len(ids):
        msg = "ids are no different texts"
        raise ValueError(msg)
    values, stderr, groups = (tuple(found[name]) for name in ("values", "stderr", "groups"))
    for numbers in (values, stderr):
        if not all(value is None or _finite(value) for value in numbers):
            msg = "a score is no number"
            raise ValueError(msg)
    if not all(isinstance(group, str) for group in groups):
        msg = "a group is no text"
        raise ValueError(msg)
    if len(values) != len(ids) or any(len(more) not in {0, len(ids)} for more in (stderr, groups)):
        msg = f"{len(ids)} ids and {len(values)} scores"
        raise ValueError(msg)
    seed, difficulty = found["seed"], found["difficulty"]
    mappings = (difficulty, found["details"], found["origin"], found["ledger"])
    if type(seed) is not int or not all(isinstance(one, dict) for one in mappings):
        msg = "a part is of the wrong type"
        raise TypeError(msg)
    scores = ScoreSet(difficulty, seed, ids, values, found["details"], groups, stderr)
    return ScoreFile(scores, found["origin"], found["ledger"])


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _refuse(name: str, reason: str, error: BaseException | None = None) -> NoReturn:
    msg = f"{name} {reason}"
    raise ScoresUnusable(msg) from error
