"""Which cells belong together: the identity of tables, rows and strata, and names to tell them apart."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from fairforget.board.loose import items, mapping, number
from fairforget.store.record import Record
from fairforget.study.cell import canonical_json, scoring_part

_ORDER: Final = ("random", "easy", "medium", "hard", "in-distribution", "out-of-distribution")
_UNSEEN: Final = frozenset({"dist_version", "batch_tokens", "label", "paths"})
"""What does not decide whether cells may be compared: the task's own `version` speaks for its code."""


class DrawId(NamedTuple):
    """One forget set in one stratum of one sampler. A tuple, for boards sort hundreds of thousands of them."""

    stratum: str
    """Canonical JSON of sampler and stratum."""
    index: int  # type: ignore[assignment]  # nobody looks for a place in this tuple
    digest: str


def reference_of(record: Record) -> str | None:
    """Return which reference row a cell belongs to, if any."""
    found = record.cell["method"].get("reference")
    return found if isinstance(found, str) and found in {"untouched", "oracle"} else None


def comparison(record: Record) -> dict[str, Any]:
    """Return what has to be equal in a table, by the words that say what differs."""
    cell = record.cell
    task, draw, placeless = cell["task"], cell["draw"], scoring_part(cell)
    return {
        "task": task["name"],
        "task version": task["version"],
        "task options": dict(mapping(placeless["task"].get("options"))),
        "task data": task.get("data"),
        "target": cell["target"]["id"],
        "forget size": draw["size"] if type(draw.get("size")) is int else len(draw["forget"]),
        "unit of a draw": draw["unit"] if isinstance(draw.get("unit"), str) else "sample",
        # What is looked at on the way changes no score.
        "evaluation": {n: v for n, v in _stripped(placeless["evaluation"]).items() if n != "trajectory"},
        # What a reference row costs nobody chose, so it stands beside every budget, tuned or not.
        "budget": None if reference_of(record) else _stripped(cell["budget"]),
        "tuning": None if reference_of(record) else _tuning(record),
    }


@dataclass(frozen=True, slots=True)
class Declared:
    """What whoever submitted a cell says of it; see `fairforget.board.files.declarations`."""

    trials: int = 0
    """Trials by hand, outside of the search that a study makes."""
    trained_on_evaluation: bool = False
    on_same_draws: bool = False
    """Whether they were tried on the forget sets that were submitted."""
    by: str = ""
    """Who answers for the numbers; empty where nobody said."""
    code: str = ""
    """Where the code of the methods is; empty where it is not published."""


def declared_of(record: Record) -> Declared:
    """Return what is declared of a cell; nothing where it was not submitted."""
    found = record.extra.get("declared")
    return found if isinstance(found, Declared) else Declared()


def _tuning(record: Record) -> dict[str, Any] | None:
    """Return how hard a row was searched for, which has to be equal; None where it runs as its study gives it."""
    declared = declared_of(record).trials
    if not record.cell["method"].get("tuned"):
        return {"trials": declared} if declared else None
    trials = number(mapping(record.extra.get("tuning")).get("trials"))
    return {"trials": None if trials is None else int(trials) + declared}


def made_elsewhere(record: Record) -> str | None:
    """Return what is said to have made the model of a cell, where that was no run of the harness; None where it was."""
    method = record.cell["method"]
    return str(mapping(method["brought"]).get("made_by")) if "brought" in method else None


def any_made_elsewhere(records: Iterable[Record]) -> bool:
    """Return whether `made_elsewhere` says so of any record; those that share the object of their method are one."""
    methods = {id(record.cell["method"]): record for record in records}
    return any(made_elsewhere(record) is not None for record in methods.values())


def method_options(record: Record) -> Mapping[str, Any]:
    """Return the options of a cell's method; of one made elsewhere without where its models lie, and with its maker."""
    method, maker = record.cell["method"], made_elsewhere(record)
    options = mapping(method.get("options"))
    if maker is None:
        return options
    return {**{n: v for n, v in options.items() if n not in items(method.get("paths"))}, "made by": maker}


def row_id(record: Record) -> str:
    """Return the identity of a row: the method with version and options, the curriculum and the optimizer.

    Of models that were made elsewhere it is what made them: neither an optimizer of the study nor a path did.
    """
    cell = record.cell
    method = {name: cell["method"].get(name) for name in ("name", "dist_version", "options")}
    if reference := reference_of(record):
        return _short({"method": method, "reference": reference})
    if made_elsewhere(record) is not None:
        return _short({"method": {**method, "options": dict(method_options(record))}})
    curriculum = scoring_part(cell)["curriculum"]
    return _short({"method": method, "curriculum": curriculum, "optimizer": cell["optimizer"]})


