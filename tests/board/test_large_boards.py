"""What a board costs grows with what cells say, and not with how often they say it."""

from __future__ import annotations

import tracemalloc
from collections import Counter

import pytest

from fairforget.board import identities
from fairforget.board.kept import index as index_module
from fairforget.board.kept.reading import read_for_board
from fairforget.board.table import build
from fairforget.store import parts as parts_module

METHODS = ("npo", "grad-diff", "grad-ascent")


def study(factory, draws, seeds):
    return [
        factory.make_record(factory.make_cell(method, index=index, seed=seed), 0.8 + seed / 100, 0.8 + index / 1000)
        for method in METHODS
        for index in range(draws)
        for seed in range(seeds)
    ]


@pytest.fixture
def counted(monkeypatch):
    """How often something was worked out of a cell."""
    calls = Counter()

    def watch(module, name):
        real = getattr(module, name)

        def counting(*arguments):
            calls[name] += 1
            return real(*arguments)

        monkeypatch.setattr(module, name, counting)

    for name in ("comparison", "row_id", "draw_of"):
        watch(identities, name)
    watch(parts_module, "_canonical")
    return calls


def reading(factory, tmp_path, draws, seeds):
    folder = tmp_path / f"{draws} {seeds}"
    factory.write(study(factory, draws, seeds), folder)
    return read_for_board([folder], cache=tmp_path / "cache", indexed=1)


@pytest.mark.parametrize(("draws", "seeds"), [(5, 2), (5, 8), (20, 2)])
def test_identities_are_worked_out_by_what_differs(factory, tmp_path, counted, draws, seeds):
    found = reading(factory, tmp_path, draws, seeds)
    # The parts of a key: methods, draws, seeds, and seven that all cells share.
    assert counted["_canonical"] == len(METHODS) + draws + seeds + 7
    counted.clear()
    build(found.records)
    assert counted == {"comparison": len(METHODS), "row_id": len(METHODS), "draw_of": draws}


def test_a_cell_more_takes_few_bytes(factory, tmp_path, monkeypatch):
    monkeypatch.setattr(index_module, "_YOUNG", -1e9)

    def taken(seeds):
        reading(factory, tmp_path, 5, seeds)
        tracemalloc.start()
        found = read_for_board([tmp_path / f"5 {seeds}"], cache=tmp_path / "cache", indexed=1)
        held = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        return held, len(found.records)

    (few, n), (many, m) = taken(4), taken(24)
    assert m == 6 * n
    assert (many - few) / (m - n) < 3_000


def test_cells_that_stand_in_another_order_make_the_same_board(factory, tmp_path):
    found = reading(factory, tmp_path, 5, 3).records
    assert build(found) == build(found[::-1])
