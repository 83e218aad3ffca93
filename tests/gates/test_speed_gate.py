"""The speed gate as a third party uses it: a repository of its own, a base, a head, and what comes of changes."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from fairforget.errors import FairforgetError
from fairforget.testing.speed import Settings, run_gate
from fairforget.testing.speed.__main__ import main
from fairforget.testing.speed.report import text, to_json

PROJECT = """\
[project]
name = "acme-sums"
version = "1.0"

[project.entry-points.fairforget]
methods = "acme_sums"
"""
CODE = """\
def total(n):
    found = 0
    for i in range(n):
        found += i * i
    return found
"""
BENCHMARKS = """\
import importlib.metadata
import os
import subprocess
import sys

import acme_sums


def control():
    found = []
    for i in range(250_000):
        found.append(i * i)
    return sum(found)


def test_total(speed):
    def work():
        with open(os.environ["ACME_LOG"], "a") as log:
            log.write(acme_sums.__file__ + "\\n")
        assert acme_sums.total(400_000)

    speed(work, control)


def test_processes(counts):
    points = importlib.metadata.entry_points(group="fairforget")
    (ours,) = [p for p in points if p.dist.name == "acme-sums"]
    with counts("processes") as seen:
        subprocess.run([sys.executable, "-c", ""], check=True)
        seen["hook modules"] = ours.value == "acme_sums"
