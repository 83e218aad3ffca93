"""A comparison as Markdown, for pull requests."""

from __future__ import annotations

from collections.abc import Iterator

from fairforget.board.forms.markdown import escape, sheet_lines
from fairforget.board.text import plural, shown
from fairforget.compare import words
from fairforget.compare.leftovers import summaries
from fairforget.compare.sheets import changes, verdicts
from fairforget.compare.values import Comparison, Section


def render_markdown(found: Comparison) -> str:
    """Return the comparison in GitHub's Markdown, everything of others escaped."""
    return "\n".join(_document(found)) + "\n"


def _document(found: Comparison) -> Iterator[str]:
    yield from ("# BASE and HEAD", "", f"**{escape(words.summary(found))}**")
    worse = [words.headline(*where) for where in found.differences() if where[2].verdict == "worse"]
    if worse:
        yield ""
        yield from (f"- {escape(line)}" for line in worse)
    for section in found.sections:
        yield from _section(found, section)
    for side in ("BASE", "HEAD"):
        alone = [cells for cells in found.unpaired if cells.side == side]
        if alone:
            yield from ("", f"### Only in {side}", "")
            yield from (f"- {escape(line)}" for line in summaries(alone))
    if found.not_compared:
        yield from ("", "### Not compared", "")
        yield from (
            f"- {escape(f'{c.row}, {c.stratum}, ' + plural(c.cells, 'pair'))}: {escape(c.reason)}"
            for c in found.not_compared
        )
    if found.changes:
        yield from sheet_lines(changes(found))
    if found.rejected:
        yield from ("", "### Files not used", "")
        yield from (f"- {side}: {escape(shown(name))}: {escape(shown(why, 200))}" for side, name, why in found.rejected)


def _section(found: Comparison, section: Section) -> Iterator[str]:
    sheet = verdicts(found, section)
    if sheet.lines:
        yield from sheet_lines(sheet)
    else:
        yield from ("", f"### {escape(sheet.title)}")
    if said := words.unchanged(section):
        yield from ("", escape(said))
    if section.controls:
        yield from ("", "Reference rows, which change where target, evaluation or oracle did:", "")
        yield from (f"- {escape(words.control_text(control))}" for control in section.controls)
