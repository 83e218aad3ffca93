"""``python -m fairforget.testing.quality BASE``: a plugin in a repository of its own, before and after a change."""

import os
import subprocess

import pytest

from fairforget.testing.quality.__main__ import main

METHOD = """
from fairforget import Entry, hookimpl
from fairforget.api import LossMethod


@hookimpl
def fairforget_methods():
    return [Entry("drowsy", "drowsy:Drowsy", summary="grad-diff by hand")]


class Drowsy(LossMethod):
    def loss(self, model, batch):
        return -WEIGHT * batch.forget.nll(model) + batch.retain.nll(model)
"""
PROJECT = """
[project]
name = "drowsy"
version = "1.0"

[project.entry-points.fairforget]
drowsy = "drowsy"
"""
STUDY = """
name: small
task: {name: biographies, people: 12, retain_people: 4, holdout_people: 4, samples: 2, world_facts: 0, epochs: 3,
       hidden_size: 32, frequencies: [2], distributions: [in], lengths: [short]}
draws: 6
disjoint: true
forget_size: 4
methods: [untouched, grad-diff, drowsy]
budget: {updates: 3}
optimizer: {lr: 3.0e-3, batch_size: 4}
engine: inline
"""


@pytest.fixture
def repository(tmp_path, monkeypatch):
    folder = tmp_path / "drowsy"
    folder.mkdir()

    def git(*arguments):
        known = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *known, *arguments], cwd=folder, check=True, capture_output=True)

    (folder / "drowsy.py").write_text(METHOD.replace("WEIGHT", "1.0"))
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "small.yaml").write_text(STUDY)
    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "First")
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.slow
def test_a_method_that_was_broken_is_red_and_what_did_not_change_is_the_same(repository, capsys):
    (repository / "drowsy.py").write_text(METHOD.replace("WEIGHT", "0.0"))
    arguments = ["HEAD", "--study", "small.yaml", "--score", "forget_probability", "--margin", "0.001"]
    assert main(arguments) == 1
    out, err = capsys.readouterr()
    assert "The same to the last bit in all 6 pairs of cells: grad-diff." in out
    assert "untouched: the same in 6 pairs of cells" in out
    assert err.startswith("quality: biographies v1, drowsy, random: worse (-0.00")
    listed = subprocess.run(["git", "worktree", "list"], capture_output=True, text=True, check=True).stdout
    assert listed.count("\n") == 1  # nothing is left behind


def test_a_commit_that_is_none_is_one_message(repository, capsys):
    assert main(["nowhere", "--study", "small.yaml"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error:")
    assert "has no commit 'nowhere'" in err


@pytest.mark.slow
def test_a_version_that_cannot_run_the_study_says_so(repository, capsys):
    (repository / "small.yaml").write_text(STUDY.replace("grad-diff, drowsy", "drowsi"))
    assert main(["HEAD", "--study", "small.yaml"]) == 2
    assert "cannot run" in (err := capsys.readouterr().err)
    assert "Did you mean 'drowsy'" in err


@pytest.mark.parametrize("margin", ["-1", "nan", "inf", "much"])
def test_a_margin_is_a_loss(margin):
    with pytest.raises(SystemExit) as found:
        main(["HEAD", f"--margin={margin}"])
    assert found.value.code == 2


def test_outside_of_a_repository_it_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", os.fspath(tmp_path.parent))
    assert main(["HEAD"]) == 2
    assert "is in no git repository" in capsys.readouterr().err
