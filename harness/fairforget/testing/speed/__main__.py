"""``python -m fairforget.testing.speed BASE [HEAD]``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from fairforget.cli.signals import heard_as_interrupts
from fairforget.errors import FairforgetError
from fairforget.terminal import printable
from fairforget.testing.speed.gate import Settings, run_gate
from fairforget.testing.speed.report import text, to_json


def main(
    arguments: Sequence[str] | None = None, *, tests: str = "benchmarks/speed", sources: Sequence[str] = ()
) -> int:
    """Run a gate from the command line.

    Args:
        arguments: those of the process where None.
        tests: where the benchmarks are unless ``--tests`` says it.
        sources: where the code is unless ``--source`` says it.

    Returns:
        0 passed; 1 something is slower, does not run, or counts otherwise; 2 the input is wrong; 129, 130, 143
        interrupted by SIGHUP, Ctrl-C, SIGTERM.
    """
    chosen = _parser(tests, sources).parse_args(arguments)
    where = tuple(chosen.source or sources or _guessed(Path.cwd()))
    settings = Settings(
        Path(chosen.tests), where, chosen.rounds, chosen.limit, tuple(chosen.only), update_counts=chosen.update_counts
    )
    with heard_as_interrupts() as asked:
        try:
            outcome = run_gate(chosen.base, chosen.head, settings)
        except FairforgetError as error:
            print(printable(f"error: {error}", keep="\n"), file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
            return asked.code or 130
    print(to_json(outcome) if chosen.json else text(outcome))
    return 0 if outcome.passed else 1


def _parser(tests: str, sources: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m fairforget.testing.speed",
        description="Fail where a change made benchmarks slower: base and head are measured in turns, in one job.",
    )
    parser.add_argument("base", help="the commit to compare with, such as origin/main")
    parser.add_argument("head", nargs="?", help="another commit; the working tree where it is left out")
    parser.add_argument("--tests", default=tests, help=f"folder of the benchmarks, from the root ({tests})")
    parser.add_argument(
        "--source",
        action="append",
        help=f"folder of importable code, from the root; may be repeated ({' '.join(sources) or 'src, else .'})",
    )
    parser.add_argument("--rounds", type=_rounds, default=15, help="rounds of each benchmark, at least 6 (15)")
    parser.add_argument("--limit", type=float, default=300.0, help="seconds that one turn may take (300)")
    parser.add_argument("--only", action="append", default=[], metavar="PART", help="benchmarks with this in the name")
    parser.add_argument("--update-counts", action="store_true", help="write counts.json of the head anew")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _rounds(value: str) -> int:
    if not value.isdecimal() or int(value) < 6:
        msg = f"{value} is not a whole number of at least 6: fewer rounds have no interval of 95 %"
        raise argparse.ArgumentTypeError(msg)
    return int(value)


def _guessed(root: Path) -> tuple[str, ...]:
    return ("src",) if (root / "src").is_dir() else (".",)


if __name__ == "__main__":
    sys.exit(main())
