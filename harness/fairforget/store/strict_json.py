"""JSON from strangers: what is no plain, finite, shallow JSON is refused with a reason."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any, Final

MAX_BYTES: Final = 64 * 1024 * 1024
MAX_DEPTH: Final = 64
MAX_DIGITS: Final = 300
"""An integer with more digits has no float."""


class NotJson(ValueError):
    """The bytes are not JSON as fairforget writes it."""


def parse(content: bytes) -> Any:
    """Return what the bytes say.

    Raises:
        NotJson: broken or not UTF-8, larger than `MAX_BYTES`, nested deeper than `MAX_DEPTH`, with a key twice, NaN, an
            infinity or a number too large for a float.
    """
    if len(content) > MAX_BYTES:
        msg = f"larger than {MAX_BYTES // 1024**2} MiB"
        raise NotJson(msg)
    try:
        found = json.loads(content.decode(), object_pairs_hook=_distinct, parse_constant=_constant, parse_int=_integer)
    except NotJson:
        raise
    except RecursionError:
        msg = "nested too deeply"
        raise NotJson(msg) from None
    except UnicodeDecodeError:
        msg = "not UTF-8"
        raise NotJson(msg) from None
    except ValueError as error:
        msg = f"not JSON: {error}"
        raise NotJson(msg) from None
    _check(found)
    return found


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        msg = f"the key {twice[:60]!r} stands twice in one object"
        raise NotJson(msg)
    return found


def _constant(name: str) -> Any:
    msg = f"{name} is no JSON number"
    raise NotJson(msg)


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        msg = f"a number of {len(digits)} digits"
        raise NotJson(msg)
    return int(digits)


def _check(value: Any) -> None:
    """Look at every value without recursion."""
    level = [value]
    for _ in range(MAX_DEPTH):
        inner: list[Any] = []
        for container in level:
            values = container.values() if isinstance(container, dict) else container
            for one in values if isinstance(container, dict | list) else (container,):
                kind = type(one)
                if kind is dict or kind is list:
                    inner.append(one)
                elif kind is float and not math.isfinite(one):
                    msg = "a number too large for a float"
                    raise NotJson(msg)
        if not inner:
            return
        level = inner
    msg = f"nested deeper than {MAX_DEPTH} levels"
    raise NotJson(msg)
