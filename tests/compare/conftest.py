from __future__ import annotations

import copy

import numpy as np
import pytest

from fairforget.store.reading import record_from_json
from fairforget.study.cell import cell_key


class Side:
    """Records of one version: rows × strata × draws × seeds, with values that a test gives."""

    def __init__(self, factory):
        self.factory = factory
        self.records = []

    def add(self, value, method="npo", **cell):
        """Add a cell whose completeness and utility, and so its score, are `value`."""
        record = self.factory.make_record(self.factory.make_cell(method, **cell), value, value)
        self.records.append(record)
        return record

    def fill(self, values, method="npo", stratum="random", **cell):
        """Add a row: `values` (draws, seeds)."""
        for index, seeds in enumerate(np.atleast_2d(values)):
            for seed, value in enumerate(seeds):
                self.add(float(value), method, stratum=stratum, index=index, seed=seed, **cell)
        return self

    def copy(self):
        """Return another side with the same records."""
        other = Side(self.factory)
        other.records = copy.deepcopy(self.records)
        return other

    def change(self, change, where=lambda record: True):
        """Change the JSON of records in place; their keys follow."""
        for record in self.records:
            if where(record):
                change(record)
                record["key"] = cell_key(record["cell"])
        return self

    def read(self):
        """Return the records through the door that files take."""
        return [record_from_json(record) for record in self.records]


@pytest.fixture
def side(factory):
    return lambda: Side(factory)
