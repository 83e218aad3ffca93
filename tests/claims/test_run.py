"""Running claims and judging them, in Python and on the command line."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from fairforget.claims.outcome_file import read_outcomes
from fairforget.claims.planned import check_shared
from fairforget.claims.run import judge_claims, run_claims, studies
from fairforget.claims.statistics.rank_correlation import RankCorrelation
from fairforget.cli import main
from fairforget.errors import FairforgetError, MachineFault
from fairforget.run.watcher import Silent


@pytest.fixture
def copied(by_hand, tmp_path):
    planned, out, _ = by_hand
    shutil.copytree(out, tmp_path / "out")
    return planned, tmp_path / "out"


def records(out):
    return {path: path.read_bytes() for path in sorted(out.glob("*/*/cells/*.json"))}


def test_the_same_call_again_runs_what_is_missing_and_nothing_else(copied, world):
    planned, out = copied
    before = records(out)
    lost = list(before)[::5]
    for path in lost:
        path.unlink()
    assert run_claims([planned], world.registry(), out, watcher=Silent()).ran == len(lost) == 5
    after = records(out)
    assert after.keys() == before.keys()
    assert {path: after[path] for path in before if path not in lost} == {
        path: before[path] for path in before if path not in lost
    }
    assert run_claims([planned], world.registry(), out, watcher=Silent()).ran == 0


def test_a_pool_of_too_few_groups_is_told_and_ends_nothing(copied, world):
    planned, out = copied
    statistic = RankCorrelation(score="length", outcome="updates")
    few = replace(planned, claim=replace(planned.claim, name="tests/few", statistic=statistic))
    notes = []

    class Told(Silent):
        def note(self, text):
            notes.append(text)

    assert run_claims([planned, few], world.registry(), out, watcher=Told()).ran == 0
    has = "has 7 groups of samples, and its statistic takes 10"
    assert notes == [f"tests/few will have no value: the pool of by-hand on one {has}"]


def test_a_study_that_claims_share_is_run_once(world):
    sites = (world.site("one"), world.site("two"))
    claims = world.planned(
        world.claim("a", sites=sites),
        world.claim("b", sites=sites[:1]),
        world.claim("c", sites=(world.site("one", name="another"),)),
        world.claim("d", sites=(world.site("scored"),), cells=False, scores=(world.scores("length"),)),
    )
    check_shared(claims)
    assert [(site.study, site.site.name) for site in studies(claims)] == [
        ("by-hand", "one"),
        ("by-hand", "two"),
        ("another", "one"),
    ]


def test_claims_that_mean_different_studies_by_one_name_are_told_so(world):
    claims = world.planned(world.claim("a", sites=(world.site(),)), world.claim("b", sites=(world.site(draws=5),)))
    with pytest.raises(FairforgetError, match="claims a and b both run the study by-hand on one, and differ in draws"):
        check_shared(claims)
    # Where cells run is no difference.
    check_shared(
        world.planned(world.claim("a", sites=(world.site(),)), world.claim("b", sites=(world.site(engine="local"),)))
    )


def test_a_claim_that_is_named_twice_is_told(world):
    with pytest.raises(FairforgetError, match="two claims are called a"):
        check_shared(world.planned(world.claim("a"), world.claim("a")))


def test_a_study_that_cannot_run_ends_no_other(copied, world):
    planned, out = copied
    # Seven people are in the pool.
    (other,) = world.planned(world.claim("b", sites=(world.site("one", name="large", forget_size=20),)))
    ran = run_claims([other, planned], world.registry(), out, watcher=Silent())
    assert len(ran.stopped) == 1
    assert "the pool has 7" in ran.stopped[0]
    with pytest.raises(FairforgetError, match="the pool has 7"):
        run_claims([other], world.registry(), out, watcher=Silent())


def test_a_full_disk_ends_the_run(copied, world, monkeypatch):
    planned, out = copied

    def full(*args, **kwargs):
        raise MachineFault("no space is left")

    monkeypatch.setattr("fairforget.claims.run._run", full)
    with pytest.raises(MachineFault):
        run_claims([planned], world.registry(), out, watcher=Silent())


def test_judging_from_the_files_gives_the_same_bytes(copied):
    planned, out = copied
    outcomes = judge_claims([planned], out, watcher=Silent(), whole=True)
    before = (out / "claims.json").read_bytes()
    moved = out.with_name("elsewhere")
    out.rename(moved)
    (moved / "claims.json").unlink()
    assert judge_claims([planned], moved, watcher=Silent(), whole=True) == outcomes
    assert (moved / "claims.json").read_bytes() == before
    assert read_outcomes(moved) == outcomes


def test_outcomes_of_other_claims_stay_unless_all_are_judged(copied, world):
    _, out = copied
    a, b = world.planned(world.claim("a"), world.claim("b"))
    judge_claims([a, b], out, watcher=Silent())
    judge_claims([b], out, watcher=Silent())
    assert [one.claim for one in read_outcomes(out)] == ["a", "b"]
    judge_claims([b], out, watcher=Silent(), whole=True)
    assert [one.claim for one in read_outcomes(out)] == ["b"]
    (out / "claims.json").write_text("{")
    judge_claims([a], out, watcher=Silent())
    assert [one.claim for one in read_outcomes(out)] == ["a"]


@pytest.fixture
def file(world, tmp_path, monkeypatch) -> Path:
    """A claim file that says what `by_hand` was run from."""
    monkeypatch.setattr("fairforget.claims.open.STATISTICS", {"gap": "claim_world:Gap", "fixed": "claim_world:Fixed"})
    monkeypatch.chdir(tmp_path)
    said = {
        "title": "Ascent forgets",
        "statement": "Two updates of gradient ascent raise completeness.",
        "family": "forgotten",
        "source": {"paper": "a test", "where": "here"},
        "study": world.STUDY,
        "targets": {"one": {}, "two": {"set": {"model.seed": 1}}},
        "scores": ["length", {"name": "mrd-monte-carlo", "draws": 4, "seeds": 2}],
        "statistic": {"name": "gap"},
        "expect": {"above": 0.0, "because": "no forgetting is no change"},
        "assumed": {"effect": 0.02, "spread": 0.02, "because": "a guess"},
        "would_change": "More draws.",
        "means": {"supported": "It forgets.", "contradicted": "It does not.", "undecided": "Who knows."},
    }
    path = tmp_path / "by-hand.yaml"
    path.write_text(yaml.safe_dump(said, sort_keys=False))
    return path


def run(capsys, world, *arguments):
    code = main(["claims", "run", *map(str, arguments), "--plugin", str(world.PLUGIN)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_command_runs_judges_and_prints_a_table(copied, file, world, capsys):
    _, out = copied
    code, said, _ = run(capsys, world, file, "--out", out)
    assert code == 0, "whatever the verdict"
    (outcome,) = read_outcomes(out)
    head, row = said.splitlines()[:2]
    assert head.split() == ["claim", "verdict", "effect", "n", "note"]
    assert row.split()[:2] == ["by-hand", outcome.judged.verdict]
    assert f"{outcome.judged.effect.value:.3g} [" in row
    assert "8 forget sets" in row
    assert str(out / "claims.json") in said


def test_judge_only_runs_nothing(copied, file, world, capsys):
    _, out = copied
    for path in list(records(out))[:3]:
        path.unlink()
    code, said, _ = run(capsys, world, file, "--out", out, "--judge-only")
    assert code == 0
    assert len(records(out)) == 21
    assert "undecided, for 3 of the 24 cells of the design are missing" in said
    assert read_outcomes(out)[0].cost.missing == 3


def test_a_dry_run_says_what_is_needed_and_writes_nothing(file, world, capsys, tmp_path):
    code, said, _ = run(capsys, world, file, "--out", tmp_path / "nowhere", "--dry-run", "--set", "draws=6")
    assert code == 0
    assert not (tmp_path / "nowhere").exists()
    head, row = (line.split() for line in said.splitlines()[:2])
    assert head[:4] == ["claim", "unit", "needed", "planned"]
    # (1.96 + 0.84)² + 1.92 = 9.8 sets of both targets together.
    assert row[:5] == ["by-hand", "forget", "sets", "5", "6"]
    assert "supported" in row
    assert "2 studies, each run once: 36 cells, 48 updates" in said
    assert "6 score sets of whole pools (fairforget/length, fairforget/mrd-monte-carlo)" in said


def test_a_dry_run_says_what_is_not_here_yet_once(file, world, capsys, tmp_path):
    nowhere = tmp_path / "nowhere"
    settings = ["--set", f"task={{name: tofu, data: {nowhere}}}", "--set", "model={path: none}"]
    code, said, _ = run(capsys, world, file, "--dry-run", *settings)
    assert code == 0
    (line,) = [line for line in said.splitlines() if "cannot run yet" in line]
    assert line.startswith("by-hand cannot run yet: tofu: ")
    assert str(nowhere) in line


def test_failed_cells_are_exit_code_1(copied, file, world, capsys):
    _, out = copied
    path = next(iter(records(out)))
    record = json.loads(path.read_bytes())
    path.write_text(
        json.dumps({**record, "status": "failed", "scores": {}, "problems": [{"kind": "b", "message": "m"}]})
    )
    code, said, _ = run(capsys, world, file, "--out", out)
    assert code == 1
    assert "1 of 24 cells failed" in said
    assert run(capsys, world, file, "--out", out, "--retry-failed")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "name a claim, or say --all"),
        (["--all", "c1"], "give either"),
        (["no-such-claim"], "no-such-claim"),
        (["by-hand.yaml", "by-hand.yaml"], "two claims are called by-hand"),
        (["by-hand.yaml", "--set", "no_such_key=1"], "no_such_key"),
        (["by-hand.yaml", "--engine", "no-such-engine"], "no-such-engine"),
    ],
)
def test_wrong_input_is_exit_code_2_with_a_message(file, world, capsys, arguments, why):
    del file
    code, said, err = run(capsys, world, *arguments, "--dry-run")
    assert code == 2
    assert why in err
    assert "Traceback" not in err + said


def test_a_study_that_can_never_run_is_refused_before_anything_runs(file, world, capsys):
    settings = ["--set", "task={name: biographies, holdout_people: 0}"]
    settings += ["--set", "budget.stop={rule: memorization, policy: unseen}"]
    code, _, err = run(capsys, world, file, "--dry-run", *settings)
    assert code == 2
    assert "study by-hand on one: budget.stop.policy: the policy 'unseen' takes its level from held-out samples" in err
    assert "use 'paper_literal' or 'retrain'" in err


def test_all_runs_the_claims_of_plugins(copied, file, world, capsys, tmp_path):
    _, out = copied
    plugin = tmp_path / "mine.py"
    plugin.write_text(
        "from fairforget import Entry, hookimpl\n\n"
        "@hookimpl\ndef fairforget_claims():\n"
        "    return [Entry('x10', 'by-hand.yaml'), Entry('x9', 'by-hand.yaml')]\n"
    )
    code, said, _ = run(capsys, world, "mine/x10", "mine/x9", "--out", out, "--plugin", plugin)
    assert code == 0
    assert [line.split()[0] for line in said.splitlines()[1:3]] == ["mine/x10", "mine/x9"], "as they were asked for"
    assert [outcome.claim for outcome in read_outcomes(out)] == ["mine/x9", "mine/x10"]
    del file


def test_ctrl_c_says_how_to_go_on(file, world, capsys, tmp_path, monkeypatch):
    def stopped(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("fairforget.claims.run._run", stopped)
    code, _, err = run(capsys, world, file, "--out", tmp_path / "out")
    assert code == 130
    assert "the same command goes on from there" in err
