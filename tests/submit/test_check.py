from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from fairforget.cli import main
from fairforget.study.yaml_core import to_yaml

GIT = shutil.which("git")


@pytest.fixture
def published(run, study, home, tmp_path):
    """Leaderboards with results, and a copy of them as they were."""
    assert main(["submit", str(run(study())), "--to", str(home)]) == 0
    shutil.copytree(home, tmp_path / "base")
    return home


@pytest.fixture
def check(published, tmp_path, capsys):
    """Compare the leaderboards with what they were; returns exit code, findings and the whole answer."""

    def compare(base=None):
        capsys.readouterr()
        code = main(["submit", "--check", str(base or tmp_path / "base"), "--to", str(published), "--json"])
        found = json.loads(capsys.readouterr().out)
        return code, {(f["where"].rpartition("/")[2], f["reason"]) for f in found["findings"]}, found

    return compare


@pytest.fixture
def more(run, study, published):
    """A further method, submitted."""
    records = study(methods={"grad-diff": (0.7, 0.7)})
    records = [r for r in records if r["cell"]["method"]["label"] == "grad-diff"]
    assert main(["submit", str(run(records, "more")), "--to", str(published)]) == 0
    return records


def cells(home, method="npo"):
    """Return the files of a method, those of the stratum that counts first."""
    found = [p for p in (home / "results").rglob("*.json") if p.parent.name == f"fairforget__{method}"]
    return sorted(found, key=lambda p: ('"stratum": "random"' not in p.read_text(), p.name))


def declaration(home, method="npo"):
    return next(p for p in (home / "results").rglob("submission-*.yaml") if p.parent.name == f"fairforget__{method}")


def test_what_did_not_change_is_fine(check):
    code, findings, found = check()
    assert (code, findings, found["new"], found["boards"][0]["moves"]) == (0, set(), 0, [])


def test_a_submission_is_fine_and_its_moves_are_shown(check, more):
    code, findings, found = check()
    assert (code, findings, found["new"]) == (0, set(), len(more))
    moves = {move["row"]: (move["kind"], move["after"]["rank"]) for move in found["boards"][0]["moves"]}
    assert moves["grad-diff"] == ("new", 2)
    assert moves["idk"][0] == "rank"


def test_nothing_is_removed(check, published):
    gone = cells(published)[0]
    gone.unlink()
    code, findings, found = check()
    assert code == 1
    assert (gone.name, "removed; what is published stays") in findings
    assert any("a row that was ranked is not any more" in reason for _, reason in findings)
    assert [m["kind"] for m in found["boards"][0]["moves"] if m["row"] == "npo"] == ["lost its rank"]


def test_nothing_is_changed(check, published):
    path = cells(published)[0]
    record = json.loads(path.read_text())
    record["scores"]["forget_mia"]["value"] = 1.0
    path.write_text(json.dumps(record))
    said = declaration(published, "idk")
    said.write_text(said.read_text().replace("trials: 0", "trials: 1").replace("draws: none", "draws: same"))
    code, findings, found = check()
    assert code == 1
    assert (path.name, "changed; what is published stays as it is") in findings
    assert (said.name, "changed; what is published stays as it is") in findings
    moves = {move["row"]: move for move in found["boards"][0]["moves"]}
    assert moves["npo"]["after"]["score"] > moves["npo"]["before"]["score"]


def test_the_board_of_a_pull_request_that_removes_a_board_is_no_board(check, published):
    (published / "boards" / "people.yaml").unlink()
    code, findings, _ = check()
    assert (code, findings) == (1, {("people.yaml", "removed; what is published stays")})


def test_a_board_file_may_change_and_it_is_said(check, published, rules, capsys, tmp_path):
    rules(draws=9)
    code, findings, found = check()
    assert (code, findings, found["changed_boards"]) == (0, set(), ["people.yaml"])
    moved = {move["row"]: (move["kind"], move["before"]["rank"]) for move in found["boards"][0]["moves"]}
    assert moved == {"npo": ("lost its rank", 1), "idk": ("lost its rank", 2)}
    assert main(["submit", "--check", str(tmp_path / "base"), "--to", str(published)]) == 0
    assert "the board file people.yaml changed; what moves moves by its new rules too" in capsys.readouterr().out
    (published / "boards" / "people.yaml").write_text("name: people\n")
    code, findings, _ = check()
    assert code == 1
    assert any("cannot be made any more" in reason and "title is missing" in reason for _, reason in findings)


