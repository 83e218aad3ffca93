"""The processes that are forked for the other tests of this folder are as fresh as those that the kit starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fairforget.testing import fresh

IMPORTS = Path(__file__).parent / "mutants" / "imports"
MODULE = """
import os, sys
print(__name__, sys.argv[1:], os.getcwd(), os.environ["TOLD"], hash("a text"), sys.dont_write_bytecode)
print(sorted(name for name in sys.modules if name.startswith(("fairforget_", "fairforget.metrics"))))
print("to the other stream", file=sys.stderr)
sys.exit(int(sys.argv[1]))
"""


@pytest.mark.parametrize("code", [0, 3])
def test_a_fork_is_told_and_tells_what_a_process_does(code, forks, tmp_path):
    (tmp_path / "told.py").write_text(MODULE)
    paths = os.pathsep.join(filter(None, sys.path))
    environ = {**os.environ, "PYTHONPATH": paths, "PYTHONHASHSEED": "1", "PYTHONDONTWRITEBYTECODE": "1", "TOLD": "é"}
    command = [sys.executable, "-m", "told", str(code), "é"]
    how = {"cwd": tmp_path, "env": environ, "timeout": 60, "capture_output": True, "text": True, "check": False}
    own, fork = (run(command, **how) for run in (subprocess.run, forks.run))
    assert (fork.returncode, fork.stdout, fork.stderr) == (own.returncode, own.stdout, own.stderr)
    assert own.returncode == code


def told(report):
    """Return a report without the folder, which is another one each time."""
    return {**report, "written": [Path(name).name for name in report["written"]]}


@pytest.mark.parametrize("name", [None, "prints_at_import", "seeds_torch_at_import", "writes_at_import"])
def test_what_an_import_does_is_the_same(name, forks, monkeypatch):
    files = [] if name is None else [str(IMPORTS / f"{name}.py")]
    target = "fairforget_methods.npo:Npo" if name is None else f"{name}:Mutant"
    own = told(fresh.import_report(target, files))
    monkeypatch.setattr(fresh, "subprocess", forks)
    before = len(forks.asked)
    assert told(fresh.import_report(target, files)) == own
    assert forks.asked[before:] == ["fairforget.testing.fresh"]
