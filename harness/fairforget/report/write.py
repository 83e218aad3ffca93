"""The files of a report."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable
from pathlib import Path

from fairforget.report.figures import scatter, sensitivity
from fairforget.report.markdown import render
from fairforget.report.values import Report
from fairforget.store.atomic import write_text


def write_report(report: Report, folder: Path) -> tuple[Path, ...]:
    """Write ``report.md``, ``report.json`` and the figures into `folder`, each whole or not at all; return the paths.

    Raises:
        FairforgetError: the folder cannot be written.
    """
    files = {"report.json": json.dumps(report.to_json(), indent=1, allow_nan=False) + "\n"}
    names: dict[str, dict[str, str]] = {}
    for scored, stem in zip(report.scores, stems(scored.name for scored in report.scores), strict=True):
        made = names.setdefault(scored.name, {})
        if scored.attributes:
            made["attributes"] = f"attributes-{stem}.svg"
            files[made["attributes"]] = scatter(report, scored)
        if scored.sweeps:
            made["sensitivity"] = f"sensitivity-{stem}.svg"
            files[made["sensitivity"]] = sensitivity(scored)
    # The page comes last: it names the others.
    files["report.md"] = render(report, names)
    for name, content in files.items():
        write_text(folder / name, content)
    return tuple(folder / name for name in ("report.md", *(name for name in files if name != "report.md")))


def require_writable(folder: Path) -> None:
    """Make `folder` and try it, for whoever scores for an hour wants to know before.

    Raises:
        FairforgetError: the folder cannot be made or written.
    """
    probe = folder / f".probe-{secrets.token_hex(4)}"
    write_text(probe, "")
    probe.unlink(missing_ok=True)


def stems(names: Iterable[str]) -> list[str]:
    """Return a part of a file's name for each name: letters, digits and hyphens, each once, whatever a plugin says."""
    found: list[str] = []
    for name in names:
        plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "score"
        stem, number = plain, 1
        while stem in found:
            number += 1
            stem = f"{plain}-{number}"
        found.append(stem)
    return found
