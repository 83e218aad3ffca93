"""What a trial is worth."""

from __future__ import annotations

import pytest

from fairforget.run.tuning.objective import Objective
from fairforget.store.record import Record, Score


def record(completeness=0.5, utility=0.8, status="ok", **extra):
    def score(role, value):
        return Score(value, 3, role, "higher", average=True, view=None)

    scores = {"a": score("completeness", completeness), "b": score("utility", utility)}
    return Record("0" * 24, {}, status, (), scores if status == "ok" else {}, {}, {}, {}, {}, extra)


def matched(best, utility=None):
    return {"completeness": 0.8, "reached": utility is not None, "best": best, "utility_average": utility}


@pytest.mark.parametrize(
    ("by", "goal", "cells", "expected"),
    [
        ("score", None, [record()], 2 * 0.5 * 0.8 / 1.3),
        ("mean", None, [record()], 0.65),
        ("score", None, [record(), record(0.0, 1.0)], (0.8 / 1.3) / 2),
        ("score", None, [record(), record(status="failed")], (0.8 / 1.3) / 2),
        ("mean", None, [record(), record(status="failed")], 0.325),
        ("score", None, [record(), record(None)], (0.8 / 1.3) / 2),
        ("score", 0.8, [record(matched=matched(0.9, 0.7))], 0.7),
        ("score", 0.8, [record(matched=matched(0.9, 0.7)), record(matched=matched(0.6))], (0.7 - 0.2) / 2),
        ("score", 0.8, [record(matched=matched(0.9, 0.7)), record(status="failed")], (0.7 - 1) / 2),
        ("score", 0.8, [record(matched=matched(None))], -1.0),
        ("score", 0.8, [record()], -1.0),
        ("score", 0.8, [record(matched=matched(0.9))], 0.0),
        ("mean", 0.8, [record(matched=matched(0.9, 0.7)), record(status="failed")], 0.325),
    ],
)
def test_values(by, goal, cells, expected):
    assert Objective(by, goal)(cells) == pytest.approx(expected)


def test_under_a_goal_it_is_what_boards_rank_by():
    from fairforget.board.making.scores import cell_scores

    for cell in (record(0.3, 0.9), record(0.9, 0.2, matched=matched(0.9, 0.4))):
        for goal in (None, 0.8):
            ranked = cell_scores(cell, goal).score
            if ranked == ranked:
                assert Objective("score", goal)([cell]) == ranked
