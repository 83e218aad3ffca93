"""fairforget in other people's test runs."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import fairforget.testing

HEAVY = {"torch", "transformers", "datasets", "lm_eval", "numpy", "scipy", "pandas", "optuna"}


def run_pytest(folder: Path, source: str, *arguments: str) -> subprocess.CompletedProcess:
    (folder / "test_theirs.py").write_text(textwrap.dedent(source))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rA", *arguments, str(folder)]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)


def test_the_plugin_is_an_entry_point():
    points = [point for point in importlib.metadata.entry_points(group="pytest11") if point.name == "fairforget"]
    assert {point.value for point in points} == {"fairforget.testing.pytest_plugin"}


def test_loading_it_imports_nothing_heavy(tmp_path):
    """In a run of pytest whose tests do not use it."""
    source = """
        import sys

        def test_light():
            assert "fairforget.testing.pytest_plugin" in sys.modules
            assert not {name.partition(".")[0] for name in sys.modules} & set("HEAVY".split())
    """.replace("HEAVY", " ".join(sorted(HEAVY)))
    done = run_pytest(tmp_path, source, "-p", "no:hypothesispytest")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_package_imports_nothing_heavy():
    code = "import json, sys, fairforget.testing; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {name.partition(".")[0] for name in json.loads(done.stdout)} & HEAVY


def test_every_public_name_is_there_and_documented():
    for name in fairforget.testing.__all__:
        assert getattr(fairforget.testing, name).__doc__, name
    with pytest.raises(AttributeError, match="nothing_here"):
        _ = fairforget.testing.nothing_here


THEIRS = """
    import pytest
    from fairforget.api import LossMethod
    from fairforget.testing import parametrize_with_checks


    class Sleepy(LossMethod):
        def __init__(self, beta=1.0):
            self.beta = beta

        def loss(self, model, batch):
            return -self.beta * batch.forget.nll(model)


    @parametrize_with_checks([Sleepy], only=["options-documented", "prints-nothing"])
    def test_plain(entry, check):
        assert entry is Sleepy
        check(entry)


    @parametrize_with_checks(["retrain"], only=["learns-something"])
    def test_not_applicable(entry, check):
        check(entry)


    reasons = {"options-documented": "an option without words", "prints-nothing": "once it did"}


    @parametrize_with_checks([Sleepy], only=list(reasons), expected_failures=reasons)
    def test_expected(entry, check):
        check(entry)


    def test_fixtures(tiny_target, tiny_task, run_cell):
        assert tiny_target.model and tiny_task.corpus().pool
        assert run_cell(Sleepy, samples=1, batch_size=1, updates=1).status == "ok"
"""


def test_one_test_a_check(tmp_path):
    done = run_pytest(tmp_path, THEIRS)
    assert done.returncode == 1
    told = {
        name: word
        for word, name in re.findall(r"^(PASSED|FAILED|XFAIL) \S*test_theirs\.py::(\S+)", done.stdout, re.MULTILINE)
    }
    assert told == {
        "test_plain[sleepy-options-documented]": "FAILED",
        "test_plain[sleepy-prints-nothing]": "PASSED",
        "test_expected[sleepy-options-documented]": "XFAIL",
        "test_expected[sleepy-prints-nothing]": "FAILED",
        "test_fixtures": "PASSED",
    }, done.stdout
    assert "beta has no type" in done.stdout
    assert "remove it from the expected failures (was: once it did)" in done.stdout
    assert "SKIPPED [1]" in done.stdout
    assert "not applicable: it is a reference row" in done.stdout


def test_a_misspelt_check_is_an_error_while_tests_are_collected(tmp_path):
    done = run_pytest(tmp_path, THEIRS.replace('only=["learns-something"]', 'only=["learn-something"]'))
    assert done.returncode == 2
    assert "Did you mean 'learns-something'" in done.stdout
