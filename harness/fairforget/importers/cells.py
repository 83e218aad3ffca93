"""Records from logs: every author of the one forget set a draw, or all of it one draw.

A foreign evaluation is of one model that unlearned one forget set. Its authors (groups of consecutive questions) stand
in for draws, so that methods can be compared in pairs with intervals; these intervals are over authors of that forget
set and say nothing about other forget sets or other runs, which every record says. Utility is that of the model, the
same in each of its records. What nobody recorded (budget, optimizer, ledger) is null or empty.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from fairforget.api.sample import digest_of
from fairforget.errors import FairforgetError
from fairforget.importers.columns import Column, Measured, column_of, measure, plain_mean
from fairforget.importers.log import SETS, Log
from fairforget.store.provenance import environment
from fairforget.store.record import Problem, Record
from fairforget.study.cell import cell_key
from fairforget.study.draws import forget_digest

VERSION: Final = 1
"""Raised by hand whenever the same file would get other scores."""
WHOLE: Final = "whole"
BINS: Final = ("easy", "medium", "hard")
_NAME: Final = re.compile(r"[^\x00-\x1f\x7f/\\]{1,100}")


@dataclass(frozen=True, slots=True)
class Source:
    """A log and the row it belongs to."""

    log: Log
    label: str
    reference: Literal["untouched", "oracle"] | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """A part of the forget set that stands as a draw."""

    stratum: str
    index: int
    chosen: tuple[str, ...]
    loss: float | None
    """Mean loss of the answers under the untouched model."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How logs become records."""

    group: int | None = 20
    """Consecutive questions that are one author; None = the whole forget set is one draw."""
    strata: bool = False
    """Sort the authors by their loss under the untouched model into easy, medium and hard."""
    target: str | None = None
    """What the unlearned model was before."""
    seed: int = 0


def records(sources: Sequence[Source], settings: Settings) -> Iterator[Record]:
    """Yield the records of all sources, the same draws for each.

    Raises:
        FairforgetError: the logs are about different questions, or what is asked for needs a log that is not there.
    """
    by_reference = {source.reference: source.log for source in sources if source.reference}
    retrained, untouched = by_reference.get("oracle"), by_reference.get("untouched")
    for source in sources:
        for other in (retrained, untouched):
            if other is not None:
                _check_alike(source.log, other)
    target = settings.target or (f"imported:{untouched.digest[:12]}" if untouched else "not known")
    baseline = measure(retrained) if retrained else None
    for source in sources:
        found = measure(source.log)
        _check_names(source.log, found)
        for cut in _cuts(source.log, untouched, settings):
            yield _record(source, found, cut, baseline, retrained, target, settings)


