"""The claims about a pretrained model: files run by their path, for `--all` is to need no model and no night."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fairforget.api import Pretrained, Task
from fairforget.claims.open import open_claim
from fairforget.claims.planned import check_shared, plan_claim
from fairforget.claims.power import reach
from fairforget.cli import main
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
    "c1-tofu": 20 * 2 * 2,  # draws, rows and seeds
    "c2-tofu": 20 * 2 * 2,
    "c3-tofu": 40 * 2,
    "c3-inside-tofu": 40 * 2,
    "c7-tofu": 10 * 2 * 5,  # draws, methods and curricula
    "c7-inside-tofu": 10 * 2 * 5,
    "c10-tofu": 0,
    "c11-tofu": 0,
    "c11-outside-tofu": 0,
    "c13-tofu": 0,
    "c13-inside-tofu": 0,
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
        "c1-tofu": 20,
        "c2-tofu": 20,
        "c3-tofu": None,
        "c3-inside-tofu": None,
        "c7-tofu": 10,
        "c7-inside-tofu": 10,
        "c10-tofu": 12,
        "c11-tofu": 3,
        "c11-outside-tofu": 3,
        "c13-tofu": None,
        "c13-inside-tofu": None,
    }


def test_a_folder_takes_the_place_of_the_model(tmp_path):
    pytest.importorskip("wordfreq")
    registry = Registry.discover()
    claim = open_claim(str(FILES[0]), registry, [f"model.path={tmp_path}"])
    assert claim.sites[0].study.study.model.path == str(tmp_path)


def questions(count, start, *, wrong=0):
    made = [{"question": f"Who is author {i}?", "answer": f"Ada {i}."} for i in range(start, start + count)]
    return [row | {"perturbed_answer": [f"Bob {k}." for k in range(wrong)]} if wrong else row for row in made]


def test_with_data_and_model_they_can_run(tmp_path, capsys):
    pytest.importorskip("wordfreq")
    splits = {
        "forget10": questions(120, 500),
        "forget10_perturbed": questions(120, 500, wrong=2),
        "retain90": questions(120, 0),
        "retain_perturbed": questions(80, 0, wrong=2),
        "real_authors_perturbed": questions(3, 900, wrong=2),
        "world_facts_perturbed": questions(3, 950, wrong=2),
    }
    for name, rows in splits.items():
        (tmp_path / f"{name}.json").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    options = ["--set", f"model.path={tmp_path}", "--out", str(tmp_path / "out"), "--dry-run"]
    tofu = [str(path) for path in FILES if path.stem.endswith("-tofu")]
    assert main(["claims", "run", *tofu, "--set", f"task.data={tmp_path}", *options]) == 0
    facts = [str(path) for path in FILES if path.stem.endswith("-facts")]
    assert main(["claims", "run", *facts, *options]) == 0
    assert "cannot run yet" not in capsys.readouterr().out
    assert {*tofu, *facts} == set(map(str, FILES))


def test_all_does_not_run_them():
    names = {entry.name for entry in Registry.discover().entries("claim")}
    assert names.isdisjoint(path.stem for path in FILES)
