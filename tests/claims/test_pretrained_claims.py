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
    "c1-tofu": 12 * 2 * 2,  # draws, rows and seeds
    "c2-tofu": 12 * 2 * 2,
    "c3-tofu": 40 * 2,
    "c3-inside-tofu": 40 * 2,
    "c7-tofu": 6 * 2 * 5,  # draws, methods and curricula
    "c7-inside-tofu": 6 * 2 * 5,
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
        "c1-tofu": 12,
        "c2-tofu": 12,
        "c3-tofu": None,
        "c3-inside-tofu": None,
        "c7-tofu": 6,
        "c7-inside-tofu": 6,
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


def write_tofu(folder):
    splits = {
        "forget10": questions(400, 500),
        "forget10_perturbed": questions(400, 500, wrong=2),
        "retain90": questions(440, 0),
        "retain_perturbed": questions(400, 0, wrong=2),
        "real_authors_perturbed": questions(3, 900, wrong=2),
        "world_facts_perturbed": questions(3, 950, wrong=2),
    }
    for name, rows in splits.items():
        (folder / f"{name}.json").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def test_with_data_and_model_they_can_run(tmp_path, capsys):
    pytest.importorskip("wordfreq")
    write_tofu(tmp_path)
    options = ["--set", f"model.path={tmp_path}", "--out", str(tmp_path / "out"), "--dry-run"]
    tofu = [str(path) for path in FILES if path.stem.endswith("-tofu")]
    assert main(["claims", "run", *tofu, "--set", f"task.data={tmp_path}", *options]) == 0
    facts = [str(path) for path in FILES if path.stem.endswith("-facts")]
    assert main(["claims", "run", *facts, *options]) == 0
    said = capsys.readouterr().out
    assert "cannot run yet" not in said
    assert "will have no value" not in said
    assert {*tofu, *facts} == set(map(str, FILES))


def test_a_pool_of_few_authors_is_told_before_it_costs_hours(tmp_path, capsys):
    """Two questions of one author are no two independent samples."""
    write_tofu(tmp_path)
    asked = [str(FOLDER / f"{name}-tofu.yaml") for name in ("c3", "c11")]
    few = ["--set", f"task.data={tmp_path}", "--set", f"model.path={tmp_path}", "--set", "task.authors=4"]
    assert main(["claims", "run", *asked, *few, "--set", "task.questions=10", "--dry-run"]) == 0
    said = capsys.readouterr().out
    has = "has 4 groups of samples, and its statistic takes"
    assert f"c3-tofu will have no value: the pool of claims-tofu-single on smollm2 {has} 10" in said
    assert f"c11-tofu will have no value: the pool of claims-tofu-scores on smollm2 {has} 5" in said


def test_all_does_not_run_them():
    names = {entry.name for entry in Registry.discover().entries("claim")}
    assert names.isdisjoint(path.stem for path in FILES)