"""
COUNTS = {"processes": {"processes": 1, "hook modules": 1}}


class Repository:
    def __init__(self, folder: Path, log: Path):
        self.folder, self.log = folder, log

    def write(self, name: str, content: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false")
        run = subprocess.run(["git", "-C", self.folder, *identity, *arguments], capture_output=True, check=True)
        return run.stdout.decode().strip()

    def commit(self) -> str:
        self.git("add", ".")
        self.git("commit", "-m", "a change")
        return self.git("rev-parse", "HEAD")

    def gate(self, base: str = "HEAD", head: str | None = None, **settings):
        chosen = {"sources": ("src",), "rounds": 8, **settings}
        return run_gate(base, head, Settings(Path("benchmarks/speed"), **chosen), where=self.folder)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    log = tmp_path / "log.txt"
    monkeypatch.setenv("ACME_LOG", str(log))
    made = Repository(tmp_path / "acme", log)
    made.write("pyproject.toml", PROJECT)
    made.write("src/acme_sums.py", CODE)
    made.write("benchmarks/speed/test_sums.py", BENCHMARKS)
    made.write("benchmarks/speed/counts.json", json.dumps(COUNTS))
    made.write(".gitignore", "__pycache__/\n")
    made.git("init", "-q", "-b", "main")
    made.commit()
    return made


def words(outcome):
    return {one.name: one.word for one in outcome.judged}


TOTAL = "test_sums.py::test_total"


def test_an_unchanged_tree_passes_and_is_measured_in_turns(repository):
    outcome = repository.gate()
    assert words(outcome) == {TOTAL: "as fast"}, text(outcome)
    assert outcome.passed
    assert not outcome.complaints
    # Who worked, in order: base, head, head, base … once to warm up and eight times.
    ran = repository.log.read_text().splitlines()
    who = "".join("h" if line.startswith(str(repository.folder)) else "b" for line in ran[:18])
    assert who in {("bhhb" * 5)[:18], ("hbbh" * 5)[:18]}
    assert repository.git("worktree", "list").count("\n") == 0
    assert repository.git("status", "--porcelain") == ""


def test_a_slow_down_fails_a_second_look_included(repository):
    repository.write("src/acme_sums.py", CODE.replace("range(n)", "range(n + n // 2)"))
    outcome = repository.gate()
    assert words(outcome) == {TOTAL: "slower"}
    assert not outcome.passed
    (one,) = outcome.judged
    assert one.ratio.rounds == 16
    assert 1.3 < one.ratio.median < 1.7
    assert "FAILED: slower: test_sums.py::test_total" in text(outcome)
    found = json.loads(to_json(outcome))
    assert found["passed"] is False
    assert found["judged"][0]["word"] == "slower"


def test_two_commits_and_the_command(repository, monkeypatch, capsys):
    slow = repository.git("rev-parse", "HEAD")
    repository.write("src/acme_sums.py", CODE.replace("range(n)", "range(n // 4)"))
    repository.commit()
    repository.write("src/acme_sums.py", "raise ImportError\n")  # the working tree takes no part
    monkeypatch.chdir(repository.folder)
    assert main([slow, "HEAD", "--rounds", "8"]) == 0
    out = capsys.readouterr().out
    assert "faster" in out
    assert f"base {slow[:9]}, head HEAD (" in out


def test_other_counts_fail(repository):
    repository.write("benchmarks/speed/counts.json", json.dumps({"processes": {"processes": 2}}))
    outcome = repository.gate()
    assert not outcome.passed
    assert "hook modules: 0 -> 1; processes: 2 -> 1" in outcome.counts
    assert "counts changed" in text(outcome)
    repository.gate(update_counts=True)
    assert json.loads((repository.folder / "benchmarks/speed/counts.json").read_text()) == COUNTS


def test_what_the_base_lacks_is_new_and_what_the_head_lacks_fails(repository):
    old = repository.git("rev-parse", "HEAD")
    repository.write("src/acme_sums.py", CODE.replace("total", "summed"))
    outcome = repository.gate()
    assert not outcome.passed
    assert words(outcome) == {TOTAL: "failed"}
    assert "has no attribute 'total'" in outcome.complaints["head"]
    assert "benchmarks of the head do not run" in text(outcome)
    repository.write("benchmarks/speed/test_sums.py", BENCHMARKS.replace("acme_sums.total(", "acme_sums.summed("))
    outcome = repository.gate(old)
    assert words(outcome) == {TOTAL: "new"}
    assert outcome.passed
    assert "has no attribute 'summed'" in outcome.complaints["base"]


def test_what_cannot_be_compared_is_one_message(repository, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(repository.folder)
    assert main(["no-such-commit"]) == 2
    assert "has no commit 'no-such-commit'" in capsys.readouterr().err
    assert main(["HEAD", "--tests", "nowhere"]) == 2
    assert "has no nowhere" in capsys.readouterr().err
    monkeypatch.chdir(tmp_path)
    assert main(["HEAD"]) == 2
    assert "is in no git repository" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["HEAD", "--rounds", "5"])
    assert "at least 6" in capsys.readouterr().err


def test_a_benchmark_that_never_ends_does_not_hold_the_gate(repository):
    hangs = BENCHMARKS.replace("assert acme_sums.total(400_000)", "import time; time.sleep(600)")
    repository.write("benchmarks/speed/test_sums.py", hangs)
    with pytest.raises(FairforgetError, match="takes longer than 3 s"):
        repository.gate(limit=3)
    assert repository.git("worktree", "list").count("\n") == 0


PLUGIN = """\
from fairforget import Entry, hookimpl
from fairforget.api import LossMethod


@hookimpl
def fairforget_methods():
    return [Entry("sleepy", "acme_sums:Summed", "test")]


class Summed(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model)
"""
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "gate-your-regressions.md"
OF_A_METHOD = re.search(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)[1]


@pytest.mark.slow
def test_a_third_partys_method_is_measured_by_the_kits_fixtures(repository):
    repository.write("src/acme_sums.py", PLUGIN)
    repository.write("benchmarks/speed/test_sums.py", OF_A_METHOD)
    outcome = repository.gate("HEAD", rounds=6, update_counts=True)
    assert words(outcome) == {"test_sums.py::test_a_cell": "new"}, text(outcome)
    found = json.loads((repository.folder / "benchmarks/speed/counts.json").read_text())["a cell"]
    assert found["updates"] == found["steps"] == 2
    repository.commit()
    outcome = repository.gate(rounds=6)
    assert outcome.passed, text(outcome)
    assert words(outcome) == {"test_sums.py::test_a_cell": "as fast"}


def test_nothing_to_measure(repository):
    repository.write("benchmarks/speed/test_sums.py", "def test_nothing():\n    pass\n")
    outcome = repository.gate()
    assert outcome.passed
    assert "there is no benchmark" in text(outcome)
