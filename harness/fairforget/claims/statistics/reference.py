"""The reference page of the statistics of claims, made from their classes.

``python -m fairforget.claims.statistics.reference > docs/reference/claim-statistics.md`` writes it; a test compares the
two.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from typing import Final

from fairforget.claims.statistics.base import Statistic
from fairforget.claims.statistics.loading import load
from fairforget.claims.statistics.names import STATISTICS
from fairforget.study.options import describe

_HEAD: Final = """\
# The statistics of claims

<!-- Written by `python -m fairforget.claims.statistics.reference`, as its module says; do not edit by hand. -->

The `statistic` of a [claim file](claims.md) is one of these, by its name or as a mapping with its name and options; so
is that of a control. Each tells the effect on one target, with a 95 % interval. What *figure* names stands under
`figure` in `claims.json`.
"""


def reference_page() -> str:
    """Return ``docs/reference/claim-statistics.md``."""
    return "\n".join([_HEAD, *(line for name in sorted(STATISTICS) for line in _section(name, load(STATISTICS[name])))])


def _section(name: str, cls: type[Statistic]) -> Iterator[str]:
    yield f"## `{name}`\n"
    yield f"{_markdown(inspect.getdoc(cls) or '')}\n"
    yield f"Independent units: {cls.unit}.\n"
    yield "| option | type | default | meaning |"
    yield "|---|---|---|---|"
    for option in describe(cls):
        default = "required" if option.default is None else f"`{option.default}`"
        cells = (f"`{option.name}`", option.type, default, _markdown(option.doc))
        yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"
    yield ""


def _markdown(text: str) -> str:
    """Return a docstring as Markdown: formulas, and code in single backticks."""
    return re.sub(r":math:`([^`]+)`", r"$\1$", text).replace("``", "`")


if __name__ == "__main__":
    sys.stdout.write(reference_page())
