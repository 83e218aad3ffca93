"""Bits of YAML that loaders have stumbled over."""

from __future__ import annotations

TRICKS = (
    b"!!python/object/apply:os.system [touch stolen]",
    b"!!python/name:os.system ",
    b"!!binary aGk=",
    b"!!timestamp x",
    b"!include /etc/passwd",
    b"&a [*a]",
    b"&a {x: *a}",
    b"*a",
    b"<<: *a",
    b"? [a]\n: b",
    b"---\n",
    b"...\n",
    b"%YAML 9.9\n---\n",
    b"%TAG ! tag:x,2000:\n---\n",
    b"[" * 50,
    b"{a: " * 50,
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\x00",
    b"\t",
    b"|\n  ",
    b'"\\ud800"',
    b'"\\U00110000"',
    b"0x" + b"f" * 70,
    b"1e999",
    b".nan",
    b"9" * 5000,
)
