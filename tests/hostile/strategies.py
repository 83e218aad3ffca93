"""What a hostile file may hold."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

PAYLOADS = (
    "../../../../etc/passwd",
    "/etc/passwd",
    "~/.ssh/id_rsa",
    "..",
    ".",
    "a/../../b",
    "..\\..\\b",
    "C:\\x",
    "//x",
    "\x00",
    "a\x00b",
    "\x1b[2J\x1b]0;x\x07",
    "\u202egnp.exe",
    "\ud800",
    "\r\nX: y",
    "<script>alert(1)</script>",
    "' onload='x",
    "| a | b |\n|---|---|",
    "\\input{/etc/passwd}",
    "\\write18{touch x}",
    "$(touch x)",
    "`touch x`",
    "; touch x",
    "%s%n%(x)s",
    "{0.__class__}",
    "{prompt.__class__.__mro__}",
    "{{ cycler.__init__.__globals__.os.system('x') }}",
    "__import__('os').system('x')",
    "os:system",
    "builtins:eval",
    "__class__",
    "__proto__",
    "constructor",
    "!!python/object/apply:os.system [x]",
    "file:///etc/passwd",
    "http://127.0.0.1:9/x",
    "-o",
    "--plugin=x",
    "con",
    "",
    " ",
    "x" * 300,
    "é" * 200,
    "NaN",
    "-0",
    "1e999",
    "null",
)

texts = st.one_of(st.sampled_from(PAYLOADS), st.text(max_size=20))
numbers = st.one_of(
    st.integers(-3, 50),
    st.sampled_from([2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), 10**30, 10**400]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([1e308, -1e308, 5e-324, -0.0]),
)
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=8,
)


def kin(value: Any) -> st.SearchStrategy[Any]:
    """Return values of the same type as `value`, which get further than others."""
    match value:
        case bool():
            return st.just(not value)
        case int():
            return st.one_of(st.integers(0, 12), st.sampled_from([-1, 0, 10**4, 10**6, 2**31, 2**63 - 1]))
        case float():
            return st.one_of(st.floats(0, 1), st.floats(allow_nan=False, allow_infinity=False))
        case str():
            return texts
        case _:
            return values


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return where something stands in plain data, the whole too."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, found in inner for place in places(found, (*path, key)))]


def part(value: Any, path: tuple[Any, ...]) -> Any:
    """Return what stands there."""
    for key in path:
        value = value[key]
    return value


@st.composite
def changed(draw: Any, content: Any, *, words: tuple[st.SearchStrategy[Any], ...] = (), most: int = 3) -> Any:
    """Return plain data of which a few parts were replaced, removed, added, doubled or moved.

    Args:
        draw: of hypothesis.
        content: the data.
        words: what else may stand in it.
        most: changes.
    """
    content = copy.deepcopy(content)
    for _ in range(draw(st.integers(1, most))):
        path = draw(st.sampled_from(places(content)))
        if not path:
            content = draw(values) if draw(st.integers(0, 9)) == 0 else content
            continue
        around = part(content, path[:-1])
        # A copy: what is sampled is the same object every time, and a later change may fall into it.
        new = copy.deepcopy(draw(st.one_of(kin(around[path[-1]]), *words, values)))
        match draw(st.sampled_from(["replace", "replace", "remove", "add", "rename", "move"])):
            case "replace":
                around[path[-1]] = new
            case "remove":
                del around[path[-1]]
            case "add" if isinstance(around, dict):
                around[draw(texts)] = new
            case "rename" if isinstance(around, dict):
                around[draw(texts)] = around.pop(path[-1])
            case "move":
                other = draw(st.sampled_from(places(content)))
                around[path[-1]] = copy.deepcopy(part(content, other))
            case _:
                around.append(new) if isinstance(around, list) else None
    return content


@st.composite
def spliced(draw: Any, content: bytes, bits: tuple[bytes, ...]) -> bytes:
    """Return bytes of which a few stretches were cut, doubled, or replaced by some of `bits` or by anything."""
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 20)))
        twice = content[start:end] * 2
        middle = draw(st.one_of(st.sampled_from([b"", twice]), st.sampled_from(bits), st.binary(max_size=8)))
        content = content[:start] + middle + content[end:]
    return content
