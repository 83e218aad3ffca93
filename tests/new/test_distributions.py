"""A new distribution of each kind, as it comes: installed, it passes everything that it tells its author to run."""

import json
import os
import re
import shlex
import zipfile

import pytest

from fairforget.new.naming import NEW_KINDS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(reader_in, tmp_path_factory):
    """Folders by kind, each with a reader in it; made by the command and installed."""
    folder = tmp_path_factory.mktemp("made")
    readers = {}
    for kind in NEW_KINDS:
        reader_in(folder).type(f"fairforget new {kind} brand-new-{kind} --author 'Ada <ada@example.org>'")
        readers[kind] = reader_in(folder / f"fairforget-brand-new-{kind}")
        readers[kind].type("pip install -q -e '.[dev]'")
    return readers


def test_each_is_listed_at_once(made):
    listed = json.loads(made["method"].type("fairforget plugins list --json"))
    found = {entry["name"]: (entry["kind"], entry["dist"], entry["version"]) for entry in listed}
    for kind in NEW_KINDS:
        assert found[f"brand-new-{kind}"] == (kind, f"fairforget-brand-new-{kind}", "0.1.0")


def test_none_of_them_troubles_the_doctor(made):
    made["method"].type("fairforget plugins doctor")


@pytest.mark.parametrize("kind", NEW_KINDS)
def test_each_passes_its_own_tests(made, kind):
    said = made[kind].type("pytest -q")
    assert re.search(r"^\d+ passed", said, re.MULTILINE)
    assert " failed" not in said


def test_each_is_clean(made):
    for reader in made.values():
        reader.type("ruff check . && ruff format --check .")


def test_each_is_typed_strictly(made):
    # In one run, for most of the time goes into what they import.
    settings = {(reader.folder / "pyproject.toml").read_text().count("strict = true") for reader in made.values()}
    assert settings == {1}
    files = " ".join(
        shlex.quote(str(file))
        for reader in made.values()
        for file in [*reader.folder.glob("*.py"), *reader.folder.glob("tests/*.py")]
    )
    cache = os.path.join(os.environ["FAIRFORGET_CACHE"], "mypy")
    assert "no issues found in 12 source files" in made["method"].type(f"mypy --strict --cache-dir {cache} {files}")


@pytest.mark.parametrize("kind", NEW_KINDS)
def test_each_command_of_its_readme_is_taken(made, kind):
    readme = (made[kind].folder / "README.md").read_text()
    runs = re.findall(r"^\$ (fairforget (?:run|plugins) .*)$", readme, re.MULTILINE)
    assert len(runs) == (1 if kind == "metric" else 2)
    for command in runs:
        made[kind].type(command + (" --dry-run" if " run " in command else ""))


@pytest.mark.parametrize("kind", NEW_KINDS)
def test_its_wheel_holds_the_module_and_nothing_else(made, kind, tmp_path):
    made[kind].type(f"pip wheel -q --no-deps -w {tmp_path} .")
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = [name for name in archive.namelist() if ".dist-info/" not in name]
        (points,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        assert held == [f"fairforget_brand_new_{kind}.py"]
        assert archive.read(points).decode().split() == [
            "[fairforget]",
            f"brand-new-{kind}",
            "=",
            f"fairforget_brand_new_{kind}",
        ]


def test_the_gate_of_the_readme_writes_its_baseline(made):
    reader = made["method"]
    (gate,) = re.findall(r"^```python\n(.*?)^```$", (reader.folder / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    file = reader.folder / "tests" / "test_brand_new_method.py"
    file.write_text(f"{file.read_text()}\n\n{gate}")
    reader.type("ruff check . && ruff format --check .")
    # Once: what it does when the baseline is there is tested where the fixture is.
    reader.type("pytest -q -k as_good --quality-update")
    assert list((reader.folder / "tests" / "baselines").glob("*.json"))
