"""From evidence to an outcome."""

from __future__ import annotations

import json
import math
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from fairforget.claims.evidence import Found, SiteFound, gather
from fairforget.claims.expectation import Expectation
from fairforget.claims.judge import cost_of, judge
from fairforget.claims.outcome_file import outcome_json
from fairforget.claims.values import Evidence, Part
from fairforget.study.cell import cell_key


def nothing(*targets):
    """Return evidence without a record, for statistics that look at none."""
    sites = tuple(SiteFound(Part(), 0, 0, (), ()) for _ in targets)
    return Found(tuple(Evidence(name, {"": Part()}) for name in targets), sites)


def judged(world, statistic, targets=("one", "two"), **claim):
    return judge(world.claim(statistic=statistic, **claim), nothing(*targets))


def test_the_effect_is_that_of_the_files(by_hand):
    planned, out, _ = by_hand
    outcome = judge(planned.claim, gather(planned, out))
    for target in outcome.targets:
        values = {"untouched": np.full((4, 1), np.nan), "fragile": np.full((4, 2), np.nan)}
        for path in (out / "by-hand" / target.target / "cells").glob("*.json"):
            record = json.loads(path.read_bytes())
            cell = record["cell"]
            place = (cell["draw"]["index"], cell["seed"])
            values[cell["method"]["label"]][place] = record["scores"]["forget_likelihood"]["value"]
        gaps = values["fragile"].mean(1) - values["untouched"].mean(1)
        effect = target.judged.effect
        assert effect.value == pytest.approx(gaps.mean())
        assert (effect.low, effect.high) == pytest.approx(stats.ttest_1samp(gaps, 0).confidence_interval())
        assert effect.n == 4
    assert outcome.judged.effect.value == pytest.approx(np.mean([t.judged.effect.value for t in outcome.targets]))
    assert outcome.notes == ()


def test_what_it_has_cost_is_the_sum_of_all_ledgers(by_hand):
    planned, out, _ = by_hand
    passes = seconds = 0.0
    for path in out.glob("by-hand/*/cells/*.json"):
        for phase, counts in json.loads(path.read_bytes())["ledger"].items():
            if isinstance(counts, dict) and "seconds" in counts:
                seconds += counts["seconds"]
                passes += (phase != "oracle") * (counts["forward_sequences"] + 2 * counts["backward_sequences"])
    for path in out.glob("by-hand/*/scores/*.json"):
        counts = json.loads(path.read_bytes())["ledger"]
        seconds += counts["seconds"]
        passes += counts["forward_sequences"] + 2 * counts["backward_sequences"]
    cost = cost_of(gather(planned, out))
    assert (cost.cells, cost.missing, cost.failed) == (24, 0, 0)
    assert cost.forward_equivalents == passes > 0
    assert cost.seconds == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("value", "expected"), [(0.5, "supported"), (-0.5, "contradicted"), (0.05, "undecided"), (math.nan, "undecided")]
)
def test_the_verdict_is_that_of_the_pooled_interval(world, value, expected):
    outcome = judged(world, world.Fixed(value=value, half=0.1))
    assert outcome.judged.verdict == expected
    # The half-width of a mean of two is 1 / √2 of that of each.
    if not math.isnan(value):
        assert outcome.judged.effect.high - value == pytest.approx(0.1 / math.sqrt(2))


def test_two_targets_may_decide_together_what_neither_does_alone(world):
    outcome = judged(world, world.Fixed(value=0.08, half=0.1))
    assert [t.judged.verdict for t in outcome.targets] == ["undecided", "undecided"]
    assert outcome.judged.verdict == "supported"


def test_targets_that_are_decided_opposite_ways_leave_it_undecided(world):
    outcome = judged(world, world.Fixed(by={"one": 2.0, "two": -0.5}))
    assert [t.judged.verdict for t in outcome.targets] == ["supported", "contradicted"]
    assert outcome.judged.effect.low > 0, "the mean alone would be supported"
    assert outcome.judged.verdict == "undecided"
    assert "targets disagree: supported on one, contradicted on two" in outcome.notes[0]
    assert outcome.units_to_decide is None, "more units would not mend that"


def test_a_target_without_a_verdict_contradicts_nobody(world):
    outcome = judged(world, world.Fixed(by={"one": 2.0, "two": 0.01}))
    assert outcome.judged.verdict == "supported"
    assert outcome.notes == ()


@pytest.mark.parametrize(("control", "expected"), [(0.5, "undecided"), (0.0, "supported"), (-0.5, "supported")])
def test_a_control_that_is_supported_too_takes_the_verdict_away(world, control, expected):
    outcome = judged(world, world.Fixed(value=0.5), controls={"shuffled": world.Fixed(value=control)})
    assert outcome.judged.verdict == expected
    assert any("control shuffled is supported too" in note for note in outcome.notes) == (expected == "undecided")
    assert outcome.controls["shuffled"].effect.value == pytest.approx(control)
    assert outcome.targets[0].controls["shuffled"].effect.value == control


@pytest.mark.parametrize("value", [0.5, -0.5])
def test_no_verdict_is_given_while_cells_are_missing(world, value):
    claim, found = world.claim(statistic=world.Fixed(value=value)), nothing("one", "two")
    sites = (SiteFound(Part(), 12, 0, (), ()), SiteFound(Part(), 12, 1, (), ("two: 1 of 12 cells is missing",)))
    outcome = judge(claim, replace(found, sites=sites))
    assert outcome.judged.verdict == "undecided"
    assert claim.expect.verdict(outcome.judged.effect) != "undecided", "the interval alone would have decided"
    assert outcome.notes[0].startswith("undecided, for 1 of the 24 cells of the design are missing")


