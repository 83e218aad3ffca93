"""``fairforget check NAME|DIST``: the conformance kit over a plugin, or over all plugins of a distribution."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fairforget.cli.output import add_json, add_plugin, discover
from fairforget.errors import FairforgetError, did_you_mean
from fairforget.kinds import BASES, KINDS
from fairforget.names import matches
from fairforget.switches import same_distribution
from fairforget.terminal import printable

if TYPE_CHECKING:
    import argparse

    from fairforget.kinds import Registered
    from fairforget.registry import Registry
    from fairforget.testing.results import CheckResult, Report

CHECKED: Final = tuple(kind for kind in KINDS if kind in BASES and kind != "engine")
"""Kinds that there are checks for."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("name", metavar="NAME|DIST", help="a plugin, bare or as distribution/name, or a distribution")
    parser.add_argument("--kind", choices=CHECKED, help="of the plugin, where two kinds have the name")
    parser.add_argument(
        "--expect",
        action="append",
        default=[],
        metavar="CHECK=REASON",
        help="a check that is expected to fail or cannot be made, and why; it is a failure if it passes; likewise",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="OPTION=VALUE",
        help="an option of the plugin, its value as in YAML; may be given several times",
    )
    parser.add_argument("--only", action="append", default=[], metavar="CHECK", help="run this check alone; likewise")
    parser.add_argument("--format", choices=("text", "md"), default="text", help="md: Markdown for a pull request")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the report there instead of printing it")
    add_plugin(parser)
    add_json(parser)


def execute(args: argparse.Namespace) -> int:
    """Run the checks; 1 where one failed that was not expected to, or a plugin was not seen at its work."""
    registry = discover(args)
    whole = _distribution(registry, args)
    entries = _entries(registry, args.name, args.kind, whole=whole)
    expected = dict(_pair(text, "--expect", "CHECK=REASON") for text in args.expect)
    _known({*expected, *args.only}, {entry.kind for entry in entries} | ({"distribution"} if whole else set()))
    options = _options(args.settings)
    if options and len(entries) > 1:
        msg = f"--set is for one plugin, and {args.name!r} is {len(entries)}"
        raise FairforgetError(msg)
    reports = [_whole_report(registry, args, expected)] if whole and not options else []
    reports += [_report(registry, entry, expected, options, set(args.only)) for entry in entries]
    reports = [report for report in reports if report.results] or reports
    text = _text(reports, args)
    if args.out is None:
        sys.stdout.write(text)
    else:
        from fairforget.store.atomic import write_text

        write_text(args.out, text)
    return 0 if all(report.passed for report in reports) else 1


def _report(
    registry: Registry, entry: Registered, expected: dict[str, str], options: dict[str, Any], only: set[str]
) -> Report:
    from fairforget.testing.resolve import examine
    from fairforget.testing.runner import checks_for, run_checks

    mine = {check.name for check in checks_for(entry.kind)}
    print(printable(f"{entry.kind} {entry.canonical}"), file=sys.stderr)
    examined = examine(entry, options=options, registry=registry)
    if options:
        examined.described()  # what was given wrongly is the user's to mend, and no finding
    return run_checks(
        examined,
        expected_failures={name: reason for name, reason in expected.items() if name in mine},
        only=only & mine,
        progress=_tell,
    )


def _distribution(registry: Registry, args: argparse.Namespace) -> bool:
    """Return whether the name is that of a distribution, all of which is to be checked."""
    from fairforget.testing.distribution import find_distribution

    if args.kind is not None or "/" in args.name or any(matches(entry, args.name) for entry in registry.entries()):
        return False
    return find_distribution(args.name, registry.plugin_files) is not None


def _whole_report(registry: Registry, args: argparse.Namespace, expected: dict[str, str]) -> Report:
    from fairforget.testing.checks.discovery import DISCOVERY
    from fairforget.testing.distribution import check_distribution
    from fairforget.testing.results import Report

    mine = {check.name for check in DISCOVERY}
    only = set(args.only) & mine
    if args.only and not only:
        return Report("distribution", args.name, "", ())
    print(printable(f"distribution {args.name}"), file=sys.stderr)
    return check_distribution(
        args.name,
        plugin_files=registry.plugin_files,
        expected_failures={name: reason for name, reason in expected.items() if name in mine},
        only=only,
        on_fail="report",
        progress=_tell,
    )


