"""``python -m fairforget.testing.quality BASE [HEAD]``."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from fairforget.cli.signals import heard_as_interrupts
from fairforget.errors import FairforgetError
from fairforget.terminal import printable
from fairforget.testing.quality.gate import MARGIN, STUDY
from fairforget.testing.quality.revisions import Runs, compare_revisions


def main(arguments: Sequence[str] | None = None, *, sources: Sequence[str] = ()) -> int:
    """Run a study by base and head, and compare.

    Args:
        arguments: those of the process where None.
        sources: where the code is unless ``--source`` says it.

    Returns:
        0 nothing is worse; 1 something is; 2 the input is wrong; 129, 130, 143 interrupted by SIGHUP, Ctrl-C, SIGTERM.
    """
    from fairforget.compare.markdown import render_markdown
    from fairforget.compare.terminal import render_terminal

    chosen = _parser(sources).parse_args(arguments)
    where = tuple(chosen.source or sources or (("src",) if Path("src").is_dir() else (".",)))
    runs = Runs(chosen.study, where, tuple(chosen.set), chosen.margin, chosen.score)
    with heard_as_interrupts() as asked:
        try:
            found = compare_revisions(chosen.base, chosen.head, runs)
        except FairforgetError as error:
            print(printable(f"error: {error}", keep="\n"), file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
            return asked.code or 130
    sys.stdout.write(render_markdown(found) if chosen.format == "md" else render_terminal(found))
    rejected = [f"{name} in {side} is not used: {reason}" for side, name, reason in found.rejected]
    red = found.fails(chosen.fail_on)
    for reason in [*red, *rejected]:
        print(printable(f"quality: {reason}"), file=sys.stderr)
    if rejected:
        return 2  # what is missing might have turned the gate
    return 1 if red else 0


def _parser(sources: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m fairforget.testing.quality",
        description="Fail where a change made a method worse: base and head run the same study, and are compared.",
    )
    parser.add_argument("base", help="the commit to compare with, such as origin/main")
    parser.add_argument("head", nargs="?", help="another commit; the working tree where it is left out")
    parser.add_argument("--study", default=STUDY, help=f"a study file, or the name of a study ({STUDY})")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a key of the study")
    parser.add_argument(
        "--source",
        action="append",
        help=f"folder of importable code, from the root; may be repeated ({' '.join(sources) or 'src, else .'})",
    )
    parser.add_argument("--margin", type=_margin, default=MARGIN, metavar="X", help=f"a loss that matters ({MARGIN})")
    parser.add_argument("--score", default="score", metavar="NAME", help="score, completeness, utility or a column")
    parser.add_argument("--fail-on", choices=("worse", "cannot-tell"), default="worse", help="see fairforget compare")
    parser.add_argument("--format", choices=("text", "md"), default="text", help="of the page (text)")
    return parser


def _margin(value: str) -> float:
    number = float(value)
    if not 0 <= number < math.inf:
        msg = f"{value} is not a loss: 0 or more"
        raise argparse.ArgumentTypeError(msg)
    return number


if __name__ == "__main__":
    sys.exit(main())