def _cuts(log: Log, untouched: Log | None, settings: Settings) -> list[Cut]:
    ids = log.ids("forget")
    if settings.strata and (untouched is None or settings.group is None or not log.sets.get("forget")):
        msg = "strata are made of authors by their loss under the untouched model: give its log as --untouched"
        raise FairforgetError(msg)
    # Without TOFU's questions nobody knows what belongs to one author.
    if settings.group is None or not log.sets.get("forget"):
        return [Cut(WHOLE, 0, tuple(ids.values()), _loss(untouched, list(ids)))]
    groups: dict[int, list[int]] = {}
    for number in ids:
        groups.setdefault(number // settings.group, []).append(number)
    if short := next((numbers for numbers in groups.values() if len(numbers) != settings.group), None):
        msg = (
            f"{log.name}: questions {short[0]} to {short[-1]} are {len(short)}, and not the {settings.group} of an "
            "author; give --group how many questions every author has, or --whole"
        )
        raise FairforgetError(msg)
    authors = [
        Cut("author", index, tuple(ids[i] for i in numbers), _loss(untouched, numbers))
        for index, numbers in enumerate(groups.values())
    ]
    if not settings.strata:
        return authors
    # A higher loss: less of it is remembered, the easier it goes. Ties by the order of the file.
    order = sorted(authors, key=lambda cut: (-math.inf if cut.loss is None else -cut.loss, cut.index))
    return [
        Cut(name, index, order[position].chosen, order[position].loss)
        for name, positions in zip(BINS, np.array_split(np.arange(len(order)), len(BINS)), strict=True)
        for index, position in enumerate(positions)
    ]


def _loss(untouched: Log | None, numbers: Sequence[int]) -> float | None:
    if untouched is None:
        return None
    known = [one.loss for i in numbers if (one := untouched.sets.get("forget", {}).get(i)) and one.loss is not None]
    return plain_mean(known)


def _record(
    source: Source,
    found: Measured,
    cut: Cut,
    baseline: Measured | None,
    retrained: Log | None,
    target: str,
    settings: Settings,
) -> Record:
    log = source.log
    holdout = {column_of(name): f.items["holdout"] for name, f in log.further.items() if "holdout" in f.items}
    columns = found.chosen(cut.chosen, baseline, holdout)
    whole = cut.stratum == WHOLE or len(cut.chosen) == len(log.ids("forget"))
    # A number without items, about the forget set as a whole, says nothing of one author.
    omitted = [] if whole else [n for n, c in columns.items() if c.score.on == "forget" and not c.items]
    columns = {name: column for name, column in columns.items() if name not in omitted}
    hashes = _hashes(log)
    cell = {
        "schema": 1,
        "task": _task(log, hashes),
        "target": {"id": target, "training": None},
        "draw": _draw(cut, settings, hashes),
        "method": {
            "name": f"imported:{source.label}",
            "dist_version": None,
            "options": {},
            "label": source.label,
            "reference": source.reference,
        },
        "curriculum": None,
        "seed": settings.seed,
        "budget": {"kind": None, "amount": None, "stop": None},
        "optimizer": {},
        "evaluation": {"metrics": None, **{name: len(log.sets.get(name, {})) for name in SETS[1:]}},
        "source": {"form": log.form, "sha256": log.digest, "retain_sha256": retrained.digest if retrained else None},
    }
    used = {name for column in columns.values() for name in column.items}
    return Record(
        key=cell_key(cell),
        cell=cell,
        status="ok",
        problems=(Problem("imported", _notice(log, whole)), *_not_finite(columns)),
        scores={name: column.score for name, column in columns.items()},
        items={name: {i: v if math.isfinite(v) else None for i, v in c.items.items()} for name, c in columns.items()},
        item_hashes={name: digest for name, digest in hashes.items() if digest is not None and name in used},
        ledger={},
        environment={
            "imported": {"form": log.form, "name": log.name, "sha256": log.digest, "left_out": omitted or None},
            "distributions": environment()["distributions"],
        },
        extra={"covariates": {"untouched loss": cut.loss}} if cut.loss is not None else {},
    )


def _task(log: Log, hashes: Mapping[str, str | None]) -> dict[str, Any]:
    data = digest_of(sorted((name, digest) for name, digest in hashes.items())) if hashes else None
    return {"name": log.form, "dist_version": None, "version": VERSION, "options": {}, "data": data, "paths": []}


def _draw(cut: Cut, settings: Settings, hashes: Mapping[str, str | None]) -> dict[str, Any]:
    by = "loss" if settings.strata else None
    group = None if cut.stratum == WHOLE else settings.group
    return {
        "sampler": {"name": "imported", "dist_version": None, "options": {"group": group, "by": by}},
        "stratum": cut.stratum,
        "index": cut.index,
        "unit": "sample" if group is None else "group",
        "size": group or len(cut.chosen),
        "forget": list(cut.chosen),
        "digest": forget_digest({name: hashes.get(name) or name for name in cut.chosen}),
    }


def _hashes(log: Log) -> dict[str, str | None]:
    return {name: log.sets[on][i].digest() for on in log.sets for i, name in log.ids(on).items()}


def _notice(log: Log, whole: bool) -> str:
    measured = f"read from a file of the form {log.form}; budget, optimizer and cost are not known"
    if whole:
        return measured
    return (
        "intervals are over the authors of the one forget set that this one model unlearned, not over forget sets or "
        f"runs; utility is the same in each cell; {measured}"
    )


def _not_finite(columns: Mapping[str, Column]) -> Iterator[Problem]:
    for name, column in columns.items():
        lost = sum(not math.isfinite(value) for value in column.items.values())
        if lost or (column.items and column.score.value is None):
            yield Problem("not-finite", f"{name}: no value; {lost} of {len(column.items)} items are not finite")


def _check_alike(log: Log, other: Log) -> None:
    """Refuse to pair logs that are not about the same questions."""
    for name in log.sets.keys() & other.sets.keys():
        mine, theirs = log.sets[name], other.sets[name]
        odd = sorted(mine.keys() ^ theirs.keys())
        odd = odd or [i for i in mine if None not in (a := (mine[i].answer, theirs[i].answer)) and a[0] != a[1]]
        if odd:
            msg = f"{log.name} and {other.name} are not about the same questions: {name}, question {odd[0]}"
            raise FairforgetError(msg)


def _check_names(log: Log, found: Measured) -> None:
    for name in found.columns:
        if _NAME.fullmatch(name) is None:
            msg = f"{log.name}: {name[:60]!r} is no name of a measure"
            raise FairforgetError(msg)
