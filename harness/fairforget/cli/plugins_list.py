"""``fairforget plugins list``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairforget.cli.output import discover, print_json, print_table, warn_of_problems

if TYPE_CHECKING:
    import argparse

    from fairforget.kinds import Registered


def facts(entry: Registered) -> dict[str, str]:
    """Return what is known of an entry without importing it."""
    names = ("kind", "name", "dist", "version", "target", "summary", "plugin")
    return {name: getattr(entry, name) for name in names}


def execute(args: argparse.Namespace) -> int:
    """Print every entry, or those of one kind."""
    registry = discover(args)
    warn_of_problems(registry)
    entries = registry.entries(args.kind)
    if args.json:
        print_json([facts(entry) for entry in entries])
    else:
        rows = [(e.kind, e.name, e.dist, e.version, e.summary) for e in entries]
        print_table(("KIND", "NAME", "DISTRIBUTION", "VERSION", "SUMMARY"), rows)
    return 0
