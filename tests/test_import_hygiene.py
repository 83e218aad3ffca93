"""Looking around costs nothing: no command but those that compute imports a heavy library."""

from __future__ import annotations

import ast
import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

import fairforget

HEAVY = frozenset({"torch", "transformers", "datasets", "lm_eval", "numpy", "scipy", "pandas", "optuna"})
COMMANDS = (
    "run",
    "board",
    "new",
    "check",
    "submit",
    "import",
    "score",
    "draws",
    "status",
    "studies",
    "claims",
    "plugins",
)
HARNESS = Path(fairforget.__file__).parent
PLUGINS = ("fairforget_engines", "fairforget_methods", "fairforget_samplers", "fairforget_tasks")


def heavy_imports(statement: str) -> set[str]:
    """Return the heavy libraries that a fresh interpreter has imported after `statement`."""
    code = f"import sys, json\n{statement}\nprint('\\n' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    modules = json.loads(done.stdout.splitlines()[-1])
    assert "fairforget" in modules
    return {name.partition(".")[0] for name in modules} & HEAVY


def command(*arguments: str) -> str:
    return f"from fairforget.cli import main\nassert main({list(arguments)!r}) == 0"


@pytest.mark.parametrize(
    "statement",
    [
        "import fairforget",
        "import fairforget.api",
        "import fairforget.hookspecs",
        "import fairforget.registry",
        *(f"import {package}" for package in PLUGINS),
        "import fairforget.engines.worker",
        command("--help"),
        command("--version"),
        command("studies"),
        command("claims", "list"),
        command("claims", "list", "--help"),
        command("plugins", "list"),
        command("plugins", "list", "--json"),
        command("plugins", "doctor"),
        *(command(name, "--help") for name in COMMANDS),
    ],
)
def test_no_heavy_library_is_imported_by(statement):
    assert heavy_imports(statement) == set()


@pytest.mark.parametrize("where", ["import numpy\n", "from numpy import array\n", "import scipy.stats\n"])
def test_a_heavy_import_at_the_top_of_a_hook_module_is_noticed(site, where):
    site.install("acme", f"{where}@hookimpl\ndef fairforget_methods():\n    return [Entry('a', 'b:C')]\n")
    assert heavy_imports(command("plugins", "list")) & {"numpy", "scipy"}


def test_a_heavy_import_behind_an_entry_is_not_paid_for(site):
    (site.folder / "acme_heavy.py").write_text("import numpy\n")
    site.install("acme", "@hookimpl\ndef fairforget_methods():\n    return [Entry('a', 'acme_heavy:C')]\n")
    assert heavy_imports(command("plugins", "list")) == set()


def test_help_is_there_at_once():
    def seconds() -> float:
        # Processor time of the process: what the command costs, not what else the machine was doing.
        begin = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "fairforget", "--help"], capture_output=True, check=True)
        end = resource.getrusage(resource.RUSAGE_CHILDREN)
        return end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime

    assert min(seconds() for _ in range(5)) < 0.3


def imported_by(file: Path) -> set[str]:
    """Return the full names of what a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("file", sorted(HARNESS.rglob("*.py")), ids=lambda f: str(f.relative_to(HARNESS)))
def test_the_harness_knows_no_plugin_by_import(file):
    assert not [name for name in imported_by(file) if name.partition(".")[0] in PLUGINS]


@pytest.mark.parametrize("package", PLUGINS)
def test_plugins_import_nothing_private(package):
    folder = Path(sys.modules[package].__file__ if package in sys.modules else __import__(package).__file__).parent
    private = {
        (file.name, name)
        for file in folder.rglob("*.py")
        for name in imported_by(file)
        if name.startswith("fairforget.") and any(part.startswith("_") for part in name.split("."))
    }
    assert not private
