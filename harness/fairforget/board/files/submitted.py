"""What a table says about who submitted its rows, and how they looked for their options."""

from __future__ import annotations

from collections.abc import Mapping

from fairforget.board import text
from fairforget.board.grouping import Group
from fairforget.board.identity import Declared, declared_of


def submission_notes(found: Group, titles: Mapping[str, str]) -> tuple[str, ...]:
    """Return a sentence for each submitter, and for the rows tuned on the forget sets that are compared.

    Args:
        found: the cells of a table.
        titles: identity of a row -> its label.
    """
    rows: dict[Declared, set[str]] = {}
    for row, cells in found.rows.items():
        for record in cells.values():
            if "declared" in record.extra and (said := declared_of(record)).by:
                rows.setdefault(said, set()).add(titles[row])
    submitters: dict[tuple[str, str], set[str]] = {}
    same: set[str] = set()
    for said, labels in rows.items():
        submitters.setdefault((said.by, said.code), set()).update(labels)
        if said.on_same_draws:
            same |= labels
    notes = [
        f"Submitted by {text.shown(by, 200)} ({text.shown(code, 310) if code else 'code not published'}): "
        f"{_listed(submitters[by, code])}."
        for by, code in sorted(submitters)
    ]
    if same:
        notes.append(f"Tuned by hand on the forget sets that are compared, which favours them: {_listed(same)}.")
    return tuple(notes)


def _listed(labels: set[str]) -> str:
    shown = sorted(text.shown(label) for label in labels)
    return ", ".join(shown[:10]) + (f" and {len(shown) - 10:,} more" if len(shown) > 10 else "")
