"""What finished records say of tuning, brought up to what the searches say now."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path

from fairforget.run.cells import CellJson
from fairforget.run.tuning.tune import Tuned
from fairforget.store.record import record_path, write_record
from fairforget.store.strict_json import parse


def retell(folder: Path, cells: Mapping[str, CellJson], there: Collection[str], tuned: Tuned) -> int:
    """Write anew what the records of tuned rows say of their search, where it is no longer so.

    A search that goes on, or is made anew, may choose the options that it chose before. Then the cells are the same,
    and their scores; what the row has cost to tune is not. A record is replaced whole or not at all, and nothing in it
    changes but ``tuning`` and ``ledger.tuning``.

    Args:
        folder: of the records.
        cells: those of the study, by their keys.
        there: keys of the cells whose records are used as they are.
        tuned: what the searches say.

    Returns:
        How many records were written.

    Raises:
        FairforgetError: the folder cannot be written.
    """
    written = 0
    for key in there:
        told = json.loads(tuned.of(cells[key]))
        if told is None:
            continue
        record = parse(record_path(folder, key).read_bytes())
        if record.get("tuning") != told["tuning"] or record["ledger"].get("tuning") != told["ledger"]:
            record["tuning"], record["ledger"]["tuning"] = told["tuning"], told["ledger"]
            write_record(folder, record)
            written += 1
    return written
