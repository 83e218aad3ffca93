"""``fairforget score TASK --by NAME``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairforget.cli.log import add_log, open_log, tell_problems
from fairforget.cli.output import add_json, add_plugin, discover, print_json, print_table
from fairforget.terminal import printable

if TYPE_CHECKING:
    from fairforget.cli.log import Log
    from fairforget.report.values import Report
    from fairforget.run.scoring import Scoring
    from fairforget.study.options import Built

_MOST = 1_000_000
"""Draws that ``--draws`` may ask for."""
_DEFAULT = Path()
"""This very object stands for ``--report`` without a folder."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("task", metavar="TASK", help="a task from 'fairforget plugins list --kind task'")
    parser.add_argument(
        "--by",
        action="append",
        required=True,
        metavar="NAME",
        help="a difficulty, for example mrd; may be given several times",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="an option of the task (task.people=20), of a difficulty (mrd.sigma=0.01, or by.sigma=0.01 where there is "
        "one) or of the model (model.path=…)",
    )
    parser.add_argument("--model", metavar="PATH", help="hub id or folder of the base model, where not the task's own")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the draws; default 0")
    parser.add_argument(
        "--report",
        nargs="?",
        type=Path,
        const=_DEFAULT,
        metavar="DIR",
        help="put the scores beside length, probability, frequency, complexity and rare words, and vary noise and "
        "draws: report.md, report.json and figures in DIR, by default reports/TASK-NAME",
    )
    parser.add_argument(
        "--sigmas",
        type=_numbers(float),
        metavar="LIST",
        help="with --report: sizes of the noise to try, as 1e-4,1e-3, or none; default: .1, .3, 1, 3 and 10 times",
    )
    parser.add_argument(
        "--draws",
        type=_numbers(int),
        metavar="LIST",
        help="with --report: numbers of draws to try, as 10,50,200, or none; default: 1/16, 1/8, 1/4, 1/2 and all",
    )
    add_log(parser)
    add_plugin(parser)
    add_json(parser)


def execute(args: argparse.Namespace) -> int:
    """Print the difficulty of every sample of a task's pool."""
    from fairforget.errors import FairforgetError
    from fairforget.run.scoring import open_scoring

    if args.report is None and (args.sigmas is not None or args.draws is not None):
        msg = "--sigmas and --draws say what --report tries; add --report"
        raise FairforgetError(msg)
    with open_log(args.log) as log:
        registry = discover(args)
        tell_problems(log, registry)
        scoring, difficulties = open_scoring(registry, args.task, args.by, args.set, model=args.model, seed=args.seed)
        log.opened({"command": "score", "task": args.task, "by": args.by})
        if args.report is not None:
            report, paths = _make_report(scoring, difficulties, args, log)
            log.closed({"files": list(map(str, paths))})
        else:
            found = []
            for built in difficulties:
                log.stage(f"scoring the pool by {built.entry.name}")
                found.append(_trusted(scoring.score(built)))
            log.closed({})
    if args.report is not None:
        return _show_report(report, paths, args)
    if args.json:
        print_json(found[0] if len(found) == 1 else {"scores": found})
        return 0
    for i, name in enumerate(args.by):
        if i:
            print()
        _show(name, found[i])
    return 0


def _make_report(
    scoring: Scoring, difficulties: tuple[Built, ...], args: argparse.Namespace, log: Log
) -> tuple[Report, list[Path]]:
    from fairforget.report.build import build_report
    from fairforget.report.write import require_writable, stems, write_report

    folder = args.report
    if folder is _DEFAULT:
        folder = Path("reports", *stems(["-".join([args.task, *args.by])]))
    require_writable(folder)
    report = build_report(scoring, difficulties, sigmas=args.sigmas, draws=args.draws, told=log.stage)
    return report, list(write_report(report, folder))


def _show_report(report: Report, paths: list[Path], args: argparse.Namespace) -> int:
    if args.json:
        print_json({**report.to_json(), "files": [str(path) for path in paths]})
        return 0
    _summary(report)
    print()
    for path in paths:
        print(printable(str(path)))
    return 0


def _summary(report: Report) -> None:
    from fairforget.report.figures import said
    from fairforget.report.trust import trust_lines

    for scored in report.scores:
        print_table([scored.name, ""], trust_lines(scored.trust))
        print()
        rows = [
            [b.name, str(b.raw.n), said(b.raw), "" if b.partial is None else said(b.partial)] for b in scored.attributes
        ]
        print_table(["attribute", "n", "Spearman (95 %)", "given length (95 %)"], rows)
        print()
    for attribute in report.attributes:
        if attribute.gap is not None:
            print(printable(f"{attribute.name} is not here: {attribute.gap}"))
    for pair in report.pairs:
        print(printable(f"{pair.first} and {pair.second}: {said(pair.raw)}, given length {said(pair.partial)}"))


def _trusted(found: Mapping[str, Any]) -> dict[str, Any]:
    from fairforget.report.trust import trust_of

    return {**found, "trust": trust_of(found)}


def _show(name: str, found: Mapping[str, Any]) -> None:
    from fairforget.report.trust import reasons, trust_lines

    why = reasons(found)
    errors = found["stderr"] or [None] * len(found["values"])
    rows = [
        [sample, _number(value), _number(error), why.get(sample, "")]
        for sample, value, error in sorted(
            zip(found["ids"], found["values"], errors, strict=True), key=lambda row: (row[1] is None, row[1] or 0)
        )
    ]
    heads = ["sample", name, "standard error", "excluded"]
    print_table(heads[: 4 if why else 3], [row[: 4 if why else 3] for row in rows])
    unit = f", in {found['unit']}" if found["unit"] else ""
    print(printable(f"\nhigher is {found['higher_is']}{unit}\n", keep="\n"))
    print_table(["trust", ""], trust_lines(found["trust"]))


def _number(value: Any) -> str:
    return "" if value is None else f"{value:.4g}"


def _numbers(kind: type[int | float]) -> Any:
    """Return what reads a list of numbers for argparse."""

    def read(text: str) -> list[float]:
        if text.strip() == "none":
            return []
        try:
            found = [kind(part) for part in text.split(",")]
        except ValueError:
            found = []
        most = _MOST if kind is int else sys.float_info.max
        if not found or not all(0 < value <= most for value in found):
            word = f"whole numbers up to {_MOST:,}" if kind is int else "numbers"
            msg = f"{text!r} is no list of positive {word} as 10,50,200, and not 'none'"
            raise argparse.ArgumentTypeError(msg)
        return sorted(set(found))

    return read
