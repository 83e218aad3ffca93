"""Planted misalignment of generation and probability: C20, and the control of its slope, C21."""

from __future__ import annotations

import numpy as np
import pytest

from .set_worlds import LEAST, MOST, RIGHT, SETS, STUDIES, Ways, judged

MIS = {"generation": "said", "probability": "likely", "chance": 0.0}


def misaligned(planted, gap, seed):
    """Yield studies whose generation has fallen `gap` further than probability at every look between the ends."""
    rng, study = np.random.default_rng(seed), Ways(planted, ("random",))
    fall = np.array([0.0, 0.3, 0.5, 0.7, 1.0])
    between = np.array([0.0, 1.0, 1.0, 1.0, 0.0]) * 5 / 3  # so that the mean over the five looks is the gap
    for _ in range(STUDIES):
        shift = gap + rng.normal(0, 0.05, (1, SETS, 1))
        said = 1 - np.broadcast_to(fall, (1, SETS, 5))
        likely = 1 - (fall - shift * between)
        yield study.told({"said": said, "likely": likely})


@pytest.mark.slow
def test_c20_misalignment_index(planted):
    assert judged(planted, "misalignment-index", MIS, misaligned(planted, 0.1, 26), above=0.05)["supported"] >= RIGHT
    assert judged(planted, "misalignment-index", MIS, misaligned(planted, 0.0, 27), above=0.05)["contradicted"] >= RIGHT


@pytest.mark.slow
def test_c20_at_the_border(planted):
    found = judged(planted, "misalignment-index", MIS, misaligned(planted, 0.05, 28), above=0.05)
    assert LEAST <= 1 - found["undecided"] <= MOST


@pytest.mark.slow
@pytest.mark.parametrize("shuffled", [True, False])
def test_c20_controls(planted, shuffled):
    """A coin for each set leaves nothing; and one view beside itself has no index but 0, whatever it falls by."""
    options = {**MIS, "shuffled": True} if shuffled else {**MIS, "probability": "said", "lowest": 0.0}
    found = judged(planted, "misalignment-index", options, misaligned(planted, 0.1, 32), above=0.0)
    assert found["supported"] <= (MOST if shuffled else 0)


@pytest.mark.slow
def test_c21_control(planted):
    """Coins within every size leave no slope, though the index is far from 0 in all of them."""
    from fairforget.claims.values import Evidence, Part

    sizes = (1e5, 4e5, 1.6e6)
    inner = {"name": "misalignment-index", **MIS, "shuffled": True}
    options = {"statistic": inner, "over": "parameters"}
    studies = (
        Evidence(
            "small", {str(s): Part(one.only.records, facts={"parameters": s}) for s, one in zip(sizes, of, strict=True)}
        )
        for of in zip(*(misaligned(planted, 0.1, 33 + i) for i in range(3)), strict=True)
    )
    assert judged(planted, "slope-over-parts", options, studies, above=0.0)["supported"] <= MOST
