"""What rows and strata are called, on both sides alike."""

from __future__ import annotations

from collections.abc import Iterable

from fairforget.board.identity import bare, row_labels, stratum_labels
from fairforget.board.text import shown
from fairforget.compare.identity import ROW, SETTING, Identity
from fairforget.store.record import Record


class Labels:
    """The labels of all cells of both sides; inside a setting no two rows are called alike."""

    def __init__(self, cells: Iterable[tuple[Identity, Record]]) -> None:
        rows: dict[Identity, dict[str, Record]] = {}
        strata: dict[Identity, dict[str, Record]] = {}
        for identity, record in sorted(cells, key=lambda cell: (cell[0], cell[1].key)):
            setting = identity[:SETTING]
            rows.setdefault(setting, {}).setdefault(_key(identity), record)
            strata.setdefault(setting, {}).setdefault(identity[ROW], record)
        self._rows = {setting: row_labels(found) for setting, found in rows.items()}
        self._strata = {setting: stratum_labels(found) for setting, found in strata.items()}

    def row(self, identity: Identity) -> str:
        """Return what the row of a cell is called."""
        return shown(self._rows[identity[:SETTING]][_key(identity)])

    def stratum(self, identity: Identity) -> str:
        """Return what the stratum of a cell is called."""
        return shown(self._strata[identity[:SETTING]][identity[ROW]])

    def strata(self, setting: Identity) -> dict[str, str]:
        """Return the strata of a setting in the order of the board: identity -> label."""
        return {stratum: shown(label) for stratum, label in self._strata[setting].items()}


def task_of(record: Record) -> str:
    """Return what the task of a cell is called."""
    return f"{shown(bare(record.cell['task']['name']))} v{record.cell['task']['version']}"


def _key(identity: Identity) -> str:
    return "\n".join(identity[:ROW])
