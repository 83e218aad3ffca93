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


def test_they_plan_without_the_model_and_share_its_cells(planned):
    assert set(planned) == {"c19-facts", "c20-facts"}
    check_shared(list(planned.values()))
    for one in planned.values():
        (site,) = one.sites
        base = site.plan.task.of(Task).target().base
        assert isinstance(base, Pretrained)
        assert base.path == site.plan.study.model.path == TARGET
        # Two strata of ten draws, four rows.
        assert reach(one).price.cells == 2 * 10 * 4


def test_pairs_are_what_c19_counts(planned):
    assert {name: reach(one).planned for name, one in planned.items()} == {"c19-facts": 10, "c20-facts": 20}


def test_a_folder_takes_the_place_of_the_model(tmp_path):
    pytest.importorskip("wordfreq")
    registry = Registry.discover()
    claim = open_claim(str(FILES[0]), registry, [f"model.path={tmp_path}"])
    assert claim.sites[0].study.study.model.path == str(tmp_path)


def test_all_does_not_run_them():
    names = {entry.name for entry in Registry.discover().entries("claim")}
    assert names.isdisjoint(path.stem for path in FILES)
