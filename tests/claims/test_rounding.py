"""Outcomes of other processors are the same bytes, and no digit goes that anybody looks at."""

from __future__ import annotations

import json
import math
import runpy
from pathlib import Path

import numpy as np
import pytest

from fairforget.claims.outcome_file import outcome_from_json, outcome_json
from fairforget.claims.rounding import rounded

world = runpy.run_path(str(Path(__file__).parent / "report_world.py"))
CLAIMS = ("c1", "c3", "c10", "c17")


def numbers(found):
    """Yield every number below an effect, with its place."""

    def below(one, path, inside):
        items = one.items() if isinstance(one, dict) else enumerate(one) if isinstance(one, list) else ()
        for key, inner in items:
            yield from below(inner, (*path, key), inside or key == "effect")
        if inside and isinstance(one, float):
            yield path, one

    return dict(below(found, (), False))


def moved(found, rng, *, inside=False):
    """Return an outcome whose effects were added up in another order."""
    if isinstance(found, dict):
        return {key: moved(one, rng, inside=inside or key == "effect") for key, one in found.items()}
    if isinstance(found, list):
        return [moved(one, rng, inside=inside) for one in found]
    return found * (1 + rng.uniform(-8e-15, 8e-15)) if inside and isinstance(found, float) else found


@pytest.mark.parametrize("claim", CLAIMS)
def test_another_order_of_addition_gives_the_same_bytes(claim):
    outcome = world["outcome"](claim)
    said = outcome_json(outcome)
    other = moved(said, np.random.default_rng(0))
    before, after = numbers(said), numbers(other)
    assert before != after, "there is something to agree on"
    bytes_of = [json.dumps(outcome_json(rounded(outcome_from_json(one)))) for one in (said, other)]
    assert bytes_of[0] == bytes_of[1]


@pytest.mark.parametrize("claim", CLAIMS)
def test_only_digits_behind_the_eighth_go(claim):
    outcome = world["outcome"](claim)
    made = rounded(outcome)
    before, after = numbers(outcome_json(outcome)), numbers(outcome_json(made))
    assert before.keys() == after.keys()
    assert all(math.isclose(before[path], after[path], rel_tol=5e-8) for path in before)
    assert [one.judged.verdict for one in made.targets] == [one.judged.verdict for one in outcome.targets]
    assert (made.claim, made.cost, made.notes, made.judged.verdict) == (
        outcome.claim,
        outcome.cost,
        outcome.notes,
        outcome.judged.verdict,
    )
    assert rounded(made) == made
