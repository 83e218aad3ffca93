"""``fairforget claims list``."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

from fairforget.cli.output import add_json, add_plugin, discover, print_json, print_table, warn_of_problems
from fairforget.terminal import printable

if TYPE_CHECKING:
    import argparse

    from fairforget.claims.claim_file import ClaimFile
    from fairforget.kinds import Registered


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_plugin(parser)
    add_json(parser)


def execute(args: argparse.Namespace) -> int:
    """Print the claims that plugins ship; 2 where the file of one is wrong, which is named and left out."""
    from fairforget.claims.read import read_entry
    from fairforget.errors import FairforgetError

    registry = discover(args)
    warn_of_problems(registry)
    found: list[tuple[Registered, ClaimFile]] = []
    wrong: list[str] = []
    for entry in sorted(registry.entries("claim"), key=_order):
        try:
            found.append((entry, read_entry(entry, registry).file))
        except FairforgetError as error:
            wrong += [f"fairforget: claim {entry.canonical}: {line}" for line in str(error).splitlines()]
    if args.json:
        print_json([_facts(entry, file) for entry, file in found])
    else:
        rows = [(e.name, file.family, file.title, f"{file.source.paper}, {file.source.where}") for e, file in found]
        print_table(("NAME", "FAMILY", "TITLE", "SOURCE"), rows)
    for line in wrong:
        print(printable(line), file=sys.stderr)
    return 2 if wrong else 0


def _order(entry: Registered) -> tuple[list[tuple[int, str]], str]:
    """Return what puts c2 before c10: of two numbers the longer one is the larger."""
    parts = re.findall(r"[0-9]+|[^0-9]+", entry.name)
    return [(len(part) if part.isdigit() else 0, part) for part in parts], entry.dist


def _facts(entry: Registered, file: ClaimFile) -> dict[str, Any]:
    return {
        "name": entry.name,
        "dist": entry.dist,
        "version": entry.version,
        "family": file.family,
        "title": file.title,
        "statement": file.statement,
        "source": file.source.model_dump(),
    }
