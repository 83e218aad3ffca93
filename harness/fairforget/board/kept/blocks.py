"""Cells that have all their parts in common, as the seeds of a row on a draw, as one line of an index."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from fairforget.board.kept.packing import PARTS, Packed
from fairforget.store.record import Status

_USED: Final = struct.Struct(f"<{PARTS}I")
_BETWEEN: Final = "\0"
"""No path holds it."""


class Block(NamedTuple):
    """Some cells and their files."""

    used: tuple[int, ...]
    """Numbers of their parts in the index."""
    paths: list[str]
    stamps: list[str]
    """See `fairforget.store.files.RecordFile`."""
    cells: list[Packed]


def written(block: Block) -> tuple[str, bytes, int]:
    """Return texts, numbers and sum of a block."""
    about = [f"{cell.key} {cell.status} {cell.seed}" for cell in block.cells]
    texts = _BETWEEN.join((*block.paths, *block.stamps, *about))
    numbers = _USED.pack(*block.used) + b"".join(cell.numbers for cell in block.cells)
    return texts, numbers, checksum(texts, numbers)


def used_in(numbers: bytes) -> tuple[int, ...]:
    """Return the numbers of a block's parts.

    Raises:
        struct.error: `written` did not make it.
    """
    return _USED.unpack_from(numbers)


def read(texts: str, numbers: bytes, parts: tuple[Any, ...]) -> Block:
    """Return the block of which `written` made this.

    Args:
        texts: of the block.
        numbers: of the block.
        parts: those of which `used_in` gives the numbers.

    Raises:
        ValueError, struct.error: `written` did not make it.
    """
    fields = texts.split(_BETWEEN)
    n, rest = divmod(len(fields), 3)
    wide = (len(numbers) - _USED.size) // max(n, 1)
    if rest or not n or not wide or _USED.size + n * wide != len(numbers):
        msg = "a block of which something is missing"
        raise ValueError(msg)
    cells = []
    for about, at in zip(fields[2 * n :], range(_USED.size, len(numbers), wide), strict=True):
        key, status, seed = about.split(" ")
        known: Status = "ok" if status == "ok" else "failed"
        cells.append(Packed(key, known, int(seed), parts, numbers[at : at + wide]))
    return Block(used_in(numbers), fields[:n], fields[n : 2 * n], cells)


def in_blocks(found: Iterable[tuple[tuple[int, ...], str, str, Packed]]) -> Sequence[Block]:
    """Return blocks of cells, each given with the numbers of its parts, its path and its stamp."""
    made: dict[tuple[tuple[int, ...], int], Block] = {}
    for used, path, stamp, cell in found:
        block = made.setdefault((used, len(cell.numbers)), Block(used, [], [], []))
        block.paths.append(path)
        block.stamps.append(stamp)
        block.cells.append(cell)
    return list(made.values())


def checksum(text: str, numbers: bytes = b"") -> int:
    """Return a sum that another text or other numbers hardly have."""
    return zlib.crc32(numbers, zlib.crc32(text.encode()))