def _tell(result: CheckResult, done: int, of: int) -> None:
    line = f"  {done}/{of} {result.check}: {result.status} ({result.seconds:.1f} s)"
    print(printable(line), file=sys.stderr)


def _entries(registry: Registry, name: str, kind: Any, *, whole: bool) -> list[Registered]:
    """Return what a name stands for: one plugin, or those of a distribution; `whole` where there is such a one."""
    of_kinds = [entry for entry in registry.entries() if entry.kind in CHECKED and kind in {None, entry.kind}]
    fitting = [entry for entry in of_kinds if matches(entry, name)]
    kinds = list(dict.fromkeys(entry.kind for entry in fitting))
    if len(kinds) > 1:
        msg = f"{name!r} is the name of a {' and of a '.join(kinds)}. Add --kind {' or --kind '.join(kinds)}."
        raise FairforgetError(msg)
    if kinds:
        return [registry.find(kinds[0], name)]
    if "/" not in name and (brought := [entry for entry in of_kinds if same_distribution(entry.dist, name)]):
        return brought
    if whole:
        return []
    names = [e.canonical if "/" in name else e.name for e in of_kinds] + [e.dist for e in of_kinds]
    failed = "".join(f"\nplugin {p.plugin} did not load: {p.error}" for p in registry.problems)
    others = [entry.kind for entry in registry.entries() if matches(entry, name) and entry not in of_kinds]
    if others:
        msg = f"{name!r} is the name of a {others[0]}; there are checks for {', '.join(CHECKED)}"
        raise FairforgetError(msg)
    msg = f"Nothing installed is called {name!r}. {did_you_mean(name.lower().replace('_', '-'), names)}{failed}"
    raise FairforgetError(msg)


def _known(names: set[str], kinds: set[Any]) -> None:
    """Raise where a name is that of no check of these kinds."""
    from fairforget.testing.checks.discovery import DISCOVERY
    from fairforget.testing.runner import checks_for, known

    there = {check.name for kind in kinds for check in checks_for(kind)}
    there |= {check.name for check in DISCOVERY} if "distribution" in kinds else set()
    for name in sorted(names - there):
        if len(kinds) == 1 and "distribution" not in kinds:
            known(name, next(iter(kinds)))
        msg = f"there is no check {name!r}. {did_you_mean(name, there, most=60)}"
        raise FairforgetError(msg)


def _pair(text: str, option: str, form: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value.strip()):
        msg = f"{option} {text!r}: write {form}"
        raise FairforgetError(msg)
    return name.strip(), value.strip()


def _options(settings: list[str]) -> dict[str, Any]:
    from fairforget.study.override import parse_setting

    found: dict[str, Any] = {}
    for text in settings:
        name, _ = _pair(text, "--set", "OPTION=VALUE")
        found[name] = parse_setting(text).value  # as in a study: 1e-5 is a number
    return found


def _text(reports: list[Report], args: argparse.Namespace) -> str:
    if args.json:
        found = [report.to_json() for report in reports]
        return json.dumps(found[0] if len(found) == 1 else found, indent=2, allow_nan=False) + "\n"
    if args.format == "md":
        return "\n".join(report.to_markdown() for report in reports)
    return "\n".join(_plain(report) for report in reports)


def _plain(report: Report) -> str:
    lines = [f"{report.kind} {report.name} {report.version}"]
    width = max((len(result.check) for result in report.results), default=0)
    for result in report.results:
        word = "failed as expected" if result.status == "failed" and result.expected else result.status
        lines.append(f"  {result.check.ljust(width)}  {word}")
        if result.status != "ran":
            lines += [f"      {line}" for line in result.message.splitlines()]
        if result.case:
            lines.append(f"      smallest case: run_cell(…, {result.case})")
        if result.status == "failed" and result.expected:
            lines.append(f"      expected: {result.expected}")
    lines.append(f"{f'{len(report.failures)} failed' if report.failures else report.verdict} ({report.ran})")
    if (unseen := report.unseen) is not None:
        lines.append(f"It was not seen at its work: {unseen.check} is {unseen.status}: {unseen.message}")
        if report.verdict == "not tested":
            lines.append(f"Give options with which it can be (--set), or say why not: --expect {unseen.check}=REASON")
    return printable("\n".join(lines), keep="\n") + "\n"
