"""A comparison on a terminal."""

from __future__ import annotations

from fairforget.board.sheets.sheet import Sheet
from fairforget.board.text import plural
from fairforget.compare import words
from fairforget.compare.leftovers import summaries
from fairforget.compare.sheets import changes, verdicts
from fairforget.compare.values import Comparison
from fairforget.terminal import printable

_MOST = 20
"""So many lines of a kind are printed; Markdown and JSON have all."""


def render_terminal(found: Comparison) -> str:
    """Return the comparison as aligned text, without characters that steer a terminal."""
    lines: list[str] = []
    for section in found.sections:
        sheet = verdicts(found, section)
        lines += [sheet.title, *(_aligned(sheet) if sheet.lines else [])]
        lines += [said] if (said := words.unchanged(section)) else []
        lines += [*(words.control_text(control) for control in section.controls), ""]
    lines.append(words.about(found))
    for side in ("BASE", "HEAD"):
        alone = [cells for cells in found.unpaired if cells.side == side]
        lines += _few([f"only in {side}: {line}" for line in summaries(alone)])
    lines += _few(
        [f"not compared: {c.row}, {c.stratum}, {plural(c.cells, 'pair')}: {c.reason}" for c in found.not_compared]
    )
    lines += _few([f"changed: {' | '.join(cell.text for cell in line.cells)}" for line in changes(found).lines])
    lines.append(words.summary(found))
    return "\n".join(printable(line) for line in lines) + "\n"


def _few(lines: list[str]) -> list[str]:
    return lines if len(lines) <= _MOST else [*lines[:_MOST], f"… and {len(lines) - _MOST:,} more; --json has all"]


def _aligned(sheet: Sheet) -> list[str]:
    texts = [[head.label for head in sheet.heads], *([cell.whole for cell in line.cells] for line in sheet.lines)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if head.numeric else cell.ljust(width)
            for cell, width, head in zip(row, widths, sheet.heads, strict=True)
        ).rstrip()
        for row in texts
    ]
