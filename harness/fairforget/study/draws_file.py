"""Draws in a file, whose damage is noticed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from fairforget.api import Sample
from fairforget.api.sample import digest_of
from fairforget.errors import FairforgetError
from fairforget.store.atomic import write_text
from fairforget.store.regular import read_regular
from fairforget.store.strict_json import MAX_BYTES, NotJson, parse
from fairforget.study.draws import Draw, forget_digest

SCHEMA: Final = 1


class DrawsUnusable(FairforgetError):
    """A file of draws is not used; the message says why."""


def write_draws(path: Path, draws: Sequence[Draw], *, data: str) -> None:
    """Write draws of the corpus with the digest `data`; the file is there whole or not at all.

    Raises:
        FairforgetError: it cannot be written.
    """
    content = {"schema": SCHEMA, "data": data, "draws": [draw.to_json() for draw in draws]}
    whole = {**content, "sha256": digest_of(content)}
    write_text(path, json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read_draws(path: Path, samples: Sequence[Sample], *, data: str) -> tuple[Draw, ...]:
    """Read draws that were made of the same data.

    Args:
        path: the file.
        samples: the pool as it is now.
        data: digest of the corpus as it is now.

    Raises:
        DrawsUnusable: the file is missing, torn, edited, of another schema or made of other data.
    """
    try:
        found = parse(read_regular(path, MAX_BYTES))
    except OSError as error:
        _refuse(path, f"cannot be read: {error.strerror or error}", error)
    except NotJson as error:
        _refuse(path, f"is torn: {error}", error)
    if not isinstance(found, dict) or found.get("schema") != SCHEMA:
        _refuse(path, f"has not the schema {SCHEMA}")
    recorded = found.pop("sha256", None)
    if recorded != digest_of(found):
        _refuse(path, "was changed after it was written: its checksum does not match")
    if found.get("data") != data:
        _refuse(path, "was made of other data than the task has now")
    digests = {sample.id: sample.digest() for sample in samples}
    try:
        return tuple(_draw(draw, digests) for draw in found["draws"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        _refuse(path, f"is no file of draws: {error}", error)


def _draw(found: Mapping[str, Any], digests: Mapping[str, str]) -> Draw:
    forget = tuple(found["forget"])
    draw = Draw(
        found["sampler"], found["stratum"], found["index"], found["unit"], found["size"], forget, found["digest"]
    )
    if draw.to_json() != dict(found):
        msg = "a draw has other keys"
        raise ValueError(msg)
    if not set(forget) <= set(digests) or forget_digest({name: digests[name] for name in forget}) != draw.digest:
        msg = f"draw {draw.index} of {draw.stratum!r} names samples that the pool has not, or has with other texts"
        raise ValueError(msg)
    return draw


def _refuse(path: Path, reason: str, error: BaseException | None = None) -> NoReturn:
    msg = f"{path} {reason}"
    raise DrawsUnusable(msg) from error
