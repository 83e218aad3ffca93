"""``fairforget plugins doctor``."""

from __future__ import annotations

import contextlib
import os
import platform
import sys
import warnings
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from fairforget.candidates import from_files, installed
from fairforget.cli.output import print_json
from fairforget.diagnosis import diagnose
from fairforget.errors import FairforgetError
from fairforget.kinds import BASES
from fairforget.registry import Registry
from fairforget.switches import STRICT, Switches, normal
from fairforget.terminal import printable
from fairforget.version import version

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from fairforget.kinds import Problem

# Looked up in metadata; none of them is imported.
_VERSIONS: Final = ("fairforget", "pluggy", "torch", "transformers", "datasets", "lm-eval", "numpy", "scipy", "pandas")


def execute(args: argparse.Namespace) -> int:
    """Print versions, switches, problems and warnings; return 1 if there is any problem."""
    asked = {name: value for name, value in os.environ.items() if name != STRICT}  # who asks wants to hear of all
    # What plugins print must not end up inside the JSON on standard output.
    with warnings.catch_warnings(record=True) as heard, contextlib.redirect_stdout(sys.stderr):
        warnings.simplefilter("always")  # also what is hidden by default: something is on its way out
        registry = Registry.discover(args.plugin, asked)
        problems = [*registry.problems, *(_broken_targets(registry) if args.deep else ())]
    report: dict[str, Any] = {
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _VERSIONS}},
        "switches": {name: os.environ[name] for name in sorted(os.environ) if name.startswith("FAIRFORGET_")},
        "plugins": registry.plugins(),
        "disabled": list(registry.disabled),
        "disabled_unknown": sorted(_unknown_disabled(registry)),
        "ambiguous": _ambiguous(registry),
        "warnings": [f"{w.filename}:{w.lineno}: {w.category.__name__}: {w.message}" for w in heard],
        "problems": [_plain(problem) for problem in problems],
    }
    if args.json:
        print_json(report)
    else:
        _print(report)
    return 1 if problems else 0


def _plain(problem: Problem) -> dict[str, Any]:
    names = ("plugin", "dist", "version", "entry_point", "value", "error", "file", "line", "chain", "mend", "traceback")
    return {name: getattr(problem, name) for name in names}


def _broken_targets(registry: Registry) -> Iterator[Problem]:
    candidates = {candidate.plugin: candidate for candidate in (*installed(), *from_files(registry.plugin_files)[0])}
    for entry in registry.entries():
        try:
            if entry.kind in BASES:
                registry.load(entry)
            else:
                registry.path(entry)
        except FairforgetError as error:
            yield diagnose(candidates[entry.plugin], error, entry)


def _ambiguous(registry: Registry) -> dict[str, list[str]]:
    """Return what has to be written as ``distribution/name``, because several distributions have the bare name."""
    found: dict[str, list[str]] = defaultdict(list)
    for entry in registry.entries():
        found[f"{entry.kind} {entry.name}"].append(entry.canonical)
    return {name: canonical for name, canonical in found.items() if len(canonical) > 1}


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
        print(printable(f"{title}:"))
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
            print(printable(f"{title}: {', '.join(report[key])}"))
    for name, canonical in report["ambiguous"].items():
        print(printable(f"ambiguous: {name}: write {' or '.join(canonical)}"))
    for line in report["warnings"]:
        print(printable(f"warning: {line}"))
    if not report["problems"]:
        print("problems: none")
    for problem in report["problems"]:
        _tell(problem)


def _tell(problem: dict[str, Any]) -> None:
    """Print one problem: what failed, whose it is, where, through what, and the mend."""
    place = None if problem["file"] is None else f"{problem['file']}:{problem['line']}"
    point = f"{problem['entry_point']} = {problem['value']}" if problem["value"] else problem["entry_point"]
    print(printable(f"problem: {problem['plugin']}: {problem['error']}"))
    for name, text in (
        ("distribution", f"{problem['dist']} {problem['version']}"),
        ("entry point" if problem["value"] else "plugin file", point),
        ("where", place or "in no file of its own"),
        *(("raised from", cause) for cause in problem["chain"][1:]),
        ("mend", problem["mend"]),
    ):
        print(printable(f"  {name}: {text}"))
    for line in problem["traceback"].splitlines():
        print(printable(f"    {line}"))
