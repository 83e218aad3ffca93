"""A report as Markdown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fairforget.terminal import printable

if TYPE_CHECKING:
    from fairforget.testing.results import CheckResult, Report


def to_markdown(report: Report) -> str:
    """Return the report as a heading, a table of checks, and the failures with their smallest cases."""
    counts = _counts(report)
    lines = [f"### fairforget check: {_code(f'{report.kind} {report.name}')} {_text(report.version)}", ""]
    lines += [f"{report.verdict.capitalize()}: {counts}.", ""]
    if (unseen := report.unseen) is not None:
        lines += [f"**It was not seen at its work: {_text(report.ran)}.** {unseen.check}: {_text(unseen.message)}", ""]
    if report.options:
        lines += [f"Options given: {_code(json.dumps(dict(report.options), default=str))}", ""]
    lines += ["| check | result | |", "|---|---|---|"]
    lines += [f"| {r.check} | {_word(r)} | {_text(_short(r))} |" for r in report.results]
    for failure in [r for r in report.results if r.status == "failed"]:
        lines += ["", f"**{failure.check}** – {_text(failure.purpose)}", ""]
        lines += [f"    {line}" for line in printable(failure.message, keep="\n").splitlines()]
        if failure.case:
            lines += ["", f"Smallest case: {_code(f'run_cell(…, {failure.case})')}"]
        if failure.expected:
            lines += ["", f"Expected: {_text(failure.expected)}"]
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    return "\n".join([*lines, "", _text(versions)]) + "\n"


def _counts(report: Report) -> str:
    words = [_word(result) for result in report.results]
    return ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words))


def _word(result: CheckResult) -> str:
    return "failed as expected" if result.status == "failed" and result.expected else result.status


def _short(result: CheckResult) -> str:
    if result.status == "ran":
        return result.purpose
    if result.status != "failed":
        return result.message.partition("\n")[0] + (f" (expected: {result.expected})" if result.expected else "")
    return result.expected or result.message.partition("\n")[0]


def _text(text: str) -> str:
    """Return one line of text that Markdown takes as text."""
    plain = printable(" ".join(text.split()))
    return "".join(f"\\{c}" if c in r"\`*_[]<>|#" else c for c in plain)


def _code(text: str) -> str:
    """Return a code span; it has no backticks inside."""
    return f"`{printable(' '.join(text.split())).replace('`', chr(39)).replace('|', '/')}`"
