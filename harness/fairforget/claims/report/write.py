"""The files of the report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from fairforget.claims.report.html import render_html
from fairforget.claims.report.markdown import render_markdown
from fairforget.claims.report.page import Report
from fairforget.store.atomic import write_text

RENDERERS: Final[dict[str, Callable[[Report], str]]] = {"html": render_html, "md": render_markdown}
"""Format, which is the ending of the file too -> how it is made."""


def write_report(report: Report, out: Path, form: str | None = None) -> list[Path]:
    """Write ``claims.html`` and ``claims.md``, or the one of a format, each whole or not at all; return the paths.

    The same files of claims and outcomes give the same bytes.

    Raises:
        FairforgetError: the folder cannot be written.
    """
    paths = []
    for name in RENDERERS if form is None else (form,):
        paths.append(out / f"claims.{name}")
        write_text(paths[-1], RENDERERS[name](report))
    return paths
