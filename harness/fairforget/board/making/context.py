"""What stands around a ranking: the columns, what differs between the strata, problems, where it comes from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from fairforget.board.grouping import Group
from fairforget.board.identity import DrawId, made_elsewhere
from fairforget.board.kept.columns import different, ranges
from fairforget.board.loose import items, mapping, number
from fairforget.board.making.overlap import Overlaps
from fairforget.board.values import Binning, Column, Covariate, Row, Trouble
from fairforget.stats.averages import enters_average
from fairforget.stats.intervals import Estimate, t_interval
from fairforget.stats.strata import spread_between
from fairforget.store.record import Record

RELIABLE = 0.8
"""Below this split-half reliability a difficulty score sorts too poorly to bin by."""


def columns_of(records: Sequence[Record]) -> tuple[Column, ...]:
    """Return the columns of all records, in the order of the first that has them."""
    return tuple(
        Column(
            name,
            score.role,
            score.better,
            enters_average(score, score.role),
            score.view,
            score.metric,
            score.on,
            (fewest, most),
        )
        for name, (score, fewest, most) in ranges(record.scores for record in records).items()
    )


def covariates_of(
    records: Sequence[Record], draw_of: Mapping[str, DrawId], labels: Mapping[str, str], overlaps: Overlaps
) -> tuple[Covariate, ...]:
    """Return the mean of every property of the forget sets in every stratum, over draws."""
    draws: dict[str, dict[DrawId, float]] = {}
    for record in records:
        for name, value in _covariates(record).items():
            draws.setdefault(name, {}).setdefault(draw_of[record.key], value)
    found = []
    for name in sorted(draws):
        there = {label: [d for d in sorted(draws[name]) if d.stratum == key] for key, label in labels.items()}
        values = {label: np.array([draws[name][d] for d in ids]) for label, ids in there.items()}
        with np.errstate(over="ignore", invalid="ignore"):
            shared = {label: overlaps.of(ids) for label, ids in there.items()}
            some = [label for label, drawn in values.items() if drawn.size]
            tested = spread_between([values[label] for label in some], [shared[label] for label in some])
            means = {label: t_interval(drawn, overlap=shared[label]) for label, drawn in values.items()}
        sound: dict[str, Estimate | None] = {k: v if v and math.isfinite(v.mean) else None for k, v in means.items()}
        found.append(Covariate(name, sound, tested[1] if tested and math.isfinite(tested[1]) else None))
    return tuple(found)


def binnings_of(records: Iterable[Record]) -> tuple[Binning, ...]:
    """Return the difficulty scores that samplers drew by, with their reliability."""
    found: dict[tuple[str, str], dict[str, set[Any]]] = {}
    for record in records:
        info = mapping(record.extra.get("draw_info"))
        advice = {text for text in items(info.get("advice")) if isinstance(text, str)}
        for score in map(mapping, items(info.get("scores"))):
            if not isinstance(score.get("name"), str):
                continue
            key = (record.cell["draw"]["sampler"]["name"], score["name"])
            entry = found.setdefault(key, {"reliability": set(), "cost": set(), "advice": set()})
            entry["advice"] |= advice
            entry["reliability"] |= {number(score.get("reliability"))} - {None}
            forward, backward = number(score.get("forward_sequences")), number(score.get("backward_sequences"))
            if forward is not None:
                entry["cost"].add(forward + 2 * (backward or 0))
    return tuple(
        Binning(
            sampler,
            name,
            min(entry["reliability"], default=None),
            max(entry["cost"], default=None),
            tuple(sorted(entry["advice"])),
        )
        for (sampler, name), entry in sorted(found.items())
    )


def problems_of(group: Group, titles: Mapping[str, str], labels: Mapping[str, str]) -> tuple[Trouble, ...]:
    """Return what went wrong, by row and kind, failures first; a failure that gives no reason is named too."""
    found: dict[tuple[bool, str, str], list[tuple[tuple[str, int, int, str], str]]] = {}
    for record in group.records:
        if not record.problems and record.status == "ok":
            continue
        draw, failed = group.draw_of[record.key], record.status == "failed"
        place = (labels[draw.stratum], draw.index, record.cell["seed"], record.key)
        shown = [(problem.kind, problem.message) for problem in record.problems]
        for kind, message in shown or ([("failed", "no reason recorded")] if failed else []):
            found.setdefault((not failed, titles[group.row_of[record.key]], kind), []).append((place, message))
    order = list(labels.values())
    made = []
    for (fine, row, kind), cells in sorted(found.items()):
        cells.sort(key=lambda c: (order.index(c[0][0]), *c[0][1:], c[1]))
        made.append(Trouble(row, not fine, kind, cells[0][1], tuple(dict.fromkeys(place for place, _ in cells))))
    return tuple(made)


def provenance_of(records: Sequence[Record]) -> dict[str, Any]:
    """Return which versions, machines and switches the cells were made with; a list where they are not all the same."""
    versions: dict[str, set[str]] = {}
    facts: dict[str, set[str]] = {}
    told = {
        (id(r.environment), r.cell["method"]["name"], str(r.cell["method"].get("dist_version"))): r for r in records
    }
    for record in told.values():
        for name, about in mapping(record.environment.get("distributions")).items():
            versions.setdefault(name, set()).add(_version(about))
        method = record.cell["method"]
        dist = method["name"].rpartition("/")[0]
        if dist and dist not in mapping(record.environment.get("distributions")):
            versions.setdefault(dist, set()).add(str(method.get("dist_version")))
        for name, value in record.environment.items():
            if name == "distributions":
                continue
            for inner, fact in mapping(value).items() if isinstance(value, Mapping) else [("", value)]:
                facts.setdefault(f"{name} {inner}".strip().replace("_", " "), set()).add(_fact(fact))
    return {
        "cells": len(records),
        "distributions": {name: sorted(versions[name]) for name in sorted(versions)},
        "environment": {name: sorted(facts[name]) for name in sorted(facts)},
    }


def notes_of(records: Sequence[Record], rows: Sequence[Row], columns: Sequence[Column]) -> tuple[str, ...]:
    """Return what a reader has to know beside the numbers."""
    notes = []
    reference = {row.reference: row for row in rows if row.reference}
    if "oracle" not in reference:
        recipe = records[0].cell["target"].get("training")
        why = "not available, for the target has no recipe to run again" if recipe is None else "not run"
        notes.append(f"retrain (the target trained without the forget set): {why}.")
    if "untouched" not in reference:
        notes.append("untouched (the target as it is): not run.")
    methods = {id(record.cell["method"]): record for record in records}
    if makers := sorted({maker for record in methods.values() if (maker := made_elsewhere(record)) is not None}):
        notes.append(
            f"Made elsewhere, with a ledger that is declared and not measured, so without a rank: {'; '.join(makers)}."
        )
    if odd := [c.name for c in columns if c.role != "diagnostic" and c.better != "higher" and _wanted(records, c.name)]:
        notes.append(f"Not in the averages, for lower is better there: {', '.join(odd)}.")
    if weighed := [name for name, score in records[0].scores.items() if score.average and score.weigh_by == "items"]:
        notes.append(f"In the averages each counts as often as it has items: {', '.join(weighed)}.")
    made = {id(r.environment): r.environment for r in records}
    own = {_version(mapping(one.get("distributions")).get("fairforget")) for one in made.values()}
    if len(own) > 1:
        notes.append(f"The cells were made with {len(own)} states of fairforget: {', '.join(sorted(own))}.")
    return tuple(notes)


def _wanted(records: Sequence[Record], column: str) -> bool:
    found = different(record.scores for record in records)
    return any(column in scores and scores[column].average for scores in found)


def _covariates(record: Record) -> dict[str, float]:
    found = mapping(record.extra.get("covariates")) or mapping(mapping(record.extra.get("draw_info")).get("covariates"))
    return {name: value for name, raw in found.items() if (value := number(raw)) is not None}


def _version(about: Any) -> str:
    """Return version and commit of a distribution in a few characters."""
    found = mapping(about)
    version = str(found.get("version", "unknown"))
    commit = found.get("commit")
    if not isinstance(commit, str) or not commit:
        return version
    return f"{version} ({commit[:12]}{', changed' if found.get('dirty') else ''})"


def _fact(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
