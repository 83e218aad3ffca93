"""Claims are judged from packs as from folders, and a pack that is damaged ends it."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from fairforget.claims.outcome_file import read_outcomes
from fairforget.claims.packs.folders import laid_out, pack
from fairforget.claims.packs.pack_file import PackUnusable
from fairforget.claims.report.page import report
from fairforget.claims.report.told import told
from fairforget.claims.report.write import write_report
from fairforget.claims.run import judge_claims, run_claims
from fairforget.cli import main
from fairforget.errors import FairforgetError
from fairforget.run.watcher import Silent


@pytest.mark.slow
def test_claims_are_judged_and_told_from_packs_as_from_folders(copied, packs, world, tmp_path):
    planned, out = copied
    known = world.registry()
    written = []
    for name, where in (("from-folders", out), ("from-packs", packs)):
        to = tmp_path / name
        outcomes = judge_claims([planned], to, watcher=Silent(), whole=True, evidence=where)
        write_report(report(told(outcomes, known), known), to)
        written.append({path.name: path.read_bytes() for path in to.iterdir()})
    assert written[0].keys() == {"claims.json", "claims.html", "claims.md"}
    assert written[0] == written[1]
    (outcome,) = outcomes
    assert (outcome.cost.cells, outcome.cost.missing) == (24, 0)
    assert outcome.judged.effect.known
    assert not (out / "claims.json").exists(), "evidence is only read"
    assert sorted(path.name for path in packs.rglob("*") if path.is_file()) == ["one.pack.xz", "two.pack.xz"]


def test_what_is_missing_or_damaged_in_the_folder_is_so_in_the_pack(copied, tmp_path):
    planned, out = copied
    cells = sorted(out.glob("*/one/cells/*.json"))
    cells[0].unlink()
    cells[1].write_bytes(cells[1].read_bytes()[:-40])
    min(out.glob("*/two/scores/*.json")).write_text("{")
    pack(out, tmp_path / "packs")
    found = [judge_claims([planned], tmp_path, watcher=Silent(), evidence=e) for e in (out, tmp_path / "packs")]
    assert found[0] == found[1]
    notes = " ".join(found[1][0].notes)
    assert "2 of 12 cells are missing" in notes
    assert f"{cells[1].name} is not used: not JSON" in notes
    assert "is torn" in notes


def test_a_study_that_is_there_twice_is_told(copied, packs, world):
    planned, out = copied
    shutil.copytree(out / "by-hand" / "two", packs / "by-hand" / "two")
    with pytest.raises(FairforgetError, match=r"holds two\.pack\.xz and two/, which may differ"):
        judge_claims([planned], packs, watcher=Silent())


def test_a_damaged_pack_ends_the_judging_and_leaves_the_outcomes_as_they_are(copied, packs, tmp_path):
    planned, _ = copied
    judge_claims([planned], tmp_path, watcher=Silent(), evidence=packs)
    before = (tmp_path / "claims.json").read_bytes()
    path = packs / "by-hand" / "two.pack.xz"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(PackUnusable, match=r"two\.pack\.xz is torn"):
        judge_claims([planned], tmp_path, watcher=Silent(), evidence=packs)
    assert (tmp_path / "claims.json").read_bytes() == before


def test_only_the_studies_that_are_asked_for_are_laid_out_and_nothing_stays(packs):
    shutil.copytree(packs / "by-hand", packs / "other")  # whose packs are refused if they are read
    with laid_out(packs, ["by-hand"]) as folder:
        assert [path.name for path in folder.iterdir()] == ["by-hand"]
    assert not folder.exists()


def test_nothing_runs_where_packs_lie(copied, packs, world):
    planned, _ = copied
    with pytest.raises(FairforgetError, match="claims unpack"):
        run_claims([planned], world.registry(), packs, watcher=Silent())


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["pack", "nowhere", "packs"], "cannot read nowhere"),
        (["pack", "empty", "packs"], "nothing to pack in empty"),
        (["pack", "out", "out"], "packs lie apart"),
        (["pack", "packs", "more"], "packs holds packs already"),
        (["unpack", "nowhere", "laid"], "there is no pack in nowhere"),
        (["unpack", "out", "laid"], "there is no pack in out"),
        (["run", "c1", "--evidence", "packs"], "goes with --judge-only"),
        (["run", "c1", "--judge-only", "--evidence", "nowhere"], "there is no folder nowhere"),
    ],
)
def test_wrong_input_is_exit_code_2_with_the_mend(packs, tmp_path, monkeypatch, capsys, arguments, why):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    assert main(["claims", *arguments]) == 2
    assert why in capsys.readouterr().err


def test_what_the_page_says_of_packs(copied, world, tmp_path, monkeypatch, capsys):
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "test-a-claim.md").read_text()
    section = page.partition("## Hand on the evidence")[2].partition("## ")[0]
    commands = re.findall(r"^\$ fairforget (.*)$", section, re.MULTILINE)
    assert len(commands) == 2
    _, out = copied
    monkeypatch.chdir(tmp_path)
    Path("runs").mkdir()
    out.rename("runs/claims")
    Path("easy-first.yaml").write_text(json.dumps(claim_file(world.STUDY)))
    plugin = ["--plugin", str(world.PLUGIN)]
    assert main(shlex.split(commands[0])) == 0
    assert main([*shlex.split(commands[1]), *plugin]) == 0
    assert main(["claims", "run", "easy-first.yaml", "--judge-only", *plugin]) == 0
    assert Path("judged", "claims.json").read_bytes() == Path("runs", "claims", "claims.json").read_bytes()
    (outcome,) = read_outcomes(Path("judged"))
    assert (outcome.cost.cells, outcome.cost.missing) == (24, 0)


def claim_file(study):
    return {
        "title": "Ascent forgets",
        "statement": "Two updates of gradient ascent raise completeness.",
        "family": "forgotten",
        "source": {"paper": "a test", "where": "here"},
        "study": study,
        "targets": {"one": {}, "two": {"set": {"model.seed": 1}}},
        "statistic": {
            "name": "paired-difference",
            "first": {"method": "fragile"},
            "second": {"method": "untouched"},
            "of": "completeness",
        },
        "expect": {"above": 0.0, "because": "no forgetting is no change"},
        "assumed": {"effect": 0.02, "spread": 0.02, "because": "a guess"},
        "would_change": "More draws.",
        "means": {"supported": "It forgets.", "contradicted": "It does not.", "undecided": "Who knows."},
    }
