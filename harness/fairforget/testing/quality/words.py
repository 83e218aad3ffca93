"""What a gate says."""

from __future__ import annotations

from collections.abc import Sequence

from fairforget.testing.quality.values import Judgement

UPDATE = "pytest --quality-update"


def line(found: Judgement) -> str:
    """Return one line on one role."""
    where = f"{found.name}: {found.role}"
    if found.verdict == "same":
        return f"{where} {found.head:.3f}, the same to the last bit"
    return f"{where} {found.base:.3f} -> {found.head:.3f}, {interval(found)}: {found.verdict}"


def interval(found: Judgement) -> str:
    """Return the change with its interval."""
    if found.low is None or found.high is None:
        return f"{found.change:+.4f}"
    return f"{found.change:+.4f} [{found.low:+.4f}, {found.high:+.4f}]"


def complaint(found: Judgement) -> str:
    """Return why a gate is red, with what lost most."""
    if found.low is None or found.high is None:
        return line(found)
    if found.verdict == "worse":
        span = f"{-found.change:.4f} [{-found.high:.4f}, {-found.low:.4f}]"
        head = f"{found.name}: {found.role} fell by {span}, more than {found.margin:g}, from {found.base:.3f}"
    else:
        head = (
            f"{found.name}: a loss of {found.margin:g} in {found.role} is not ruled out: {interval(found)}, "
            f"from {found.base:.3f}"
        )
    columns = ", ".join(f"{name} {change:+.3f}" for name, change in found.columns.items())
    worst = ", ".join(f"{item} {change:+.2f}" for item, change in found.worst)
    return "\n".join(
        part for part in (head, f"  columns: {columns}", f"  worst items: {worst}" if worst else "") if part
    )


def improvement(found: Judgement) -> str:
    """Return the advice to keep a gain."""
    return (
        f"{found.name}: {found.role} rose by {interval(found)}, more than {found.margin:g}; without a new baseline "
        f"({UPDATE}) the gain can be lost unseen"
    )


def markdown(found: Sequence[Judgement]) -> str:
    """Return a table for the summary of a job."""
    rows = [
        f"| {_cell(j.name)} | {_cell(j.role)} | {j.base:.3f} | {j.head:.3f} | {interval(j)} | {j.margin:g} "
        f"| {j.verdict} |"
        for j in found
    ]
    head = "| method | what | baseline | now | change [95 %] | margin | verdict |"
    return "\n".join([head, "|---|---|---:|---:|---|---:|---|", *rows, ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
