"""Streams of random numbers by purpose."""

from __future__ import annotations

import numpy as np

from fairforget.run.seeds import integer, stream


def test_the_same_purpose_gives_the_same_numbers_and_another_gives_others() -> None:
    same = stream("draw", 0, "order", 3).integers(1 << 62, size=4)
    assert (stream("draw", 0, "order", 3).integers(1 << 62, size=4) == same).all()
    for other in [
        ("draw", 1, "order", 3),
        ("draw", 0, "order", 4),
        ("draw", 0, "partners", 3),
        ("draw", "0", "order", 3),
    ]:
        assert (stream(*other).integers(1 << 62, size=4) != same).any()


def test_parts_cannot_run_together() -> None:
    assert integer("ab", "c") != integer("a", "bc")
    assert 0 <= integer("x") < 1 << 63


def test_global_random_state_is_left_alone() -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - the legacy global state is what must not move
    stream("a").random(10)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002
