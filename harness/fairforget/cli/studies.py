"""``fairforget studies``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairforget.cli.output import add_json, add_plugin, discover, print_json, print_table, warn_of_problems

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_plugin(parser)
    add_json(parser)


def execute(args: argparse.Namespace) -> int:
    """Print the studies that ``fairforget run`` knows by name."""
    registry = discover(args)
    warn_of_problems(registry)
    studies = registry.entries("study")
    if args.json:
        print_json([{"name": s.name, "dist": s.dist, "version": s.version, "summary": s.summary} for s in studies])
    else:
        print_table(("NAME", "DISTRIBUTION", "SUMMARY"), [(s.name, s.dist, s.summary) for s in studies])
    return 0
