"""Versions beside each other: nothing is left in the repository, and no version runs another one's code."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from fairforget.errors import FairforgetError
from fairforget.testing.quality.__main__ import main as quality_main
from fairforget.testing.speed.__main__ import main
from fairforget.testing.speed.gate import Settings, run_gate
from fairforget.testing.speed.report import text
from fairforget.testing.speed.trees import checked_out, opened

CODE = "def total(n):\n    return sum(i * i for i in range(n))\n"
TEST = """\
import acme_totals


def test_total(speed):
    speed(lambda: acme_totals.total(20_000))
"""


def git(folder, *arguments, **variables):
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false")
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, capture_output=True, check=True, text=True, env={**os.environ, **variables}).stdout


def write(folder, **files):
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_py", ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    folder = tmp_path / "acme"
    write(folder, src__acme_totals_py=CODE, benchmarks__speed__test_totals_py=TEST)
    git(tmp_path, "init", "-q", "-b", "main", str(folder))
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    monkeypatch.chdir(folder)
    return folder


def gate(repository, base="HEAD", head=None, **settings):
    chosen = {"sources": ("src",), "rounds": 6, **settings}
    return run_gate(base, head, Settings(tests=repository.__class__("benchmarks/speed"), **chosen), where=repository)


def test_the_files_of_a_commit_are_written_and_the_repository_stays(repository):
    (repository / "link").symlink_to("src")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "second")
    write(repository, src__acme_totals_py="changed")
    git(repository, "rm", "-q", "--cached", "link")
    git(repository, "config", "core.sparseCheckout", "true")
    write(repository / ".git", info__sparse_checkout="/nothing")
    before = git(repository, "status", "--porcelain")
    index = (repository / ".git" / "index").read_bytes()
    with checked_out("HEAD", repository, ("src",)) as tree:
        assert (tree.folder / "src" / "acme_totals.py").read_text() == CODE
        assert os.readlink(tree.folder / "link") == "src"
        assert not (tree.folder / ".git").exists()
        assert len(git(repository, "worktree", "list").splitlines()) == 1
    assert not tree.folder.exists()
    assert (repository / ".git" / "index").read_bytes() == index
    assert git(repository, "status", "--porcelain") == before


def test_in_a_hook_of_another_repository_it_is_this_one(repository, tmp_path, monkeypatch):
    git(tmp_path, "init", "-q", str(tmp_path / "other"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "other" / ".git" / "index"))
    with opened("HEAD", repository, ("src",)) as tree:
        assert (tree.folder / "src" / "acme_totals.py").read_text() == CODE
    assert not (tmp_path / "other" / ".git" / "index").exists()


def test_a_linked_worktree_and_a_shallow_clone_do(repository, tmp_path):
    write(repository, src__acme_totals_py=CODE + "\n")
    git(repository, "commit", "-q", "-a", "-m", "second")
    git(repository, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"), "HEAD~1")
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{repository}", str(tmp_path / "shallow"))
    for folder, content in (("linked", CODE), ("shallow", CODE + "\n")):
        with opened("HEAD", tmp_path / folder, ("src",)) as tree:
            assert (tree.folder / "src" / "acme_totals.py").read_text() == content
    with pytest.raises(FairforgetError, match="fetch-depth: 0"), opened("HEAD~1", tmp_path / "shallow", ("src",)):
        pass


@pytest.mark.parametrize("command", [main, quality_main])
def test_a_folder_of_code_that_a_version_lacks_is_an_error(repository, capsys, command):
    """What is installed, mostly the head, would be measured in its place, and be as fast as itself."""
    (repository / "src").rename(repository / "lib")
    for arguments in (["HEAD", "--source", "lib"], ["HEAD", "--source", "src"], ["HEAD", "HEAD", "--source", "lib"]):
        assert command(arguments) == 2
        assert "of code (--source); name one that both versions have" in capsys.readouterr().err


def test_a_module_that_the_base_calls_otherwise_is_new_though_the_head_is_installed(repository, monkeypatch, tmp_path):
    old = git(repository, "rev-parse", "HEAD").strip()
    write(
        repository, src__acme_sums_py=CODE, benchmarks__speed__test_totals_py=TEST.replace("acme_totals", "acme_sums")
    )
    site = tmp_path / "site"  # as an editable installation of the head
    write(site, sitecustomize_py=f"import sys\nsys.path.append({str(repository / 'src')!r})\n")
    from fairforget.testing.speed import trees

    plain = trees.Tree.environment

    def installed(tree, first, scratch):
        found = plain(tree, first, scratch)
        return {**found, "PYTHONPATH": os.pathsep.join([found["PYTHONPATH"], str(site)])}

    monkeypatch.setattr(trees.Tree, "environment", installed)
    outcome = gate(repository, old)
    assert [one.word for one in outcome.judged] == ["new"], text(outcome)
    assert "runs code of another version: acme_sums (" in outcome.complaints["base"]
    assert outcome.passed
    assert "nothing of 0 is slower; 1 new, with nothing to compare" in text(outcome)


def test_counts_are_not_written_where_nobody_finds_them(repository, capsys):
    assert main(["HEAD", "HEAD", "--update-counts"]) == 2
    assert "written into the working tree, and HEAD is a commit" in capsys.readouterr().err


def test_base_and_head_may_be_one_commit(repository):
    write(repository, src__acme_totals_py="raise ImportError\n")  # the working tree takes no part
    outcome = gate(repository, "HEAD", "HEAD")
    assert [one.word for one in outcome.judged] != ["failed"], text(outcome)
    assert not outcome.complaints


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_gate_that_is_ended_leaves_no_process_and_nothing_in_the_repository(repository, tmp_path, number):
    began, pid = tmp_path / "began", tmp_path / "pid"
    slow = f"""\
import os, pathlib, time


def test_slow(speed):
    def work():
        pathlib.Path({str(pid)!r}).write_text(str(os.getpid()))
        pathlib.Path({str(began)!r}).write_text("yes")
        time.sleep(0.3)

    speed(work)
"""
    write(repository, benchmarks__speed__test_totals_py=slow)
    (tmp_path / "scratch").mkdir()
    command = [sys.executable, "-m", "fairforget.testing.speed", "HEAD", "--source", "src"]
    environment = {**os.environ, "TMPDIR": str(tmp_path / "scratch")}
    with subprocess.Popen(command, cwd=repository, env=environment, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while not began.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert began.exists()
        process.send_signal(number)
        code = process.wait(30)
    assert code == {signal.SIGTERM: 143, signal.SIGINT: 130, signal.SIGKILL: -signal.SIGKILL}[number]
    assert len(git(repository, "worktree", "list").splitlines()) == 1
    assert "prunable" not in git(repository, "worktree", "list", "--porcelain")
    if number != signal.SIGKILL:
        assert list((tmp_path / "scratch").iterdir()) == []
    deadline = time.monotonic() + 30
    while _runs(int(pid.read_text())) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(int(pid.read_text()))
    shutil.rmtree(tmp_path / "scratch", ignore_errors=True)


def _runs(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
