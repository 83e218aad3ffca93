"""Whether two measurements are of one thing: another set of items is another benchmark, and is never compared."""

from __future__ import annotations

from collections.abc import Mapping

from fairforget.testing.quality.values import Column, Scores


def unlike(base: Scores, head: Scores) -> str | None:
    """Return in which way a measurement is of another thing than its baseline; None where it is of the same.

    The versions they were made with may differ: what these change is what a gate is there to judge.
    """
    if base.subject != head.subject:
        return (
            f"it is of {_shown(base.subject)}, and this is {_shown(head.subject)}; another subject needs another name"
        )
    parts = {**base.benchmark, **head.benchmark}
    if changed := [part for part in parts if base.benchmark.get(part) != head.benchmark.get(part)]:
        return f"the benchmark is another one: {', '.join(changed)}"
    if base.strata != head.strata:
        return "the forget sets are others"
    columns = {**base.columns, **head.columns}
    if changed := [name for name in columns if (name in base.columns) != (name in head.columns)]:
        return f"the columns are others: {', '.join(_signed(name, base.columns) for name in changed)}"
    for name, before in base.columns.items():
        if (found := _unlike_column(name, before, head.columns[name])) is not None:
            return found
    return None


def _unlike_column(name: str, before: Column, after: Column) -> str | None:
    if (before.role, before.on, before.averaged) != (after.role, after.on, after.averaged):
        return f"column {name} means something else now"
    if before.values.keys() != after.values.keys() or before.items.keys() != after.items.keys():
        return f"column {name} is of other forget sets"
    for draw, items in before.items.items():
        now = after.items[draw].keys()
        gone, new = sorted(items.keys() - now), sorted(now - items.keys())
        if gone or new:
            told = [
                f"{len(ids)} {word} ({_few(ids)})" for ids, word in ((gone, "without a value"), (new, "new")) if ids
            ]
            return f"the items of column {name} on {draw} are others: {', '.join(told)}"
    return None


def _few(ids: list[str]) -> str:
    return ", ".join(ids[:3]) + (" …" if len(ids) > 3 else "")


def _signed(name: str, base: Mapping[str, Column]) -> str:
    return f"{name} is {'gone' if name in base else 'new'}"


def _shown(subject: Mapping[str, object]) -> str:
    return ", ".join(f"{key}={value!r}" for key, value in subject.items()) or "nothing in particular"
