"""What commands have in common: the options for plugins and JSON, tables, JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairforget.terminal import printable

if TYPE_CHECKING:
    import argparse

    from fairforget.registry import Registry


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add ``--json``."""
    parser.add_argument("--json", action="store_true", help="write JSON, and nothing else, to standard output")


def add_plugin(parser: argparse.ArgumentParser) -> None:
    """Add ``--plugin FILE``, which `discover` reads."""
    parser.add_argument(
        "--plugin",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="a Python file with hooks that is not packaged yet; may be given several times",
    )


def discover(args: argparse.Namespace) -> Registry:
    """Return the registry of what is installed and of the files given by ``--plugin``."""
    from fairforget.registry import Registry

    return Registry.discover(args.plugin)


def warn_of_problems(registry: Registry) -> None:
    """Say on standard error which plugins did not load."""
    for problem in registry.problems:
        line = f"fairforget: plugin {problem.plugin} did not load: {problem.error}"
        print(printable(line), file=sys.stderr)
    if registry.problems:
        print("fairforget: 'fairforget plugins doctor' says more", file=sys.stderr)


def print_json(value: Any) -> None:
    """Write `value` as JSON that is safe on any terminal: everything outside ASCII is escaped."""
    print(json.dumps(value, indent=2, allow_nan=False))


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows of text under a header, columns aligned."""
    safe = [[printable(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*safe, strict=True)]
    for row in safe:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print(printable(line.rstrip()))