@pytest.mark.parametrize(
    "place",
    [
        "results/notes.md",
        "results/biographies-v1/{t}/fairforget__npo/run.sh",
        "results/biographies-v1/{t}/fairforget__npo/deep/{k}.json",
        "results/biographies-v1/{t}/fairforget__npo/{k}.json.bak",
        "results/biographies-v1/{t}/fairforget__npo/submission.yaml",
        "results/{k}.json",
    ],
)
def test_only_what_belongs_there_is_published(check, published, place):
    target = cells(published)[0].parent.parent.name
    path = published / place.format(t=target, k="0" * 24)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    code, findings, _ = check()
    assert code == 1
    (found,) = findings
    assert found[0] == path.name
    assert "has no place here" in found[1]


def test_links_are_refused(check, published, tmp_path):
    leaf = cells(published)[0].parent
    (tmp_path / "secret").write_text("x")
    (leaf / f"{'0' * 24}.json").symlink_to(tmp_path / "secret")
    (published / "results" / "else-v1").symlink_to(tmp_path)
    (tmp_path / "board").write_text("password: 1\n")
    (published / "boards" / "else.yaml").symlink_to(tmp_path / "board")
    (leaf / f"submission-{'0' * 12}.yaml").symlink_to(tmp_path / "board")
    code, findings, found = check()
    assert code == 1
    assert "password" not in json.dumps(found)
    reason = "a link; only plain files are published"
    assert ("else.yaml", reason) in findings
    assert {(f"{'0' * 24}.json", reason), ("else-v1", reason)} <= findings


def test_a_new_record_lies_in_its_own_folder_and_is_declared(check, published, more):
    found = cells(published, "grad-diff")
    wrong = cells(published)[0].parent / found[0].name
    found[0].rename(wrong)
    code, findings, _ = check()
    assert code == 1
    reasons = dict(findings)
    assert "no submission-….yaml beside it is about this cell" in {r for n, r in findings if n == wrong.name}
    assert any("lies in the wrong folder; its place is results/biographies-v1/" in r for n, r in findings)
    said = declaration(published, "grad-diff").name
    assert reasons[said] == f"about a cell that is not beside it: {wrong.stem}"


def test_a_new_record_is_looked_at_whole(check, published, more, changed):
    path = cells(published, "grad-diff")[0]
    changed(path, lambda r: r["cell"]["draw"].update(digest="0" * 64))
    broken = cells(published, "grad-diff")[1]
    broken.write_text("{")
    code, findings, _ = check()
    assert code == 1
    assert "the digest of its forget set is not that of the samples" in {r for _, r in findings}
    assert any(name == broken.name and reason.startswith("not JSON") for name, reason in findings)


def test_nobody_declares_for_others(check, published, more):
    theirs, mine = cells(published)[0], declaration(published, "grad-diff")
    text = declaration(published).read_text()
    spiteful = theirs.parent / f"submission-{'0' * 12}.yaml"
    spiteful.write_text(text.replace("trained_on_evaluation: false", "trained_on_evaluation: true"))
    twice = mine.with_name(f"submission-{'1' * 12}.yaml")
    twice.write_text(mine.read_text())
    odd = mine.with_name(f"submission-{'2' * 12}.yaml")
    odd.write_text("by: x\n")
    code, findings, _ = check()
    assert code == 1
    assert (spiteful.name, "about a cell that another declaration is about already") in findings
    assert (twice.name, "about a cell that another declaration is about already") in findings
    assert any(name == odd.name and "cells is missing" in reason for name, reason in findings)


def test_a_declaration_alone_cannot_speak_of_published_cells(check, published):
    said = declaration(published)
    text = said.read_text()
    said.rename(said.with_name(f"submission-{'0' * 12}.yaml"))
    code, findings, _ = check()
    assert code == 1
    assert (said.name, "removed; what is published stays") in findings
    assert (f"submission-{'0' * 12}.yaml", "about a cell that was published before") in findings
    assert text


def test_a_row_that_loses_its_rank_by_what_is_added_is_refused(check, published, study):
    records = [r for r in study(draws=6) if r["cell"]["method"]["label"] == "npo"]
    leaf, added = cells(published)[0].parent, []
    for record in records:
        path = leaf / f"{record['key']}.json"
        if not path.exists():
            path.write_text(json.dumps(record))
            added.append(record["key"])
    text = declaration(published).read_text()
    head = text[: text.index("cells:")]
    (leaf / f"submission-{'0' * 12}.yaml").write_text(head + to_yaml({"cells": added}))
    code, findings, _ = check()
    assert code == 1
    ((where, reason),) = findings
    assert where == "people.yaml"
    assert "idk: lost its rank" in reason


def test_a_touched_board_file_hides_no_lost_rank(check, published, study):
    test_a_row_that_loses_its_rank_by_what_is_added_is_refused(check, published, study)
    board = published / "boards" / "people.yaml"
    board.write_text(f"# Nothing to see here.\n{board.read_text()}")
    code, findings, found = check()
    assert (code, found["changed_boards"]) == (1, ["people.yaml"])
    assert ["lost its rank" in reason for _, reason in findings] == [True]


