"""``unlearned.json``: what a model that came back declares of itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from fairforget.api import CameBack
from fairforget.errors import FairforgetError, did_you_mean
from fairforget.paths import short
from fairforget.store.strict_json import NotJson, parse
from fairforget.terminal import printable
from fairforget_methods.checkpoint_path import own_file

if TYPE_CHECKING:
    from fairforget.api import Wanted

FILE: Final = "unlearned.json"
SPENT: Final = (
    "updates",
    "forward_sequences",
    "backward_sequences",
    "forward_tokens",
    "backward_tokens",
    "seconds",
)
"""What may be declared of the cost; a sequence is one row of a batch in one pass."""
_KEYS: Final = ("digest", "target", "method", "seed", "spent")
_BYTES: Final = 1 << 16
_MOST: Final = 10**18
"""Of anything; what is more is a slip, and sums of it would be infinite."""
_NAME: Final = 100
"""Characters of what made a model, at most."""


def declared(path: Path, wanted: Wanted, content: Mapping[str, str], *, seeded: bool) -> CameBack:
    """Return what a model declares of itself.

    Args:
        path: the file.
        wanted: the model that should be there.
        content: digests of its weights.
        seeded: whether there is a model for every seed, so that the file has to say of which it is.

    Raises:
        FairforgetError: there is no such file, it is not what it should be, or declares another draw or target.
    """
    found = _read(path)
    for key in found:
        if key not in _KEYS:
            _refuse(path, f"has an unknown key {key[:60]!r}. {did_you_mean(key, _KEYS)}")
    for key in ("digest", "target", "method"):
        if not isinstance(found.get(key), str) or not found[key].strip():
            _refuse(path, f"does not say {key!r}, a text; what to write there stands in manifest.json of the draws")
    if found["digest"] != wanted.digest:
        _refuse(
            path,
            f"declares the draw {found['digest'][:64]!r}, and this is {wanted.digest!r}: the model was unlearned from "
            "another forget set",
        )
    if found["target"] != wanted.target:
        _refuse(
            path,
            f"declares the target {found['target'][:64]!r}, and the study's is {wanted.target!r}: another model was "
            "unlearned",
        )
    seed = found.get("seed")
    if seeded and (type(seed) is not int or seed != wanted.seed):
        _refuse(path, f"declares the seed {str(seed)[:40]}, and this is the folder of seed {wanted.seed}")
    maker = " ".join(printable(found["method"]).split())
    if not 0 < len(maker) <= _NAME:
        _refuse(path, f"has a method that is no name of at most {_NAME} characters")
    return CameBack(maker, content, _spent(path, found.get("spent", {})))


def _read(path: Path) -> dict[str, Any]:
    if own_file(path.parent, path.name) is None:
        msg = f"{short(path.parent)} has no {FILE}, which says of which draw it is; manifest.json of the draws has it"
        raise FairforgetError(msg)
    try:
        with path.open("rb") as stream:
            content = stream.read(_BYTES + 1)
        found = parse(content)
    except OSError as error:
        _refuse(path, f"cannot be read: {error.strerror or error}", error)
    except NotJson as error:
        _refuse(path, f"is no plain JSON: {error}" if len(content) <= _BYTES else "is too large for what it is", error)
    if not isinstance(found, dict):
        _refuse(path, "is no JSON object")
    return found


def _spent(path: Path, found: Any) -> dict[str, float]:
    if not isinstance(found, dict):
        _refuse(path, "has a 'spent' that is no object")
    for key, value in found.items():
        if key not in SPENT:
            _refuse(path, f"has an unknown key {key[:60]!r} in 'spent'. {did_you_mean(key, SPENT)}")
        counted = key != "seconds"
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not number or not 0 <= value <= _MOST or (counted and value != int(value)):
            _refuse(path, f"has spent.{key} = {str(value)[:40]}, and that is no number of {key.replace('_', ' ')}")
    return dict(found)


def _refuse(path: Path, why: str, error: BaseException | None = None) -> NoReturn:
    msg = f"{short(path)} {why}"
    raise FairforgetError(msg) from error
