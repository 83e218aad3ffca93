"""``claims.md``: the report for terminals, pull requests and GitHub."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fairforget.board.forms.markdown import escape, sheet_lines
from fairforget.board.sheets.sheet import Sheet
from fairforget.claims.report.page import Facts, Report, Section
from fairforget.claims.report.reading import READING
from fairforget.claims.report.words import SIGNS


def render_markdown(report: Report) -> str:
    """Return the text of ``claims.md``; GitHub's Markdown, everything of others escaped. It has no figures."""
    return "\n".join(_document(report)) + "\n"


def _document(report: Report) -> Iterator[str]:
    yield from (
        "# Claims put to the test",
        "",
        f"{escape(report.standing)}. [How to read this](#how-to-read-this) says what the words mean.",
    )
    yield from sheet_lines(report.summary)
    if report.forests.numbers is not None:
        yield from sheet_lines(report.forests.numbers)
    for section in report.sections:
        yield from _section(section)
    yield from ("", '<a id="how-to-read-this"></a>', "", "## How to read this", "")
    yield from _facts(READING)


def _section(one: Section) -> Iterator[str]:
    # The anchor is ours: letters, digits and hyphens.
    name = f"{escape(one.name)}: " if one.title != one.name else ""
    yield from ("", f'<a id="{one.anchor}"></a>', "", f"## {name}{escape(one.title)}", "")
    yield f"**{SIGNS[one.verdict]} {one.verdict.capitalize()}.** {escape(one.means)}".rstrip()
    if one.statement:
        yield from ("", escape(one.statement))
    yield ""
    yield from _facts((*one.tested, *one.found))
    yield from (
        f"- **{escape(term)}**: {escape(text)} Here: drawn in claims.html; the numbers are in tables below."
        for term, text in one.redrawn
    )
    yield from (f"- **Note**: {escape(note)}" for note in one.notes)
    yield f"- **Run it again**: <code>{escape(one.command)}</code>"
    sheets: Sequence[Sheet | None] = (one.targets, one.controls, *one.printed, *one.numbers)
    for sheet in sheets:
        if sheet is not None:
            yield from sheet_lines(sheet)


def _facts(found: Facts) -> Iterator[str]:
    yield from (f"- **{term}**: {escape(text)}" for term, text in found)
