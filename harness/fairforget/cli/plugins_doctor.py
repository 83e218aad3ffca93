"""``fairforget plugins doctor``."""

from __future__ import annotations

import os
import platform
import traceback
from typing import TYPE_CHECKING, Any, Final

from fairforget.cli.output import discover, print_json
from fairforget.errors import FairforgetError
from fairforget.kinds import BASES
from fairforget.switches import Switches, normal
from fairforget.terminal import printable
from fairforget.version import version

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from fairforget.registry import Registry

# Looked up in metadata; none of them is imported.
_VERSIONS: Final = ("fairforget", "pluggy", "torch", "transformers", "datasets", "lm-eval", "numpy", "scipy", "pandas")


def execute(args: argparse.Namespace) -> int:
    """Print versions, switches and problems; return 1 if there is any problem."""
    registry = discover(args)
    problems = [
        {"plugin": p.plugin, "dist": p.dist, "error": p.error, "traceback": p.traceback} for p in registry.problems
    ]
    if args.deep:
        problems += _broken_targets(registry)
    report: dict[str, Any] = {
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _VERSIONS}},
        "switches": {name: os.environ[name] for name in sorted(os.environ) if name.startswith("FAIRFORGET_")},
        "plugins": sorted({entry.plugin for entry in registry.entries()}),
        "disabled": list(registry.disabled),
        "disabled_unknown": sorted(_unknown_disabled(registry)),
        "problems": problems,
    }
    if args.json:
        print_json(report)
    else:
        _print(report)
    return 1 if problems else 0


def _broken_targets(registry: Registry) -> Iterator[dict[str, str]]:
    for entry in registry.entries():
        try:
            if entry.kind in BASES:
                registry.load(entry)
            else:
                registry.path(entry)
        except FairforgetError as error:
            text = "".join(traceback.format_exception(error))
            yield {"plugin": entry.plugin, "dist": entry.dist, "error": str(error), "traceback": text}


def _unknown_disabled(registry: Registry) -> set[str]:
    """Return what is asked to be switched off and does not exist: most likely misspelt."""
    blocked = {normal(plugin.partition(":")[0]) for plugin in registry.disabled}
    exact = {(normal(plugin.partition(":")[0]), plugin.partition(":")[2]) for plugin in registry.disabled}
    unknown = set()
    for name in Switches.of(os.environ).disabled:
        dist, colon, point = name.partition(":")
        if normal(dist) not in blocked or (colon and (normal(dist), point) not in exact):
            unknown.add(name)
    return unknown


def _print(report: dict[str, Any]) -> None:
    for title in ("versions", "switches"):
        print(f"{title}:")
        for name, value in report[title].items():
            print(printable(f"  {name} {value}"))
        if not report[title]:
            print("  none set")
    for title, key in (
        ("plugins", "plugins"),
        ("switched off", "disabled"),
        ("to be switched off, but not installed", "disabled_unknown"),
    ):
        if report[key]:
            print(f"{title}: {printable(', '.join(report[key]))}")
    if not report["problems"]:
        print("problems: none")
    for problem in report["problems"]:
        print(printable(f"problem: {problem['plugin']}: {problem['error']}"))
        print("".join(f"    {printable(line)}\n" for line in problem["traceback"].splitlines()), end="")
