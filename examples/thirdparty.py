"""Build a wheel of every example, look into it, install them beside fairforget, check types, and run the tests there.

``python examples/thirdparty.py [NAME …]``, in an environment that has fairforget and its extra ``test``. What is
installed goes to a virtual environment of its own that sees this one's packages: that takes seconds, and changes
nothing here. Needs a package index for what the examples need beyond fairforget (MLflow's client) and for hatchling.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
TRACKER = "fairforget-mlflow"
"""Hears of every study that runs where it is installed; only its own tests want that."""


def main(names: list[str]) -> int:
    """Return 0 where the tests of all examples, or of these, pass."""
    found = {path.parent.name: path.parent for path in sorted(HERE.glob("*/pyproject.toml"))}
    if unknown := set(names) - found.keys():
        print(f"there is no example {', '.join(sorted(unknown))}; there are: {', '.join(found)}", file=sys.stderr)
        return 2
    chosen = {name: folder for name, folder in found.items() if not names or name in names}
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        python, environ = make_environment(root, list(chosen.values()))
        print(f"installed after {time.monotonic() - begun:.0f} s", flush=True)
        failed = check_contents(root / "wheels")
        failed |= check_discovery(python, environ, chosen) | check_types(python, list(chosen.values()))
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            runs = {name: pool.submit(run_tests, name, root, python, environ) for name in chosen}
        for name, run in runs.items():
            code, said = run.result()
            print(f"\n== {name}\n{said}", flush=True)
            failed |= code != 0
    print(f"\n{'FAILED' if failed else 'green'} after {time.monotonic() - begun:.0f} s")
    return int(failed)


def make_environment(root: Path, folders: list[Path]) -> tuple[Path, dict[str, str]]:
    """Return the interpreter of an environment that has the wheels of these folders, and the variables to run it in."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", root / "venv"], check=True)
    python = root / "venv" / "bin" / "python"
    (site,) = (root / "venv").glob("lib/python*/site-packages")
    # addsitedir, and not the bare path: an editable fairforget is a .pth file there.
    (site / "seen.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    environ = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "FAIRFORGET_", "MLFLOW_"))},
        "PIP_CONSTRAINT": str(HERE / "constraints.txt"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }

    def pip(*arguments: str | Path) -> None:
        command = [sys.executable, "-m", "pip", "--python", python, *arguments[:1], "--quiet", *arguments[1:]]
        subprocess.run(command, check=True, env=environ, cwd=root)

    pip("install", "hatchling")
    # As a stranger's wheel is made: from a copy without what lies about in a working tree.
    sources = [shutil.copytree(folder, root / "source" / folder.name, ignore=_junk) for folder in folders]
    wheels = root / "wheels"
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", wheels, *sources)
    pip("install", *wheels.glob("*.whl"))
    return python, environ


def check_contents(wheels: Path) -> bool:
    """Return whether a wheel holds something beside its package and its metadata, or what belongs into none."""
    found = []
    for file in sorted(wheels.glob("*.whl")):
        package = file.name.partition("-")[0]
        with zipfile.ZipFile(file) as wheel:
            held = wheel.namelist()
        mine = [
            name
            for name in held
            if name.startswith((f"{package}/", f"{package}-")) and not set(_junk("", name.split("/")))
        ]
        found += [f"{file.name} holds {name}" for name in sorted({*held} - {*mine})]
    for said in found:
        print(said, file=sys.stderr)
    return bool(found)


def check_discovery(python: Path, environ: Mapping[str, str], chosen: Mapping[str, Path]) -> bool:
    """Return whether one of the plugins did not load, or a target of theirs cannot be imported."""
    command = [python, "-m", "fairforget", "plugins", "doctor", "--deep", "--json"]
    done = subprocess.run(command, env=environ, cwd=python.parent, check=False, stdout=-1, text=True)
    found = json.loads(done.stdout)
    missing = chosen.keys() - {plugin.partition(":")[0] for plugin in found["plugins"]}
    for said in (*found["problems"], *(f"{name} is installed and was not found" for name in sorted(missing))):
        print(said, file=sys.stderr)
    return bool(found["problems"] or missing)


def check_types(python: Path, folders: list[Path]) -> bool:
    """Return whether mypy finds fault; where it is installed, with the extra ``dev``."""
    if importlib.util.find_spec("mypy") is None:
        print("mypy is not installed; the types are not checked")
        return False
    packages = [init.parent for folder in folders for init in folder.glob("*/__init__.py")]
    sources = [HERE.parent / "harness", HERE.parent / "plugins", *folders]
    environ = {**os.environ, "MYPYPATH": os.pathsep.join(map(str, sources))}
    command = [sys.executable, "-m", "mypy", "--strict", "--python-executable", python, *packages]
    return subprocess.run(command, cwd=HERE.parent, env=environ, check=False).returncode != 0


def run_tests(name: str, root: Path, python: Path, environ: Mapping[str, str]) -> tuple[int, str]:
    """Run the tests of an example away from its sources, so that what they import is the wheel."""
    folder = root / "tests" / name
    shutil.copytree(HERE / name / "tests", folder / "tests", ignore=_junk)
    shutil.copy(HERE / name / "pyproject.toml", folder)  # has the settings of pytest
    off = {} if name == TRACKER else {"FAIRFORGET_DISABLE_PLUGINS": TRACKER}
    command = [python, "-m", "pytest", "-q", "--import-mode=importlib", "-p", "no:cacheprovider"]
    done = subprocess.run(
        command, cwd=folder, env={**environ, **off}, check=False, stdout=-1, stderr=subprocess.STDOUT, text=True
    )
    return done.returncode, done.stdout


def _junk(_: str, names: list[str]) -> list[str]:
    junk = {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", "dist", "build", ".venv", "runs"}
    return [name for name in names if name in junk]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
