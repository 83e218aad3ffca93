"""Looking along the way: when, without a trace, and ending a run to the update."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from fairforget.api import Curriculum
from fairforget.lm.tokens import SampleSet
from fairforget.run.counting.ledger import Ledger
from fairforget.run.looks.forgetting import ForgettingWatch
from fairforget.run.looks.path import Path
from fairforget.run.looks.stop import Level, Reading
from fairforget.run.looks.trajectory import TrajectoryWatch
from fairforget.run.updates.budget import Budget
from fairforget.run.updates.live import LiveRun
from fairforget.run.updates.order import Order
from fairforget.run.updates.reference import Reference
from fairforget_methods.grad_ascent import GradAscent

from .tiny_model import SETTINGS, llama, samples


def live(budget: Budget, *watches: Any, model: Any = None, **settings: Any) -> LiveRun:
    """Six samples in batches of 4 and 2: an epoch is two updates, of 12 and 6 forward-equivalents."""
    model = model or llama()
    untouched = copy.deepcopy(model)
    forget, retain, ledger = samples(6, 1), samples(9, 2), Ledger()
    return LiveRun(
        model=model,
        forget=forget,
        retain=retain,
        order=Order([s.sample for s in forget], Curriculum(), 4, len(retain), ("draw", 0)),
        budget=budget,
        settings={**SETTINGS, **settings},
        ledger=ledger,
        reference=Reference(lambda: untouched, ledger),
        score=lambda epoch: np.arange(1.0, 7.0),
        refusals=lambda positions: forget.take(list(positions)),
        oracle=lambda: None,
        path=Path(watches),
    )


def unlearn(run: LiveRun, method: GradAscent = GradAscent()) -> LiveRun:  # noqa: B008 - frozen
    torch.manual_seed(0)
    with run.ledger.watch(run.model), run.ledger.phase("unlearning"):
        run.path.start(run.model, run.ledger, run.updates_per_epoch)
        method.unlearn(run)
        run.path.end(run.model, run.ledger)
    return run


@dataclass
class Scripted:
    """Measures a completeness that follows a script by update."""

    ledger: Ledger
    script: dict[int, float]
    asked: list[int] = field(default_factory=list)

    def __call__(self, columns: Any) -> dict[str, dict[str, Any]]:
        self.asked.append(self.ledger.updates)
        return self.at(self.ledger.updates)

    def at(self, update: int) -> dict[str, dict[str, Any]]:
        known = {"n": 1, "better": "higher", "average": True, "view": None}
        return {
            "c": {"value": self.script.get(update, 0.0), "role": "completeness", **known},
            "u": {"value": 1 - update / 10, "role": "utility", **known},
        }


def goal(budget: Budget, script: dict[int, float], c: float, every: int | None) -> tuple[LiveRun, Scripted]:
    run = live(budget)
    measure = Scripted(run.ledger, script)
    run.path = Path([TrajectoryWatch(measure, ("c", "u"), every, c)])
    return unlearn(run), measure


@pytest.mark.parametrize(
    ("budget", "updates", "equivalents"),
    [
        (Budget("updates", 7), 7, 4 * 12 + 3 * 6),
        (Budget("epochs", 2.5), 5, 3 * 12 + 2 * 6),
        (Budget("forward_equivalents", 60), 6, 54),
        (Budget("forward_equivalents", 65), 6, 54),
        (Budget("forward_equivalents", 66), 7, 66),
    ],
)
def test_an_amount_ends_a_run_to_the_update(budget, updates, equivalents):
    run = unlearn(live(budget))
    assert (run.ledger.updates, run.stopped) == (updates, "budget")
    assert run.ledger.forward_equivalents == equivalents


@pytest.mark.parametrize(("every", "looks", "end"), [(1, [0, 1, 2, 3], 3), (2, [0, 2, 4], 4), (None, [0, 2, 4], 4)])
def test_a_completeness_ends_a_run_at_the_look_that_finds_it(every, looks, end):
    """It crosses 0.5 between updates 2 and 3; an epoch is two updates."""
    run, measure = goal(Budget("updates", 9), {1: 0.1, 2: 0.3, 3: 0.6, 4: 0.9}, 0.5, every)
    assert measure.asked == looks
    assert (run.ledger.updates, run.stopped) == (end, "completeness")
    found = run.path.record(measure.at(end))
    assert found["matched"]["reached"] is True
    assert found["matched"]["update"] == pytest.approx({3: 2 + 0.2 / 0.3, 4: 2 + 2 * 0.2 / 0.6}[end])
    assert found["problems"] == []


@pytest.mark.parametrize(
    ("cap", "end"), [(Budget("updates", 5), 5), (Budget("epochs", 2), 4), (Budget("forward_equivalents", 40), 3)]
)
def test_an_unreachable_completeness_ends_at_its_cap_and_is_a_failure(cap, end):
    run, measure = goal(cap, {1: 0.2, 2: 0.4, 3: 0.4, 4: 0.3, 5: 0.35}, 0.5, 2)
    assert (run.ledger.updates, run.stopped) == (end, "budget")
    found = run.path.record(measure.at(end))
    assert found["matched"] == {
        "completeness": 0.5, "reached": False, "best": 0.4,
        "update": None, "forward_equivalents": None, "utility": None, "utility_average": None,
    }  # fmt: skip
    (problem,) = found["problems"]
    assert problem["kind"] == "completeness-not-reached"
    assert problem["message"] == f"completeness 0.5 was not reached in {end} updates; the highest was 0.4"


def test_a_completeness_that_only_the_end_has_counts():
    """The cap lies between two looks; the end is measured anyway."""
    run, measure = goal(Budget("updates", 5), {5: 0.75}, 0.5, 2)
    assert (measure.asked, run.stopped) == ([0, 2, 4], "budget")
    assert run.path.record(measure.at(5))["matched"]["update"] == pytest.approx(4 + 0.5 / 0.75)


def test_a_target_at_the_goal_takes_no_update():
    run, measure = goal(Budget("updates", 5), {0: 0.8}, 0.5, 2)
    assert (run.ledger.updates, run.stopped, measure.asked) == (0, "completeness", [0])
    found = run.path.record(measure.at(0))
    assert [p["update"] for p in found["trajectory"]] == [0]
    assert found["matched"]["update"] == 0


def test_a_cell_that_failed_keeps_its_way_and_has_not_reached():
    run, _ = goal(Budget("updates", 4), {2: 0.4, 4: 0.3}, 0.5, 2)
    found = run.path.record({})
    assert [p["update"] for p in found["trajectory"]] == [0, 2, 4]
    assert (found["matched"]["reached"], found["matched"]["best"]) == (False, 0.4)


def test_the_way_is_the_target_the_looks_and_the_end():
    run = live(Budget("updates", 5))
    measure = Scripted(run.ledger, {})
    run.path = Path([TrajectoryWatch(measure, ("u",), 2)])
    unlearn(run)
    way = run.path.record(measure.at(5))["trajectory"]
    assert [p["update"] for p in way] == [0, 2, 4, 5]
    assert [p["scores"]["u"] for p in way] == [1.0, 0.8, 0.6, 0.5]
    assert [p["forward_equivalents"] for p in way] == [0, 18, 36, 48]
    assert all(a["seconds"] <= b["seconds"] for a, b in pairwise(way))
    assert measure.asked == [0, 2, 4], "the end is measured with everything else"


def test_the_end_counts_where_a_method_edits_the_model_after_its_last_batch():
    """The look after update 4 saw no forgetting; what was delivered has it."""
    run, measure = goal(Budget("updates", 4), {2: 0.1, 4: 0.1}, 0.5, 2)
    delivered = {**measure.at(4), "c": {**measure.at(4)["c"], "value": 0.9}}
    found = run.path.record(delivered)
    assert [p["scores"]["c"] for p in found["trajectory"]] == [0.0, 0.1, 0.9]
    assert found["matched"]["update"] == pytest.approx(2 + 2 * 0.4 / 0.8)


def test_a_method_without_updates_has_its_target_and_its_end():
    run = live(Budget("updates", 4))
    measure = Scripted(run.ledger, {})
    run.path = Path([TrajectoryWatch(measure, ("c", "u"), 2, 0.5)])
    run.path.start(run.model, run.ledger, 2)
    run.path.end(run.model, run.ledger)
    found = run.path.record({**measure.at(0), "c": {**measure.at(0)["c"], "value": 0.9}})
    assert [p["scores"]["c"] for p in found["trajectory"]] == [0.0, 0.9]
    assert (found["matched"]["reached"], found["matched"]["update"]) == (True, 0)


def test_looks_leave_no_trace():
    """The same weights with and without looks, which use random numbers and other modes, under dropout too."""

    def careless(model: Any) -> Any:
        def measure(columns: Any) -> dict[str, Any]:
            assert not model.training
            torch.rand(17)
            model(input_ids=torch.arange(2, 12)[None])
            return Scripted(Ledger(), {}).at(0)

        return measure

    ends = []
    for looked in (False, True):
        model = llama(dropout=0.3)
        watches = [TrajectoryWatch(careless(model), ("c",), 1)] if looked else []
        run = unlearn(live(Budget("updates", 5), *watches, model=model))
        ends.append(torch.cat([p.detach().flatten() for p in run.model.parameters()]))
        assert run.ledger.forward_equivalents == 48, "no method pays for a look"
        assert run.ledger.to_json()["stopping"]["forward_sequences"] == (6 if looked else 0)
    assert torch.equal(*ends)


def test_the_seconds_are_without_the_looks(monkeypatch):
    """On a clock that an update moves by 1 and a look by 100."""
    clock = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])

    def slow(columns: Any) -> dict[str, Any]:
        clock[0] += 100
        return Scripted(Ledger(), {}).at(0)

    class Ascent(GradAscent):
        def loss(self, model: Any, batch: Any) -> torch.Tensor:
            clock[0] += 1
            return super().loss(model, batch)

    run = unlearn(live(Budget("updates", 3), TrajectoryWatch(slow, ("c",), 1)), Ascent())
    way = run.path.record(Scripted(Ledger(), {}).at(0))["trajectory"]
    assert [point["seconds"] for point in way] == [0, 1, 2, 3]
    assert run.ledger.phases["unlearning"].seconds == 3
    assert run.ledger.phases["stopping"].seconds == 400


@dataclass
class Script:
    """Samples that are forgotten at certain updates, whatever the model says."""

    ledger: Ledger
    gone: dict[int, int]
    level: Level = field(default_factory=lambda: Level(0.5, float("nan")))
    known: list[list[bool]] = field(default_factory=list)

    def read(self, model: Any, samples: SampleSet, known: np.ndarray) -> Reading:
        self.known.append(known.tolist())
        forgotten = np.array([self.ledger.updates >= self.gone.get(i, 99) for i in range(len(samples))])
        return Reading(forgotten, bool(forgotten.mean() >= 0.5))


def forgetting(budget: Budget, gone: dict[int, int], every: int | None, *, ends: bool) -> tuple[LiveRun, Script]:
    run = live(budget)
    rule = Script(run.ledger, gone)
    run.path = Path([ForgettingWatch(rule, run.model, run.forget, every, ends)])
    return unlearn(run), rule


def test_each_sample_has_the_first_look_that_finds_it_forgotten():
    """Looks at 0, 2, 4 and at the end, 5; what is never forgotten is censored there."""
    run, _ = forgetting(Budget("updates", 5), {0: 0, 1: 1, 2: 2, 3: 3, 4: 5}, 2, ends=False)
    found = run.path.record({})["forgetting"]
    assert found["updates"] == {"1-0": 0, "1-1": 2, "1-2": 2, "1-3": 4, "1-4": 5, "1-5": None}
    assert (found["cap"], found["every"]) == (5, 2)
    assert found["level"] == {"memorization_accuracy": 0.5, "extraction_likelihood": None}
    assert run.stopped == "budget"


def test_a_rule_ends_a_run_to_the_update_and_censors_the_rest_there():
    """Half of six samples are forgotten after update 3."""
    run, _ = forgetting(Budget("updates", 9), {0: 1, 1: 2, 2: 3, 3: 7}, 1, ends=True)
    assert (run.ledger.updates, run.stopped) == (3, "rule")
    found = run.path.record({})["forgetting"]
    assert found["updates"] == {"1-0": 1, "1-1": 2, "1-2": 3, "1-3": None, "1-4": None, "1-5": None}
    assert found["cap"] == 3


def test_a_rule_that_the_target_meets_ends_at_the_first_look_after_it():
    run, _ = forgetting(Budget("updates", 9), dict.fromkeys(range(6), 0), None, ends=True)
    assert (run.ledger.updates, run.stopped) == (2, "rule")
    assert set(run.path.record({})["forgetting"]["updates"].values()) == {0}


def test_it_says_which_samples_are_known():
    _, rule = forgetting(Budget("updates", 3), {0: 1, 3: 2}, 1, ends=False)
    assert [sorted(np.flatnonzero(k)) for k in rule.known] == [[], [], [0], [0, 3]]
