"""What it costs to look around."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fairforget.registry import Registry

pytestmark = pytest.mark.bench


def test_discovery(benchmark):
    registry = benchmark(Registry.discover)
    assert registry.entries("method")


@pytest.mark.parametrize("arguments", [["--help"], ["plugins", "list"]], ids=" ".join)
def test_command(benchmark, arguments):
    command = [sys.executable, "-m", "fairforget", *arguments]
    benchmark.pedantic(subprocess.run, (command,), {"check": True, "stdout": subprocess.DEVNULL}, rounds=5)
