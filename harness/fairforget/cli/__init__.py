"""The command line. It parses and prints; what is done is done elsewhere."""

from __future__ import annotations

from fairforget.cli.program import main

__all__ = ["main"]