def draw_of(record: Record) -> DrawId:
    """Return the draw of a cell."""
    draw = record.cell["draw"]
    sampler = {"name": draw["sampler"]["name"], "options": draw["sampler"].get("options", {})}
    return DrawId(canonical_json({"sampler": sampler, "stratum": draw["stratum"]}), draw["index"], draw["digest"])


def stratum_labels(strata: Mapping[str, Record]) -> dict[str, str]:
    """Return a label for every stratum, in the order of the board: random, easy, medium, hard, then by name.

    Args:
        strata: identity of a stratum -> one of its cells.
    """
    names = {key: record.cell["draw"]["stratum"] for key, record in strata.items()}
    order = sorted(
        strata, key=lambda key: (_ORDER.index(names[key]) if names[key] in _ORDER else len(_ORDER), names[key], key)
    )
    labels: dict[str, str] = {}
    for key in order:
        sampler = strata[key].cell["draw"]["sampler"]
        candidates = [names[key]]
        candidates.append(f"{names[key]} ({bare(sampler['name'])})")
        options = options_text(mapping(sampler.get("options")))
        candidates.append(f"{names[key]} ({bare(sampler['name'])} {options})")
        same = [other for other in order if names[other] == names[key]]
        if len(same) == 1:
            labels[key] = candidates[0]
            continue
        by_name = [strata[other].cell["draw"]["sampler"]["name"] for other in same]
        labels[key] = candidates[1 if by_name.count(sampler["name"]) == 1 else 2]
    return _distinct(labels)


def row_labels(rows: Mapping[str, Record]) -> dict[str, str]:
    """Return a label for every row: method, and what else is needed to tell it from the others of the table.

    Args:
        rows: identity of a row -> one of its cells.
    """
    ordered = [r for r in rows.values() if not reference_of(r) and made_elsewhere(r) is None]
    curricula = {_short(r.cell["curriculum"]) for r in ordered}
    labels = {}
    for key, record in rows.items():
        method, curriculum = record.cell["method"], record.cell["curriculum"]
        label = _label(method)
        if len(curricula) > 1 and curriculum is not None and not reference_of(record):
            label = f"{label} + {_label(curriculum)}"
        labels[key] = label
    for label in list(labels.values()):
        same = [other for other in rows if labels[other] == label]
        if len(same) > 1:
            extra = {other: _differences(rows[other], [rows[o] for o in same]) for other in same}
            labels |= {other: f"{label} ({extra[other]})" if extra[other] else label for other in same}
    return _distinct(labels)


def bare(name: str) -> str:
    """Return a canonical name without its distribution."""
    return name.rpartition("/")[2]


def options_text(options: Mapping[str, Any]) -> str:
    """Return options as ``a=1, b=x``."""
    return ", ".join(
        f"{name}={value if isinstance(value, str) else canonical_json(value)}" for name, value in options.items()
    )


def _label(part: Mapping[str, Any]) -> str:
    label = part.get("label")
    return label if isinstance(label, str) and label.strip() else bare(part["name"])


def _differences(record: Record, among: Sequence[Record]) -> str:
    """Return what of a row's method and optimizer is not the same in all rows of its name."""
    flat = [_flat(other) for other in among]
    mine = _flat(record)
    names = [name for name in mine if len({canonical_json(other.get(name)) for other in flat}) > 1]
    return options_text({name: mine[name] for name in names})


def _flat(record: Record) -> dict[str, Any]:
    method, curriculum = record.cell["method"], record.cell["curriculum"] or {}
    options, ordered = mapping(method.get("options")), mapping(curriculum.get("options"))
    return {
        "dist": method["name"].rpartition("/")[0],
        "version": method.get("dist_version"),
        **options,
        **{f"curriculum.{name}": value for name, value in ordered.items()},
        **{f"optimizer.{name}": value for name, value in record.cell["optimizer"].items()},
    }


def _distinct(labels: dict[str, str]) -> dict[str, str]:
    """Number labels that are still the same."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for key, label in labels.items():
        number, shown = 1, label
        while shown in taken:
            number += 1
            shown = f"{label} #{number}"
        taken.add(shown)
        found[key] = shown
    return found


def _stripped(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _stripped(inner) for name, inner in value.items() if name not in _UNSEEN}
    if isinstance(value, list):
        return [_stripped(inner) for inner in value]
    return value


def _short(value: Any) -> str:
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:12]