def test_no_new_board_takes_the_name_of_another(check, published):
    board = published / "boards" / "people.yaml"
    (board.parent / "other.yaml").write_text(board.read_text())
    code, findings, _ = check()
    assert (code, findings) == (1, {("other.yaml", "calls itself people, as people.yaml does")})
    (board.parent / "other.yaml").write_text(board.read_text().replace("name: people", "name: other", 1))
    assert check()[:2] == (0, set())


def test_a_stratum_that_takes_the_name_of_another_breaks_no_board_in_silence(check, published, rules, study, changed):
    """Bins of another sampler are called ``hard`` too; both labels then name the sampler, and ``hard`` is gone."""
    rules(strata={"hard": 1})
    shutil.copy(published / "boards" / "people.yaml", published.parent / "base" / "boards" / "people.yaml")
    path = cells(published)[0].parent
    record = next(
        r for r in study() if r["cell"]["method"]["label"] == "npo" and r["cell"]["draw"]["stratum"] == "hard"
    )
    spiteful = path / f"{record['key']}.json"
    spiteful.write_text(json.dumps(record))
    new = changed(spiteful, lambda r: r["cell"]["draw"]["sampler"]["options"].update(bins=5))
    spiteful.write_text(json.dumps(record))
    text = declaration(published).read_text()
    said = path / f"submission-{'0' * 12}.yaml"
    said.write_text(text[: text.index("cells:")] + to_yaml({"cells": [new.stem]}))
    code, findings, _ = check()
    assert code == 1
    ((where, reason),) = findings
    assert (where, "cannot be made any more" in reason) == ("people.yaml", True)
    rules(strata={"hard": 1}, samplers=[{"name": "binned", "bins": 3}])
    shutil.copy(published / "boards" / "people.yaml", published.parent / "base" / "boards" / "people.yaml")
    assert check()[:2] == (0, set())


def test_a_forget_set_of_its_own_is_refused(check, published, more, changed):
    from fairforget.study.draws import forget_digest

    def redraw(record):
        hashes = {f"z{i}": "0" * 64 for i in range(4)}
        record["cell"]["draw"] |= {"forget": list(hashes), "digest": forget_digest(hashes)}
        record["item_hashes"] = hashes

    path = changed(cells(published, "grad-diff")[0], redraw)
    code, findings, _ = check()
    assert code == 1
    assert any(name == path.name and "is not the one that the published results have" in r for name, r in findings)


@pytest.mark.skipif(GIT is None, reason="git is not installed")
def test_a_commit_is_a_base_as_good_as_a_folder(check, published, more, tmp_path, monkeypatch, capsys):
    def git(*arguments):
        subprocess.run([GIT, "-C", str(tmp_path), *arguments], check=True, capture_output=True)

    git("init", "-q", "-b", "trunk")
    shutil.move(published, tmp_path / "now")
    shutil.copytree(tmp_path / "base", published)
    git("add", "leaderboards")
    git("-c", "user.name=n", "-c", "user.email=e@example.org", "commit", "-q", "-m", "before")
    shutil.rmtree(published)
    shutil.move(tmp_path / "now", published)
    by_folder = check()
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert check("trunk") == check("HEAD") == by_folder
    assert by_folder[0] == 0
    gone = cells(published)[0]
    content = gone.read_bytes()
    gone.unlink()
    cells(published, "idk")[0].write_bytes(content)
    assert check("trunk") == check()
    assert check("trunk")[0] == 1
    merge = "trunk has commits that are not here; merge it before anything counts as removed"
    assert merge not in {reason for _, reason in check("trunk")[1]}
    monkeypatch.delenv("GIT_DIR")
    git("checkout", "-q", "--orphan", "other")
    git("-c", "user.name=n", "-c", "user.email=e@example.org", "commit", "-q", "-m", "elsewhere")
    assert merge in {reason for _, reason in check("trunk")[1]}
    for odd in ("no-such-branch", "--output=x", "HEAD:leaderboards"):
        assert main(["submit", f"--check={odd}", "--to", str(published)]) == 2
        assert "is neither a folder nor a commit" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_a_base_that_is_no_base(published, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert main(["submit", "--check", str(tmp_path / "empty"), "--to", str(published)]) == 2
    assert "has neither results nor boards" in capsys.readouterr().err
    assert main(["submit", "--check", str(tmp_path / "base"), "--to", str(tmp_path / "none")]) == 2
    assert "there is no folder" in capsys.readouterr().err
