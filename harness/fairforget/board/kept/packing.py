"""From a record to what a board keeps of it, and back to a record that says as much."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from fairforget.board.kept.columns import Averages, Columns
from fairforget.board.kept.spent import Met, Price, numbers_of, spent_from
from fairforget.board.making.costs import price_of
from fairforget.board.making.coverage import met_of
from fairforget.board.making.scores import cell_scores
from fairforget.board.making.worst import by_sample, mean_of_worst
from fairforget.store.parts import Parts
from fairforget.store.record import Problem, Record, Score, Status

_CELL: Final = ("task", "target", "draw", "method", "curriculum", "budget", "optimizer", "evaluation")
_KIND: Final = ("role", "better", "average", "view", "metric", "on", "complement", "weigh_by")
PARTS: Final = len(_CELL) + 5
"""Parts of a packed record."""
_LEDGER: Final = 8 * len(Averages._fields)
"""Bytes before the numbers of the ledger."""
_FIRST: Final = _LEDGER + 8 * (len(Price._fields) + len(Met._fields))
"""Bytes before the values of the columns."""


_NONE: Final[Mapping[str, Any]] = MappingProxyType({})


class Packed(NamedTuple):
    """What a board keeps of a record: parts it has in common with others, and its own numbers."""

    key: str
    status: Status
    seed: int
    parts: tuple[Any, ...]
    """JSON: of the cell, the columns, the samples, the environment, ``draw_info``, and whatever else."""
    numbers: bytes
    """Little-endian doubles; NaN = none."""


def pack(record: Record, parts: Parts) -> Packed:
    """Return what a board keeps: all but hashes, details, tracebacks, what passes were for, and items.

    Of the items only their mean over columns is kept, see `fairforget.board.making.worst.by_sample`.

    Args:
        record: the cell.
        parts: of the records packed before.
    """
    cell, found = record.cell, cell_scores(record)
    samples = by_sample(record)
    averages = (found.completeness, found.utility, found.by_probability, found.by_generation, mean_of_worst(samples))
    columns = {name: [getattr(score, part) for part in _KIND] for name, score in record.scores.items()}
    own = {
        "problems": [[problem.kind, problem.message] for problem in record.problems],
        "cell": {name: part for name, part in cell.items() if name not in _CELL and name != "seed"},
        "extra": {name: part for name, part in record.extra.items() if name != "draw_info"},
    }
    shared = (
        *(cell.get(name) for name in _CELL),
        [[name, kind] for name, kind in columns.items()],
        list(samples),
        record.environment,
        record.extra.get("draw_info"),
        own,
    )
    numbers = [
        *averages,
        *numbers_of(price_of(record), met_of(record)),
        *(math.nan if score.value is None else score.value for score in record.scores.values()),
        *(float(score.n) for score in record.scores.values()),
        *samples.values(),
    ]
    packed = struct.pack(f"<{len(numbers)}d", *numbers)
    return Packed(record.key, record.status, cell["seed"], tuple(map(parts.shared, shared)), packed)


class _Shared(NamedTuple):
    """What is made of the parts of a record."""

    parts: tuple[Any, ...]
    """They themselves: an identity is that of another object once its own is gone."""
    cell: dict[str, Any]
    """Without the seed."""
    problems: tuple[Problem, ...]
    kinds: dict[str, Score]
    samples: list[str]
    environment: Mapping[str, Any]
    extra: Mapping[str, Any]
    counts: slice
    """Bytes of the numbers of items behind the columns."""


class Unpacker:
    """Makes records of packed ones; what they have in common is made once."""

    def __init__(self) -> None:
        self._shared: dict[int, _Shared] = {}
        self._kinds: dict[int, dict[str, Score]] = {}
        self._rest: dict[tuple[int, int], tuple[tuple[Problem, ...], Mapping[str, Any], Mapping[str, Any]]] = {}
        self._counts: dict[bytes, tuple[float, ...]] = {}

    def record(self, packed: Packed) -> Record:
        """Return a record with what was kept.

        Raises:
            ValueError, KeyError, TypeError, struct.error: `pack` did not make it.
        """
        shared = self._shared.get(id(packed.parts))
        if shared is None:
            shared = self._shared[id(packed.parts)] = self._open(packed.parts)
        numbers, counts = packed.numbers, shared.counts
        return Record(
            key=packed.key,
            cell={**shared.cell, "seed": packed.seed},
            status=packed.status,
            problems=shared.problems,
            scores=Columns(shared.kinds, self._counted(numbers[counts]), shared.samples, numbers, _FIRST),
            items=_NONE,
            item_hashes=_NONE,
            ledger=spent_from(numbers, _LEDGER),
            environment=shared.environment,
            extra=shared.extra,
        )

    def _counted(self, packed: bytes) -> tuple[float, ...]:
        """Return numbers of items, which are nearly always the same."""
        known = self._counts.get(packed)
        if known is None:
            known = self._counts[packed] = struct.unpack(f"<{len(packed) // 8}d", packed)
        return known

    def _open(self, parts: tuple[Any, ...]) -> _Shared:
        columns, samples, environment, draw_info, own = parts[len(_CELL) :]
        kinds = self._kinds.get(id(columns))
        if kinds is None:
            kinds = self._kinds[id(columns)] = _kinds(columns)
        problems, unknown, extra = self._rest.get((id(draw_info), id(own))) or self._opened(draw_info, own)
        cell = {**unknown, **dict(zip(_CELL, parts, strict=False))}
        middle = _FIRST + 8 * len(kinds)
        counts = slice(middle, middle + 8 * len(kinds))
        return _Shared(parts, cell, problems, kinds, samples, environment, extra, counts)

    def _opened(self, draw_info: Any, own: Any) -> tuple[tuple[Problem, ...], Mapping[str, Any], Mapping[str, Any]]:
        problems = tuple(Problem(kind, message) for kind, message in own["problems"])
        extra = own["extra"] if draw_info is None else {**own["extra"], "draw_info": draw_info}
        found = self._rest[id(draw_info), id(own)] = (problems, own["cell"], extra)
        return found


def _kinds(columns: Sequence[tuple[str, list[Any]]]) -> dict[str, Score]:
    return {name: Score(value=None, n=0, **dict(zip(_KIND, kind, strict=True))) for name, kind in columns}
