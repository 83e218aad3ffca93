"""A pack: what lies in the folder of one study on one target, as one small file, byte for byte.

It is an xz file. Its first line is JSON: what it is, of which study and target, the names and sizes of the files, and
the SHA-256 of their contents, which follow one after another. Records of one study repeat most of what they say, so
that one of 27 kB takes 0.7 to 1.7 kB here with all that it says. When and where the pack was made is not in it: the
same files give the same bytes by the same liblzma.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Final, NoReturn

from fairforget.errors import FairforgetError
from fairforget.store.regular import read_regular
from fairforget.store.strict_json import NotJson, parse

SCHEMA: Final = 1
KIND: Final = "fairforget claims pack"
SUFFIX: Final = ".pack.xz"
MOST_PACKED: Final = 64 * 1024 * 1024
"""Bytes of a pack."""
MOST_UNPACKED: Final = 256 * 1024 * 1024
"""Bytes of what is in it."""
MOST_FILES: Final = 50_000
_MEMORY: Final = 64 * 1024 * 1024
"""Bytes that unpacking may take beside its result; `pack_bytes` asks for 9 MiB."""
_FILE: Final = re.compile(r"plan\.json|(?:cells|scores)/[0-9a-f]{24}\.json")
_PLACE: Final = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
"""A study or a site; no name of a folder above."""
_KEYS: Final = {"kind", "schema", "study", "site", "files", "sha256"}


class PackUnusable(FairforgetError):
    """A pack is not used; the message says why."""


@dataclass(frozen=True, slots=True)
class Pack:
    """What is in a pack."""

    study: str
    site: str
    """``target`` or ``target.part``."""
    files: Mapping[str, bytes]
    """By path in the folder: ``plan.json``, ``cells/<key>.json`` and ``scores/<digest>.json``."""


def is_place(name: str) -> bool:
    """Return whether a folder of that name can be one of a study or of a site."""
    return len(name) <= 200 and _PLACE.fullmatch(name) is not None


def is_packed(name: str) -> bool:
    """Return whether a file at that path of a site's folder goes into its pack."""
    return _FILE.fullmatch(name) is not None


def pack_bytes(pack: Pack) -> bytes:
    """Return the bytes of a pack.

    Raises:
        PackUnusable: it would be too large to be read back.
    """
    names = sorted(pack.files)
    contents = b"".join(pack.files[name] for name in names)
    head = {
        "kind": KIND,
        "schema": SCHEMA,
        "study": pack.study,
        "site": pack.site,
        "files": [[name, len(pack.files[name])] for name in names],
        "sha256": hashlib.sha256(contents).hexdigest(),
    }
    whole = json.dumps(head, separators=(",", ":")).encode() + b"\n" + contents
    packed = lzma.compress(whole, format=lzma.FORMAT_XZ, preset=6 | lzma.PRESET_EXTREME)
    if len(packed) > MOST_PACKED or len(whole) > MOST_UNPACKED or len(names) > MOST_FILES:
        msg = (
            f"study {pack.study} on {pack.site} is too large for one pack: {len(names):,} files, {len(whole):,} bytes, "
            f"packed {len(packed):,}; at most {MOST_FILES:,}, {MOST_UNPACKED:,} and {MOST_PACKED:,}"
        )
        raise PackUnusable(msg)
    return packed


def read_pack(path: Path) -> Pack:
    """Read a pack, which may be anybody's.

    Raises:
        PackUnusable: it is torn or edited, no pack, of another schema, larger than a pack may be when unpacked, or not
            that of the study and the site after which it is called.
    """
    try:
        packed = read_regular(path, MOST_PACKED)
    except (OSError, ValueError) as error:
        _refuse(path, f"cannot be read: {getattr(error, 'strerror', None) or error}", error)
    if len(packed) > MOST_PACKED:
        _refuse(path, f"is larger than {MOST_PACKED // 1024**2} MiB, which no pack is")
    whole = _unpacked(path, packed)
    del packed
    line, end, contents = whole.partition(b"\n")
    try:
        head = parse(line)
    except NotJson as error:
        _refuse(path, f"is no pack: its first line is {error}", error)
    if not end or not isinstance(head, dict) or head.get("kind") != KIND:
        _refuse(path, f"is no pack: its first line does not say {KIND!r}")
    if type(head.get("schema")) is not int or head["schema"] != SCHEMA:
        _refuse(path, f"has the schema {str(head.get('schema'))[:40]!r}; this version reads {SCHEMA}")
    if head.keys() != _KEYS:
        _refuse(path, "is no pack: its first line has other keys")
    study, site = path.parent.name, path.name.removesuffix(SUFFIX)
    if (head["study"], head["site"]) != (study, site) or not (is_place(study) and is_place(site)):
        _refuse(path, f"is a pack of {str(head['study'])[:80]}/{str(head['site'])[:80]}; call it so")
    sizes = _sizes(path, head["files"])
    if sum(sizes.values()) != len(contents):
        _refuse(path, f"holds {len(contents):,} bytes and names {sum(sizes.values()):,}")
    if hashlib.sha256(contents).hexdigest() != head["sha256"]:
        _refuse(path, "was changed after it was made: its checksum does not match")
    ends = pairwise(accumulate(sizes.values(), initial=0))
    return Pack(study, site, {name: contents[a:b] for name, (a, b) in zip(sizes, ends, strict=True)})


def _unpacked(path: Path, packed: bytes) -> bytes:
    """Return what was compressed, and no more than may be."""
    try:
        made = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)
        whole = made.decompress(packed, MOST_UNPACKED + 1)
    except (lzma.LZMAError, EOFError, MemoryError) as error:
        _refuse(path, f"is damaged, or no pack: {error}", error)
    if len(whole) > MOST_UNPACKED:
        _refuse(path, f"unpacks to more than {MOST_UNPACKED // 1024**2} MiB, which no pack does")
    if not made.eof:
        _refuse(path, "is torn: its end is missing")
    if made.unused_data:
        _refuse(path, "goes on after its end")
    return whole


def _sizes(path: Path, files: Any) -> dict[str, int]:
    """Return the size of each file by name, in the order of their contents."""
    if not isinstance(files, list) or len(files) > MOST_FILES:
        _refuse(path, f"is no pack: its files are no list of at most {MOST_FILES:,}")
    sizes: dict[str, int] = {}
    for one in files:
        name, size = one if isinstance(one, list) and len(one) == 2 else (None, None)
        if not isinstance(name, str) or type(size) is not int or size < 0:
            _refuse(path, "is no pack: a file has no name and size")
        if not is_packed(name):
            _refuse(path, f"names a file {name[:80]!r}, which is none of a run")
        if name in sizes:
            _refuse(path, f"names {name} twice")
        sizes[name] = size
    return sizes


def _refuse(path: Path, reason: str, error: BaseException | None = None) -> NoReturn:
    msg = f"{path} {reason}"
    raise PackUnusable(msg) from error
