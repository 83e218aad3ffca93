"""What `toy-bounded` promises."""

from __future__ import annotations

import math


def test_it_forgets_up_to_its_bound(run_cell):
    settings = {"updates": 40, "optimizer": {"lr": 3e-3}}
    before = run_cell("untouched")
    near, far = (run_cell("toy-bounded", options={"bound": bound}, **settings) for bound in (0.5, 6.0))
    assert {run.status for run in (before, near, far)} == {"ok"}
    # The mean token loss of each sample, from the geometric mean of its tokens' probabilities.
    losses = [[-math.log(1 - p) for p in run.items["forget_probability"].values()] for run in (before, near, far)]
    assert max(losses[0]) < 0.5 < min(losses[1]) < min(losses[2])
    # Beyond the bound a sample has no gradient of its own any more; what the optimizer remembers carries it on a bit.
    assert max(losses[1]) < max(losses[2]) / 2
    assert near.scores["retain_probability"] > 0.5 * before.scores["retain_probability"]
