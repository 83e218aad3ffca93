"""What tuning searches, and how a plan counts it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import pytest
from pydantic import Field

from fairforget.api import Curriculum, Method, Search
from fairforget.errors import FairforgetError
from fairforget.study.load import dump, parse_study
from fairforget.study.planning import make_plan


class Made(Method):
    def unlearn(self, run):
        """Do nothing."""


@dataclass(frozen=True)
class Eager(Made):
    beta: Annotated[float, "inverse temperature", Field(gt=0), Search(0.01, 1.0, log=True)] = 0.1
    steps: Annotated[int | None, Search(1, 8)] = None
    reduction: Annotated[Literal["sum", "mean"], Search(choices=("sum", "mean"))] = "sum"
    layers: Annotated[Sequence[int], Search(choices=((1,), (1, 2)))] = (1,)
    other: Annotated[float, "is left alone"] = 3.0


@dataclass(frozen=True)
class Floored(Curriculum):
    floor: Annotated[float, Field(ge=0), Search(0.0, 0.5)] = 0.0


STUDY = """\
name: tuned
task: people
forget_size: 8
draws: 3
methods: [untouched, eager, ascent]
curricula: [uniform, floored]
budget: {updates: 4}
optimizer: {lr: 1e-4, batch_size: 4}
tuning: {trials: 5, draws: 2}
"""


@pytest.fixture
def plugins(registry):
    return registry.add("method", "eager", Eager).add("curriculum", "floored", Floored)


def planned(plugins, *sets):
    found = parse_study(STUDY, "study.yaml", sets)
    return make_plan(found.study, plugins, found.places)


def searched(plan):
    return {(s.method.label, s.curriculum.label): [str(d) for d in s.dimensions] for s in plan.searches()}


LR = "optimizer.lr 1e-05 … 0.001 (log)"
EAGER = ["beta 0.01 … 1 (log)", "steps 1 … 8", 'reduction "sum" | "mean"', "layers [1] | [1, 2]"]


def test_a_row_searches_what_its_method_and_curriculum_declare_and_the_learning_rate(plugins):
    assert searched(planned(plugins)) == {
        ("eager", "uniform"): [*EAGER, LR],
        ("eager", "floored"): [*EAGER, "curriculum.floor 0 … 0.5", LR],
        ("ascent", "uniform"): [LR],
        ("ascent", "floored"): ["curriculum.floor 0 … 0.5", LR],
    }


def test_what_the_row_has_before(plugins):
    searches = {(s.method.label, s.curriculum.label): s for s in planned(plugins).searches()}
    assert searches["eager", "floored"].defaults() == {
        "beta": 0.1,
        "steps": None,
        "reduction": "sum",
        "layers": [1],
        "curriculum.floor": 0.0,
        "optimizer.lr": 1e-4,
    }
    inside = {d.name: d.contains(searches["eager", "floored"].defaults()[d.name])
              for d in searches["eager", "floored"].dimensions}  # fmt: skip
    assert inside == {**dict.fromkeys(inside, True), "steps": False}, "null is not among 1 … 8"


def test_what_the_study_gives_is_not_searched(plugins):
    found = searched(
        planned(plugins, "methods=[{name: eager, beta: 0.5, layers: [1, 2]}]", "curricula=[{name: floored, floor: 0}]")
    )
    assert found == {("eager", "floored"): [*EAGER[1:3], LR]}


@pytest.mark.parametrize(
    ("sets", "expected"),
    [
        (["tuning.lr=[1e-5, 1e-4]"], "optimizer.lr 1e-05 … 0.0001 (log)"),
        (["methods.2={name: ascent, optimizer: {lr: 1}}"], "optimizer.lr 0.1 … 10 (log)"),
        (["methods.2={name: ascent, optimizer: {lr: 1}}", "tuning.lr=[1, 2]"], "optimizer.lr 1 … 2 (log)"),
    ],
)
def test_learning_rates(plugins, sets, expected):
    assert searched(planned(plugins, *sets))["ascent", "uniform"] == [expected]


@pytest.mark.parametrize(
    ("sets", "place"),
    [
        (["optimizer.lr=5e-324"], "--set optimizer.lr=5e-324: optimizer.lr: "),
        (["optimizer.lr=1e308"], "--set optimizer.lr=1e308: optimizer.lr: "),
        (["methods.2={name: ascent, optimizer: {lr: 1e308}}"], "methods.2.optimizer.lr: "),
    ],
)
def test_learning_rates_around_which_there_are_none(plugins, sets, place):
    with pytest.raises(FairforgetError) as error:
        planned(plugins, *sets)
    assert str(error.value).count(place) == 1
    assert "give the range as tuning.lr: [LOW, HIGH]" in str(error.value)
    assert planned(plugins, *sets, "tuning.lr=[1e-5, 1e-4]").searches()


def test_a_row_with_nothing_to_search_stays_as_it_is(plugins):
    plan = planned(plugins, "tuning.lr=false")
    assert ("ascent", "uniform") not in searched(plan)
    assert [(m.label, m.tuned, [c.label for c in m.curricula if c]) for m in plan.methods] == [
        ("untouched", False, []),
        ("eager", True, ["uniform", "floored"]),
        ("ascent", False, ["uniform"]),
        ("ascent", True, ["floored"]),
    ]
    assert len(plan) == 3 * 5


def test_tuned_beside_untuned_rows(plugins):
    plan = planned(plugins, "tuning.untuned=true")
    assert len(plan) == 3 * (1 + 2 * 4)
    assert [m.tuned for m in plan.methods] == [False, False, True, False, True]
    assert "tuned" not in plan.methods[1].to_json()
    assert plan.methods[2].to_json() == {**plan.methods[1].to_json(), "tuned": True}


def test_a_dry_run_counts_trial_cells(plugins):
    rows = [(r.method, r.curriculum, r.cells, r.updates, r.forward_equivalents) for r in planned(plugins).describe()]
    # Four updates of four samples, twice the passes of three where there are retain partners.
    assert rows == [
        ("eager (tuning)", "uniform", 10, 40, 10 * 96),
        ("eager (tuning)", "floored", 10, 40, 10 * 96),
        ("ascent (tuning)", "uniform", 10, 40, 10 * 48),
        ("ascent (tuning)", "floored", 10, 40, 10 * 48),
        ("untouched", "", 3, 0, 0),
        ("eager (tuned)", "uniform", 3, 12, 3 * 96),
        ("eager (tuned)", "floored", 3, 12, 3 * 96),
        ("ascent (tuned)", "uniform", 3, 12, 3 * 48),
        ("ascent (tuned)", "floored", 3, 12, 3 * 48),
        ("total", "", 40 + 15, 160 + 48, 2880 + 864),
    ]


def test_without_tuning_nothing_changes(plugins):
    plan = planned(plugins, "tuning=null")
    assert plan.searches() == ()
    assert plan.trial_cells() == 0
    assert not any(method.tuned for method in plan.methods)
    assert [row.cells for row in plan.describe()] == [3, 3, 3, 3, 3, 15]


def test_trials_count_among_the_cells_a_study_may_have(plugins):
    with pytest.raises(FairforgetError, match="the study has 8,000,015 cells"):
        planned(plugins, "tuning.trials=1000000")


def test_a_resolved_study_reads_back(plugins):
    study = planned(plugins, "tuning.lr=[1e-5, 1e-4]").study
    assert parse_study(dump(study)).study == study


@pytest.mark.parametrize(
    ("annotation", "said"),
    [
        (Annotated[float, Field(gt=0), Search(-1.0, 1.0)], "has -1.0, and the option is number > 0"),
        (Annotated[int, Search(0.5, 2)], "is over whole numbers, but one of its ends is none"),
        (Annotated[str, Search(0, 1)], "is a range, but the option is text; its author has to give choices"),
        (Annotated[bool, Search(0, 1)], "is a range, but the option is true | false"),
        (Annotated[Literal["a", "b"], Search(choices=("a", "c"))], "has 'c', and the option is"),
        (Annotated[float | None, Field(le=1), Search(0.1, 5, log=True)], "has 5, and the option is number | null ≤ 1"),
    ],
)
def test_a_search_that_the_options_type_does_not_allow_is_the_authors_mistake(registry, annotation, said):
    class Wrong(Made):
        def __init__(self, x: annotation = None) -> None:
            self.x = x

    Wrong.__init__.__annotations__["x"] = annotation
    with pytest.raises(FairforgetError) as caught:
        planned(registry.add("method", "wrong", Wrong), "methods=[wrong]", "curricula=[uniform]")
    assert "study.yaml" in str(caught.value) or "--set methods" in str(caught.value)
    assert "the search of its option 'x'" in str(caught.value)
    assert said in str(caught.value)
