"""The page of verdicts among the docs, made from the file of outcomes and from nothing else.

Run it as ``python -m fairforget.claims.report.verdicts leaderboards/pages > docs/explanation/claims-verdicts.md``;
claim files that no plugin ships, or folders of them, may follow the folder.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from fairforget.board.forms.markdown import escape
from fairforget.board.text import listed, shown
from fairforget.claims.outcome_file import read_outcomes
from fairforget.claims.report import words
from fairforget.claims.report.told import Told, told
from fairforget.registry import Registry

_HEAD: Final = """\
# Verdicts on claims

<!-- Written by `python -m fairforget.claims.report.verdicts`, as its module says; do not edit by hand. -->

What papers say of unlearning, put to the test by studies on small models that fairforget trains itself: on those
targets, no more. The [report](../../leaderboards/pages/claims.md) tells of each claim what was tested, how sure the
verdict is and what would change it; [test a claim](../how-to/test-a-claim.md) tells how to judge it again from the
published cells.
"""
_REPORT: Final = "../../leaderboards/pages/claims.md"


def verdicts_page(claims: Sequence[Told]) -> str:
    """Return ``docs/explanation/claims-verdicts.md``: a line a claim, and what each verdict means for who unlearns."""
    return "\n".join(_lines(claims)) + "\n"


def _lines(claims: Sequence[Told]) -> Iterator[str]:
    yield _HEAD
    yield f"{_standing(claims)}\n"
    yield "| claim | verdict | what is claimed | effect (95 % interval) | expected | n |"
    yield "|---|---|---|---|---|---|"
    yield from map(_row, claims)
    yield from ("", "## What they mean for someone who unlearns", "")
    yield from map(_meaning, claims)


def _standing(claims: Sequence[Told]) -> str:
    of_each = {verdict: sum(one.outcome.judged.verdict == verdict for one in claims) for verdict in words.SIGNS}
    return f"{len(claims)} claims: {listed([f'{n} {verdict}' for verdict, n in of_each.items()])}."


def _row(one: Told) -> str:
    judged, file = one.outcome.judged, None if one.read is None else one.read.file
    cells = (
        _link(one),
        words.verdict(judged.verdict),
        escape(one.title),
        escape(words.effect_text(judged.effect)),
        "–" if file is None else escape(words.expected(file.expect)),
        escape(words.units(judged.effect)),
    )
    return f"| {' | '.join(cells)} |"


def _meaning(one: Told) -> str:
    verdict = one.outcome.judged.verdict
    means = "Its claim file is not installed." if one.read is None else getattr(one.read.file.means, verdict)
    return f"- {_link(one)}, {words.verdict(verdict)}: {escape(shown(means, 2_000))}"


def _link(one: Told) -> str:
    # The anchor is ours: letters, digits and hyphens.
    return f"[{escape(one.name)}]({_REPORT}#{one.anchor})"


if __name__ == "__main__":
    folder, *files = map(Path, sys.argv[1:])
    sys.stdout.write(verdicts_page(told(read_outcomes(folder), Registry.discover([]), files)))
