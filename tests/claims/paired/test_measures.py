"""What a cell is worth."""

from __future__ import annotations

import math

import pytest

from fairforget.claims.statistics.measures import measure, time_to_goal


def test_what_a_cell_is_worth(planted):
    matched = {"reached": True, "update": 4.5, "forward_equivalents": 11.0, "utility": {"u": 0.6}}
    one = planted.record(
        completeness=0.9,
        utility=0.7,
        budget=planted.GOAL,
        ledger=planted.spent(7),
        matched={**matched, "utility_average": 0.65},
    )
    assert [measure(of)(one) for of in ("completeness", "utility", planted.UTILITY)] == [0.9, 0.7, 0.7]
    assert measure("log-updates")(one) == pytest.approx(math.log(4.5))
    assert measure("log-forward-equivalents")(one) == pytest.approx(math.log(11))
    assert measure("utility", "completeness-matched")(one) == 0.65
    assert measure("u", "completeness-matched")(one) == 0.6
    assert math.isnan(measure("no-column")(one))
    never = planted.record(budget=planted.GOAL, ledger=planted.spent(7), matched={"reached": False, "update": None})
    assert (time_to_goal(never).spent, time_to_goal(never).reached) == (7, False)
    assert math.isnan(measure("log-updates")(never))
    assert math.isnan(measure("utility", "completeness-matched")(never))
    stopped = planted.record(budget=planted.STOP, ledger=planted.spent(5))
    assert (time_to_goal(stopped).spent, time_to_goal(stopped).reached) == (5, True)
    assert not time_to_goal(planted.record(budget=planted.STOP, ledger=planted.spent(5, reached=False))).reached
    for no_goal in (
        planted.record(ledger=planted.spent(5)),
        planted.record(budget=planted.STOP, ledger=planted.spent(5), status="failed"),
    ):
        assert time_to_goal(no_goal) is None
        assert math.isnan(measure("completeness")(no_goal))
    with pytest.raises(ValueError, match="equal completeness"):
        measure("log-updates", "completeness-matched")
    items = {planted.COMPLETENESS: {f"s{i}": i / 7 for i in range(8)}}
    assert measure("worst-quartile")(planted.record(completeness=0.5, items=items)) == pytest.approx((0 + 1 / 7) / 2)
