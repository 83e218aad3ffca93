"""Whether the report of claims and the page of verdicts are what the published packs make."""

from __future__ import annotations

import contextlib
import difflib
import importlib.util
import io
import runpy
import sys
from pathlib import Path

from fairforget.claims.packs.folders import lies_packed
from fairforget.cli import main

REPORT = ("claims.json", "claims.html", "claims.md")
NOTHING = "no evidence of claims is published yet"


def wrong(packs, pages, page, built, rounds=(("--all",),), files=(), plugin=()):
    """Return what is wrong with what is published; None where nothing is.

    Args:
        packs: folder of the evidence.
        pages: folder of the report.
        page: the verdicts among the docs.
        built: an empty folder, where all of it is made anew.
        rounds: those that are judged, as on the command line, one command after the other.
        files: claim files that no plugin ships, or folders of them.
        plugin: ``--plugin`` with its file.
    """
    published = [path for path in (*(pages / name for name in REPORT), page) if path.exists()]
    if not (packs.is_dir() and lies_packed(packs)):
        return [f"{path.name} is published, and its evidence is not" for path in published] or None
    judge = ["--judge-only", "--evidence", str(packs), "--out", str(built), "--log", "none"]
    given = [text for file in files for text in ("--claim", str(file))]
    for claims in rounds:
        assert main(["claims", "run", *map(str, claims), *judge, *plugin]) == 0
    assert main(["claims", "report", str(built), *given, *plugin]) == 0
    (built / page.name).write_bytes(_verdicts(built, *files).encode())
    return [
        f"{path.name} is not what the packs make: {_first_difference(path, built / path.name)}"
        for path in (*(pages / name for name in REPORT), page)
        if not path.exists() or path.read_bytes() != (built / path.name).read_bytes()
    ]


def _verdicts(*arguments):
    """Return what ``python -m fairforget.claims.report.verdicts`` prints."""
    before, sys.argv = sys.argv, ["verdicts", *map(str, arguments)]
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            runpy.run_path(importlib.util.find_spec("fairforget.claims.report.verdicts").origin, run_name="__main__")
    finally:
        sys.argv = before
    return printed.getvalue()


def _first_difference(published: Path, made: Path) -> str:
    if not published.exists():
        return "it is not there"
    before, after = (path.read_text(errors="replace").splitlines() for path in (published, made))
    lines = (line for line in difflib.unified_diff(before, after, "published", "made", n=0, lineterm=""))
    return " ".join(line[:200] for _, line in zip(range(5), lines, strict=False))
