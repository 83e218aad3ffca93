"""``fairforget run STUDY``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairforget.cli.log import add_log, open_log, tell_problems
from fairforget.cli.memory import print_memory
from fairforget.cli.output import add_plugin, discover, print_table, warn_of_problems
from fairforget.interrupted import interrupts_heeded
from fairforget.terminal import printable

if TYPE_CHECKING:
    import argparse

    from fairforget.cli.log import Log
    from fairforget.registry import Registry
    from fairforget.run.session import Session
    from fairforget.run.sharing.shards import Shard
    from fairforget.study.plan import Plan


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("study", metavar="STUDY", help="a study file, or a name from 'fairforget studies'")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where results go; default runs/<name of the study>")
    parser.add_argument("--engine", metavar="NAME[:N]", help="where cells run, with N workers; default: the study's")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a key of the study, for example budget.epochs=3; may be given several times",
    )
    parser.add_argument("--dry-run", action="store_true", help="print the plan and run nothing")
    parser.add_argument("--retry-failed", action="store_true", help="run cells again whose record says they failed")
    parser.add_argument(
        "--shard", metavar="I/N", help="run part I of N of the study; the parts' cells/ copied together are the whole"
    )
    add_log(parser)
    add_plugin(parser)


def execute(args: argparse.Namespace) -> int:
    """Run what is missing of a study, and make its board."""
    from fairforget.run.sharing.shards import Shard

    shard = None if args.shard is None else Shard.parse(args.shard)
    if args.dry_run:
        registry = discover(args)
        warn_of_problems(registry)
        plan = _plan(args, registry)
        _print_plan(plan, shard)
        print_memory(plan, registry)
        _print_forecast(plan, registry)
        return 0
    with ExitStack() as until_the_end:
        with open_log(args.log) as log:
            registry = discover(args)
            tell_problems(log, registry)
            plan = _plan(args, registry)
            folder = args.out or Path("runs") / plan.study.name
            until_the_end.enter_context(_kept(folder))
            log.opened(_about(plan, folder, args.shard))
            with _kept(folder):  # the log tells of an interrupt too, before it ends
                made = _run(plan, registry, folder, log, args, shard)
            ended = {"ran": made.outcome.ran, "failed": len(made.outcome.failed), "lost": len(made.outcome.lost)}
            log.closed({**ended, "cells": len(made.outcome.mine), "files": list(map(str, made.files))})
        return _show(made)


def _plan(args: argparse.Namespace, registry: Registry) -> Plan:
    from fairforget.study.load import open_study
    from fairforget.study.planning import make_plan

    settings = [*([f"engine={args.engine}"] if args.engine else []), *args.set]
    opened = open_study(args.study, registry, settings)
    return make_plan(opened.study, registry, opened.places)


def _about(plan: Plan, folder: Path, shard: str | None) -> dict[str, Any]:
    """Return what a log says of a run at its beginning."""
    from fairforget.study.spec import engine_spec

    return {
        "command": "run",
        "study": plan.study.name,
        "folder": str(folder.absolute()),
        "engine": engine_spec(plan.study.engine).name,
        "shard": shard,
    }


def _run(
    plan: Plan, registry: Registry, folder: Path, log: Log, args: argparse.Namespace, shard: Shard | None
) -> Session:
    from fairforget.run.session import run_to_board

    return run_to_board(plan, registry, folder, watcher=log, retry_failed=args.retry_failed, shard=shard)


@contextmanager
def _kept(folder: Path) -> Iterator[None]:
    """Have an interrupt inside say where what is done is kept, and how to go on."""
    try:
        with interrupts_heeded():
            yield
    except KeyboardInterrupt as interrupt:
        if str(interrupt):
            raise
        msg = f"interrupted; what is done is kept in {folder}, and the same command goes on from there"
        raise KeyboardInterrupt(msg) from None


def _show(made: Session) -> int:
    """Print the board; return the exit code."""
    from rich.console import Console

    from fairforget.board.forms.terminal import print_board

    print_board(made.board, Console())
    for file in made.files:
        print(printable(str(file)))
    return 1 if made.outcome.failed or made.outcome.lost else 0


def _print_plan(plan: Plan, shard: Shard | None) -> None:
    from fairforget.cli.plan_text import remarks

    rows = [
        [row.method, row.curriculum, f"{row.cells:,}", _count(row.updates), _count(row.forward_equivalents)]
        for row in plan.describe()
    ]
    print_table(["method", "curriculum", "cells", "updates", "forward-equivalents"], rows)
    print()
    for remark in remarks(plan):
        print(printable(remark))
    if shard is not None:
        print(printable(f"part {shard} runs {shard.share(plan)} of the {len(plan):,} cells that are no trials"))


def _print_forecast(plan: Plan, registry: Registry) -> None:
    from fairforget.cli.words import spell
    from fairforget.errors import FairforgetError
    from fairforget.paths import cache_folder
    from fairforget.run.forecast import forecast
    from fairforget.run.looks.stop_policies import NoLevel
    from fairforget.study.options import build
    from fairforget.study.spec import engine_spec

    engine = build(registry, "engine", engine_spec(plan.study.engine))
    try:
        found = forecast(plan, engine, cache_folder())
    except NoLevel:
        raise
    except FairforgetError as error:
        print(printable(f"estimated time: not known, and the study cannot run yet: {error}", keep="\n"))
        return
    if found is None:
        print("estimated time: not known before the target model is in the cache")
        return
    oracles = f", {spell(found.oracles)} for retraining" if found.oracles else ""
    beside = "judged by the target's training; evaluation comes on top"
    print(printable(f"estimated time: {spell(found.unlearning)} for updates{oracles}, {beside}"))


def _count(number: int | None) -> str:
    return "not known" if number is None else f"{number:,}"
