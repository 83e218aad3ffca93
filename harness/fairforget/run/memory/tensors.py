"""Which weights a model has, from the heads of its files: nothing is loaded."""

from __future__ import annotations

import json
import math
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fairforget.lm.strangers import WEIGHTS

BYTES: Final = {"float32": 4, "bfloat16": 2, "float16": 2}
"""Of an element of each type that ``model.dtype`` may be."""
_FLOATS: Final = frozenset({"F64", "F32", "F16", "BF16"})
_MAYBE: Final = re.compile(r"visual|vision|image|audio|speech|multi_modal|mtp|expert|(^|\.)mm_")
_LONGEST_HEAD: Final = 100_000_000
"""Bytes; what the safetensors library allows itself."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One weight."""

    name: str
    shape: tuple[int, ...]

    @property
    def elements(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def certain(self) -> bool:
        """Whether every causal language model that reads this file holds and trains it.

        Parts that see or hear may be left unread, and an expert that no token is sent to has no gradient.
        """
        return _MAYBE.search(self.name) is None


def tensors_of_folder(folder: Path) -> tuple[Tensor, ...] | None:
    """Return the floating-point weights that the safetensors of a folder hold, or None where there are none to read.

    Weights that are tied stand there once.
    """
    try:
        found = [tensor for file in _files(folder) for tensor in _head(file)]
    # The files may be anybody's; loading them says what is wrong with them.
    except (OSError, struct.error, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError):
        return None
    return tuple(found) or None


def _files(folder: Path) -> list[Path]:
    whole, index = (folder / name for name in WEIGHTS)
    if whole.is_file():
        return [whole]
    if not index.is_file():  # a pipe would be waited for
        raise FileNotFoundError(index)
    names = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
    found = [folder / name for name in sorted(names) if Path(name).name == name]
    if missing := [file for file in found if not file.is_file()]:
        raise FileNotFoundError(missing[0])
    return found


def _head(file: Path) -> list[Tensor]:
    with file.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        if length > _LONGEST_HEAD:
            raise ValueError(length)
        head: dict[str, Any] = json.loads(stream.read(length))
    return [
        Tensor(str(name), tuple(int(size) for size in told["shape"]))
        for name, told in head.items()
        # What has more than three axes is a mask that old files hold; it is no weight.
        if name != "__metadata__" and told["dtype"] in _FLOATS and len(told["shape"]) <= 3
    ]
