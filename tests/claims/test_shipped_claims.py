"""The claims that fairforget ships: each can be planned, and is tested on what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairforget.claims.open import open_claim
from fairforget.claims.planned import check_shared, plan_claim
from fairforget.claims.power import reach
from fairforget.registry import Registry

REGISTRY = Registry.discover()
NAMES = [entry.name for entry in REGISTRY.entries("claim") if entry.dist == "fairforget"]
FILES = Path(__file__).parents[2] / "plugins" / "fairforget_tasks" / "claims"


@pytest.fixture(scope="module")
def planned():
    return {name: plan_claim(open_claim(name, REGISTRY), REGISTRY) for name in NAMES}


def quantities(options):
    """Yield the names of what a statistic looks up in the scores of a target."""
    for key in ("score", "partial", "over", "of", "beside", "given", "outcome", "exposure", "attribute", "match"):
        found = options.get(key)
        for what in found if isinstance(found, list | tuple) else [found]:
            if what is not None:
                yield what if isinstance(what, str) else what["name"]


def test_no_file_is_forgotten():
    studies = {path for path in FILES.glob("*.yaml") if "\nstatistic:" not in path.read_text(encoding="utf-8")}
    assert {path.stem for path in set(FILES.glob("*.yaml")) - studies} == set(NAMES)


@pytest.mark.slow
def test_all_of_them_can_run_together(planned):
    check_shared(list(planned.values()))
    studies = {site.study for one in planned.values() for site in one.sites}
    assert studies == {
        "claims-scores",
        "claims-sets",
        "claims-single",
        "claims-complexity",
        "claims-curricula",
        "claims-inout",
        "claims-frequency",
        "claims-sizes",
        "claims-forget-sizes",
        "claims-orders",
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_two_sizes_two_training_seeds_and_people_of_their_own(planned, name):
    sites = [site for target in planned[name].targets.values() for site in target[:1]]
    assert len({site.plan.task.plugin.hidden_size for site in planned[name].sites}) >= 2
    assert len({site.plan.study.model.seed for site in sites}) >= 2
    seeds = [site.plan.task.plugin.seed for site in sites]
    assert len(set(seeds)) == len(seeds), "the interval of the mean over targets takes them as independent"


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_what_is_looked_up_is_scored(planned, name):
    claim = planned[name].claim
    scored = {one.difficulty.name for one in claim.scores}
    difficulties = {entry.name for entry in REGISTRY.entries("difficulty")}
    for statistic in (claim.statistic, *claim.controls.values()):
        wanted = set(quantities(statistic.options())) & difficulties
        assert wanted <= scored
        assert claim.cells or wanted


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_it_says_before_the_run_what_it_could_show(planned, name):
    found = reach(planned[name])
    assert found.planned is not None
    assert found.power is not None
    assert (found.price.cells > 0) == planned[name].claim.cells


def sides(options):
    """Yield facet and value of all that a statistic compares or keeps, also by the statistic inside it."""
    for key in ("first", "second", "only"):
        for facet, values in (options.get(key) or {}).items():
            yield from ((facet, value) for value in ([values] if isinstance(values, str) else values))
    if "statistic" in options:
        yield from sides(options["statistic"])


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_what_is_compared_is_in_the_study(planned, name):
    sites = planned[name].sites
    labels = {
        "method": {method.label for site in sites for method in site.plan.methods},
        "curriculum": {
            one.label for site in sites for m in site.plan.methods for one in m.curricula if one is not None
        },
    }
    claim = planned[name].claim
    for statistic in (claim.statistic, *claim.controls.values()):
        named = [(facet, value) for facet, value in sides(statistic.options()) if facet in labels]
        assert [value for facet, value in named if value not in labels[facet]] == []
