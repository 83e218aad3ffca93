"""Item scores from the records of a study of one method."""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fairforget.errors import FairforgetError
from fairforget.stats.averages import enters_average
from fairforget.stats.overlap import overlap_share
from fairforget.store.record import Record
from fairforget.testing.quality.values import Column, Scores

ROLES: Final = ("completeness", "utility")
_SHORT: Final = 60
_OF_ROWS: Final = frozenset({"method", "options of the method"})
"""What is the subject, and may change: a default that changed is a change to be judged."""


def scores_of(name: str, subject: Mapping[str, Any], records: Sequence[Record]) -> Scores:
    """Return the columns of completeness and utility on every draw, with the items behind them.

    Args:
        name: of the baseline.
        subject: what was measured, as the test gave it.
        records: the cells of one method under one curriculum.

    Raises:
        FairforgetError: a cell failed, or the cells do not measure the same.
    """
    if not records:
        msg = f"{name}: the study has no cell of it"
        raise FairforgetError(msg)
    _complain(name, records)
    draws: dict[str, list[Record]] = defaultdict(list)
    strata: dict[str, list[str]] = {}
    several = len({_sampler(record) for record in records}) > 1
    for record in sorted(records, key=lambda r: (r.cell["draw"]["stratum"], r.cell["draw"]["index"], r.cell["seed"])):
        draw = record.cell["draw"]
        stratum = f"{_sampler(record)} {draw['stratum']}" if several else str(draw["stratum"])
        label = f"{stratum} {draw['index']}"
        if label not in draws:
            strata.setdefault(stratum, []).append(label)
        draws[label].append(record)
    columns = {
        column: _column(column, draws)
        for role in ROLES
        for column, score in records[0].scores.items()
        if enters_average(score, role)
    }
    forgotten = {label: same[0].cell["draw"]["forget"] for label, same in draws.items()}
    overlap = {stratum: overlap_share([forgotten[d] for d in labels]) for stratum, labels in strata.items()}
    return Scores(
        name=name,
        subject=subject,
        benchmark=_benchmark(records),
        columns=columns,
        strata=strata,
        overlap={stratum: share for stratum, share in overlap.items() if share},
        made_with=_versions(records[0]),
    )


def _sampler(record: Record) -> str:
    return str(record.cell["draw"]["sampler"]["name"]).rpartition("/")[2]


def _complain(name: str, records: Sequence[Record]) -> None:
    failed = [record for record in records if record.status != "ok"]
    if failed:
        told = next((p.message for record in failed for p in record.problems), "nobody says why")
        msg = f"{name}: {len(failed)} of {len(records)} cells failed: {told}"
        raise FairforgetError(msg)
    if len({tuple(record.scores) for record in records}) > 1:
        msg = f"{name}: not every cell has the same columns"
        raise FairforgetError(msg)


def _column(name: str, draws: Mapping[str, Sequence[Record]]) -> Column:
    """Return one column with its seeds averaged; what is no number on some draw is an error."""
    first = next(iter(draws.values()))[0].scores[name]
    values, items = {}, {}
    averaged = True
    for draw, records in draws.items():
        found = [record.scores[name].value for record in records]
        if any(value is None for value in found):
            msg = f"column {name} has no value on {draw}"
            raise FairforgetError(msg)
        values[draw] = math.fsum(float(v) for v in found if v is not None) / len(found)
        items[draw] = _items(name, records)
        averaged = averaged and all(_is_mean(record, name) for record in records)
    return Column(first.role, first.on, values, items, averaged)


def _items(name: str, records: Sequence[Record]) -> dict[str, float]:
    """Return the mean over seeds of every item that has a value under every seed."""
    measured = [{i: v for i, v in record.items.get(name, {}).items() if v is not None} for record in records]
    shared = set.intersection(*map(set, measured)) if measured else set()
    return {item: math.fsum(one[item] for one in measured) / len(measured) for item in sorted(shared)}


def _is_mean(record: Record, name: str) -> bool:
    """Return whether a column is the mean of its items, which has a complement taken already."""
    value = record.scores[name].value
    found = [item for item in record.items.get(name, {}).values() if item is not None]
    return bool(found) and value is not None and math.isclose(math.fsum(found) / len(found), value, abs_tol=1e-9)


def _benchmark(records: Sequence[Record]) -> dict[str, str]:
    """Return what has to be equal, as far as all cells have it in common; the draws as one digest."""
    from fairforget.compare.identity import PARTS, ROW, identity

    found = [identity(record) for record in records]
    parts = {
        part: _short(found[0][i])
        for i, part in enumerate(PARTS[:ROW])
        if part not in _OF_ROWS and all(one[i] == found[0][i] for one in found)
    }
    texts = sorted({(sample, text) for record in records for sample, text in record.item_hashes.items()})
    parts["forget sets and seeds"] = _short(repr(sorted(one[ROW:] for one in found)))
    parts["texts of the items"] = _short(repr(texts))
    return parts


def _short(text: str) -> str:
    """Return a text, or what stands for a long one."""
    return text if len(text) <= _SHORT else f"sha256:{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _versions(record: Record) -> dict[str, str]:
    found = record.environment.get("distributions", {})
    kept = {
        name: str(about["version"]) for name, about in found.items() if name in {"fairforget", "torch", "transformers"}
    }
    dist, _, _ = str(record.cell["method"]["name"]).partition("/")
    kept |= {dist: str(record.cell["method"]["dist_version"])}
    return {"python": str(record.environment.get("python", "")), **dict(sorted(kept.items()))}