def test_a_contradiction_stands_whatever_the_controls_say(world):
    outcome = judged(world, world.Fixed(value=-0.5), controls={"shuffled": world.Fixed(value=0.5)})
    assert outcome.judged.verdict == "contradicted"


def test_a_statistic_that_falls_over_is_an_unknown_effect_and_no_crash(world):
    outcome = judged(world, world.Crash())
    assert outcome.judged.verdict == "undecided"
    assert math.isnan(outcome.judged.effect.value)
    assert outcome.judged.effect.unit == "samples"
    assert "one: cannot be estimated: KeyError: 'no such part'" in outcome.notes


def test_one_unknown_target_leaves_the_mean_unknown(world, by_hand, tmp_path):
    planned, out, _ = by_hand
    shutil.copytree(out, tmp_path / "out")
    shutil.rmtree(tmp_path / "out" / "by-hand" / "two" / "cells")
    outcome = judge(planned.claim, gather(planned, tmp_path / "out"))
    assert not outcome.judged.effect.known
    assert outcome.targets[0].judged.effect.known
    assert "two: fewer than two forget sets" in outcome.notes
    assert outcome.cost.missing == 12


def test_judging_again_gives_the_same_numbers_wherever_the_files_lie(by_hand, world, tmp_path):
    planned, out, _ = by_hand
    shutil.copytree(out, tmp_path / "elsewhere")
    noisy = replace(planned.claim, statistic=world.Gap(noise=0.5), controls={"again": world.Gap(noise=0.5)})
    (planned,) = world.planned(noisy)
    texts = {json.dumps(outcome_json(judge(noisy, gather(planned, f)))) for f in (out, out, tmp_path / "elsewhere")}
    assert len(texts) == 1
    # A control has the numbers of its claim.
    outcome = judge(noisy, gather(planned, out))
    assert outcome.controls["again"].effect == outcome.judged.effect


def test_every_claim_and_target_has_random_numbers_of_its_own(world):
    values = [
        target.judged.effect.value
        for name in ("tests/a", "tests/b")
        for target in judged(world, world.Uniform(), name=name).targets
    ]
    assert len(set(values)) == 4


def test_failed_cells_are_counted(by_hand, tmp_path):
    planned, out, _ = by_hand
    shutil.copytree(out, tmp_path / "out")
    path = min((tmp_path / "out" / "by-hand" / "one" / "cells").glob("*.json"))
    record = json.loads(path.read_bytes())
    record.update(status="failed", scores={}, problems=[{"kind": "bug", "message": "a test"}])
    path.write_text(json.dumps(record))
    outcome = judge(planned.claim, gather(planned, tmp_path / "out"))
    assert outcome.cost.failed == 1
    assert "1 of 24 cells failed" in outcome.notes


def test_what_would_decide_is_said_only_where_it_is_undecided(world):
    expect = Expectation(above=0.0, because="a test")
    assert judged(world, world.Fixed(value=0.5), expect=expect).units_to_decide is None
    assert judged(world, world.Fixed(value=0.05), expect=expect).units_to_decide > 10


ODD = st.sampled_from([None, True, -1, 0, 10**200, 1e308, "", "x" * 300, "\ud800", [], [[]], {}, {"a": {"b": 1}}])


def places(value, path=()):
    """Yield the path of every value inside."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*path, key)
        yield from places(one, (*path, key))


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_stands_in_the_records_there_is_an_outcome(by_hand, world, data):
    planned, out, _ = by_hand
    paths = sorted((out / "by-hand" / "one" / "cells").glob("*.json"))
    sound = [json.loads(path.read_bytes()) for path in paths]
    known = [place for place in places(sound[0]) if place[0] not in {"key", "environment"}]
    with TemporaryDirectory() as folder:
        cells = Path(folder) / "by-hand" / "one" / "cells"
        cells.mkdir(parents=True)
        for record in sound:
            for place in data.draw(st.lists(st.sampled_from(known), max_size=2)):
                put(record, place, data.draw(ODD))
            with suppress(ValueError, TypeError):  # else it is rejected by its key
                record["key"] = cell_key(record["cell"])
            (cells / f"{record['key']}.json").write_text(json.dumps(record))
        outcome = judge(planned.claim, gather(planned, Path(folder)))
    assert outcome.cost.cells + outcome.cost.missing == 24
    json.dumps(outcome_json(outcome), allow_nan=False)


def put(record, place, value):
    """Put a value at a place of a record, if the place is still there."""
    *way, last = place
    with suppress(KeyError, IndexError, TypeError):
        for key in way:
            record = record[key]
        record[last] = value


def test_numbers_that_nobody_could_spend_are_not_added_up(by_hand, tmp_path):
    planned, out, _ = by_hand
    shutil.copytree(out, tmp_path / "out")
    before = cost_of(gather(planned, tmp_path / "out"))
    for path in sorted((tmp_path / "out" / "by-hand" / "one" / "cells").glob("*.json"))[:3]:
        record = json.loads(path.read_bytes())
        record["ledger"]["stopping"] = {"forward_sequences": 1e308, "backward_sequences": 1e308, "seconds": 1e308}
        path.write_text(json.dumps(record))
    assert cost_of(gather(planned, tmp_path / "out")) == before
