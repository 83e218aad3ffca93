"""The claims about a pretrained model: files run by their path, for `--all` is to need no model and no night."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairforget.api import Pretrained, Task
from fairforget.claims.open import open_claim
from fairforget.claims.planned import check_shared, plan_claim
from fairforget.claims.power import reach
from fairforget.registry import Registry
from fairforget_tasks.facts import TARGET

FOLDER = Path(__file__).parents[2] / "plugins" / "fairforget_tasks" / "claims" / "pretrained"
FILES = sorted(path for path in FOLDER.glob("*.yaml") if "\nstatistic:" in path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def planned():
    pytest.importorskip("wordfreq")
    registry = Registry.discover()
    return {path.stem: plan_claim(open_claim(str(path), registry), registry) for path in FILES}


CELLS = {
    "c19-facts": 2 * 10 * 4,  # two strata of ten draws, four rows
    "c20-facts": 2 * 10 * 4,
    "c1-tofu": 15 * 2 * 2,  # draws, rows and seeds
    "c2-tofu": 15 * 2 * 2,
    "c3-tofu": 30 * 4,
    "c7-tofu": 10 * 2 * 3,  # draws, methods and curricula
    "c10-tofu": 0,
    "c11-tofu": 0,
    "c13-tofu": 0,
}


def test_they_plan_without_data_and_model_and_share_their_cells(planned):
    check_shared(list(planned.values()))
    assert {name: reach(one).price.cells for name, one in planned.items()} == CELLS
    for one in planned.values():
        (site,) = one.sites
        base = site.plan.study.model.path
        assert base == TARGET


def test_facts_are_asked_of_the_model_as_it_stands(planned):
    (site,) = planned["c19-facts"].sites
    base = site.plan.task.of(Task).target().base
    assert isinstance(base, Pretrained)
    assert base.path == TARGET


def test_what_their_statistics_count(planned):
    counted = {name: reach(one).planned for name, one in planned.items()}
    # Samples that have a score are not known before they are scored.
    assert counted == {
        "c19-facts": 10,
        "c20-facts": 20,
        "c1-tofu": 15,
        "c2-tofu": 15,
        "c3-tofu": None,
        "c7-tofu": 10,
        "c10-tofu": 12,
        "c11-tofu": 3,
        "c13-tofu": None,
    }


def test_a_folder_takes_the_place_of_the_model(tmp_path):
    pytest.importorskip("wordfreq")
    registry = Registry.discover()
    claim = open_claim(str(FILES[0]), registry, [f"model.path={tmp_path}"])
    assert claim.sites[0].study.study.model.path == str(tmp_path)


def test_all_does_not_run_them():
    names = {entry.name for entry in Registry.discover().entries("claim")}
    assert names.isdisjoint(path.stem for path in FILES)
