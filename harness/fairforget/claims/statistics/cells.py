"""The cells of a target, by what tells them apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from fairforget.board.identity import bare, reference_of
from fairforget.board.loose import mapping
from fairforget.claims.values import Evidence
from fairforget.store.record import Record

Facet = Literal["part", "sampler", "stratum", "method", "curriculum"]
FACETS: Final[tuple[Facet, ...]] = ("part", "sampler", "stratum", "method", "curriculum")
OF_SETS: Final[tuple[Facet, ...]] = ("part", "sampler", "stratum")
"""Facets that a forget set has; those that are left make the row."""
OF_ROWS: Final[tuple[Facet, ...]] = ("method", "curriculum")

Side = Mapping[Facet, str]
"""Cells that have these values, as ``{method: npo, curriculum: uniform}``. Methods and curricula go by their labels."""
Only = Mapping[Facet, tuple[str, ...]]
"""Cells that have one of these values in each."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell and where it stands."""

    facets: Mapping[Facet, str]
    """All five; the curriculum of a row without one is empty, and so is the part where a claim has none."""
    index: int
    """Of the forget set in its stratum."""
    seed: int
    record: Record

    def among(self, facets: tuple[Facet, ...]) -> tuple[str, ...]:
        """Return the values of some facets."""
        return tuple(self.facets[name] for name in facets)

    @property
    def row(self) -> str:
        """``method + curriculum``."""
        return " + ".join(name for name in self.among(OF_ROWS) if name)


def cells_of(evidence: Evidence, only: Only, *named: Side) -> list[Cell]:
    """Return the cells of a target, failed ones too, in the order of parts and keys.

    Reference rows are no contenders: they are there only where `only` or a side names their method.

    Args:
        evidence: of the target.
        only: what to keep; a facet that it does not name is kept whatever it is.
        named: sides that a statistic compares.
    """
    asked = {side["method"] for side in named if "method" in side} | set(only.get("method", ()))
    found = []
    for part, measured in evidence.parts.items():
        for record in measured.records:
            facets = facets_of(record, part)
            if any(facets[name] not in kept for name, kept in only.items()):
                continue
            if reference_of(record) is not None and facets["method"] not in asked:
                continue
            found.append(Cell(facets, record.cell["draw"]["index"], record.cell["seed"], record))
    return found


def facets_of(record: Record, part: str) -> Mapping[Facet, str]:
    """Return the facets of a cell of a part."""
    cell = record.cell
    return {
        "part": part,
        "sampler": bare(cell["draw"]["sampler"]["name"]),
        "stratum": cell["draw"]["stratum"],
        "method": _label(cell["method"]),
        "curriculum": _label(mapping(cell["curriculum"])),
    }


def _label(part: Mapping[str, object]) -> str:
    label = part.get("label")
    return label if isinstance(label, str) and label else bare(str(part.get("name", "")))
