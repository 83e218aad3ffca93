"""Somebody who follows a page in a virtual environment of their own."""

from __future__ import annotations

import os
import re
import resource
import shlex
import subprocess
import sys
import sysconfig
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def environment(tmp_path_factory) -> Path:
    """A new virtual environment with fairforget installed from its wheel.

    What fairforget depends on is not downloaded and installed once more, which would take a network and gigabytes:
    after its own packages the environment sees those of the one that runs the tests, and has their commands.
    """
    folder = tmp_path_factory.mktemp("fresh")
    venv, wheels = folder / "venv", folder / "wheels"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    pip = [venv / "bin" / "python", "-m", "pip", "-q", "--disable-pip-version-check", "--no-input"]
    # The bundled one is too old for torch, and would hide the one that is there.
    subprocess.run([*pip, "uninstall", "-y", "setuptools"], check=True, env=_environ(venv))
    (own,) = venv.glob("lib/python*/site-packages")
    outer = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
    (own / "outer.pth").write_text("".join(f"import site; site.addsitedir({path!r})\n" for path in outer))
    for command in ("mypy", "pytest"):
        script = venv / "bin" / command
        script.write_text(f"#!/bin/sh\nexec '{venv / 'bin' / 'python'}' -m {command} \"$@\"\n")
        script.chmod(0o755)
    (venv / "bin" / "ruff").symlink_to(Path(sysconfig.get_path("scripts")) / "ruff")
    subprocess.run([*pip, "wheel", "--no-deps", "-w", wheels, ROOT], check=True, env=_environ(venv))
    subprocess.run([*pip, "install", "--no-deps", *wheels.glob("*.whl")], check=True, env=_environ(venv))
    return venv


@pytest.fixture(scope="session")
def reader_in(environment):
    """Return a call that puts somebody into a folder."""
    return lambda folder: Reader(folder, environment)


@pytest.fixture
def reader(reader_in, tmp_path) -> Reader:
    return reader_in(tmp_path)


@dataclass
class Reader:
    """Types the commands of a page, changes the lines it says to change, and looks where it says to look."""

    folder: Path
    venv: Path
    typed: int = 0
    """Lines that were written by hand, commands included."""
    took: list[tuple[str, float, float]] = field(default_factory=list)
    """Command, seconds, seconds of processors."""

    def follow(self, page: str, test: str) -> str:
        """Do what the blocks of a page say that name the test; return what was printed."""
        said = ""
        text = (ROOT / page).read_text(encoding="utf-8")
        found = re.findall(r"^<!-- executed: \S+::(\w+) -->\n+^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        blocks = [(language, block) for name, language, block in found if name == test]
        assert blocks
        for language, block in blocks:
            if language == "console":
                said += "".join(map(self.type, re.findall(r"^\$ (.*)$", block, re.MULTILINE)))
            elif language == "diff":
                self.change(block)
            else:
                assert any(block in file.read_text() for file in self.folder.glob("*.*") if file.is_file()), block
        return said

    def type(self, command: str) -> str:
        """Run a line in a shell of the virtual environment; return what it printed."""
        self.typed += 1
        if command.startswith("cd "):
            (there,) = shlex.split(command)[1:]
            self.folder = self.folder / there
            assert self.folder.is_dir()
            return ""
        begin, before = time.monotonic(), _processors()
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=self.folder,
            env=_environ(self.venv),
            text=True,
            capture_output=True,
            check=False,
        )
        self.took.append((command, time.monotonic() - begin, _processors() - before))
        assert ran.returncode == 0, f"$ {command}\n{ran.stdout}\n{ran.stderr}"
        return ran.stdout

    def change(self, diff: str) -> None:
        """Change the lines of a diff in the one file that has them."""
        lines = diff.splitlines(keepends=True)
        old, new = ("".join(line[1:] for line in lines if line[0] != mark) for mark in "+-")
        files = [file for file in self.folder.rglob("*.py") if old in file.read_text()]
        assert len(files) == 1, diff
        text = files[0].read_text()
        assert text.count(old) == 1
        files[0].write_text(text.replace(old, new))
        self.typed += sum(line[0] == "+" for line in lines)

    def board(self, run: str) -> str:
        """Return the board of a run in the folder, as Markdown."""
        return (self.folder / "runs" / run / "board.md").read_text()

    def table(self) -> str:
        """Return what took how long."""
        rows = [f"{seconds:7.1f} s, {cpu:6.1f} s of processors: {command}" for command, seconds, cpu in self.took]
        whole = [sum(column) for column in zip(*(t[1:] for t in self.took), strict=True)]
        return "\n".join([*rows, f"{whole[0]:7.1f} s, {whole[1]:6.1f} s of processors in all"])


def _processors() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _environ(venv: Path) -> dict[str, str]:
    """Return the environment of somebody who has activated `venv`, and whose pip asks nobody."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON", "PYTEST_"))}
    return kept | {
        "PATH": f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "VIRTUAL_ENV": str(venv),
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # which is how pip spells: without isolation, hatchling is there already
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
