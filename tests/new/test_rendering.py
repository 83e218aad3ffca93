"""What is rendered is whole whatever the name is: valid, formatted, and without a gap."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement

from fairforget.errors import FairforgetError
from fairforget.kinds import BASES, HOOKS
from fairforget.new.laying import lay
from fairforget.new.naming import LONGEST, NEW_KINDS, names
from fairforget.new.rendering import commands, render
from fairforget.registry import Registry

# Short and long, with a digit first, and words that Python or the templates have themselves.
NAMES = (
    "z",
    "a" * LONGEST,
    "a-" * (LONGEST // 2 - 1) + "aa",
    "2nd",
    "none",
    "entry",
    "sampler",
    "any",
    "test-me",
    "half-asleep",
)
EVERY = [names(kind, name) for kind in NEW_KINDS for name in NAMES]
labels = {"argvalues": EVERY, "ids": lambda n: f"{n.kind}-{n.name}"}


@pytest.mark.parametrize("wanted", **labels)
def test_the_project_is_that_of_the_name(wanted):
    files = render(wanted)
    project = tomllib.loads(files["pyproject.toml"])["project"]
    assert project["name"] == wanted.dist
    assert project["entry-points"]["fairforget"] == {wanted.name: wanted.module}
    assert project["dependencies"] == [f"fairforget>={version('fairforget')}"]
    assert "authors" not in project
    assert "license" not in project
    assert not [place for place in files if "licen" in place.lower()]
    assert not any("%%" in text for text in files.values())


@pytest.mark.parametrize("wanted", **labels)
def test_the_module_brings_the_plugin_by_its_name(wanted, tmp_path):
    file = tmp_path / f"{wanted.module}.py"
    source = render(wanted)[file.name]
    file.write_text(source)  # given with --plugin it is the same plugin, before anybody has installed it
    registry = Registry.discover([file])
    assert not registry.problems
    (entry,) = [e for e in registry.entries(wanted.kind) if e.dist == wanted.module]
    assert entry.name == wanted.name
    cls = registry.load(entry)
    assert [base.__name__ for base in cls.__mro__].count(BASES[wanted.kind]) == 1
    assert f"def {HOOKS[wanted.kind]}(" in source
    (defined,) = [node.name for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    assert defined == cls.__name__
    cls()


def test_ruff_finds_nothing_whatever_the_name_is(tmp_path):
    for i, wanted in enumerate(EVERY):
        lay(render(wanted, "Ada Lovelace <ada@example.org>"), tmp_path / str(i))
    for action in (["check"], ["format", "--check"]):
        ran = subprocess.run(
            [sys.executable, "-m", "ruff", *action, "--no-cache", "."],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("kind", NEW_KINDS)
def test_the_commands_are_those_of_its_readme_and_name_it(kind):
    wanted = names(kind, "half-asleep")
    found = commands(render(wanted))
    assert found[0] == "pip install -e '.[dev]'"
    assert "fairforget check half-asleep" in found
    assert all(f"$ {line}\n" in render(wanted)["README.md"] for line in found)


@pytest.mark.parametrize("kind", NEW_KINDS)
def test_commands_say_the_kind_where_another_has_the_name(kind):
    readme = render(names(kind, "half-asleep"), shared=True)["README.md"]
    for command in ("plugins show", "check"):
        assert re.findall(rf"fairforget {command} (.*)$", readme, re.MULTILINE)[0] == f"half-asleep --kind {kind}"


@pytest.mark.parametrize(
    ("installed", "bound"), [("1.2", ">=1.2"), ("1.2.dev3+g12ab.dirty", ">=1.2.dev3"), ("not installed", "")]
)
def test_the_bound_is_one_that_installers_take(installed, bound, monkeypatch):
    monkeypatch.setattr("fairforget.new.rendering.version", lambda: installed)
    project = tomllib.loads(render(names("method", "half-asleep"))["pyproject.toml"])["project"]
    assert project["dependencies"] == [f"fairforget{bound}"]
    Requirement(project["dependencies"][0])


def test_the_workflow_is_valid_and_runs_what_the_readme_says_to_run_before_a_commit():
    files = render(names("method", "half-asleep"))
    workflow = yaml.safe_load(files[".github/workflows/test.yml"])
    (job,) = workflow["jobs"].values()
    runs = [step["run"] for step in job["steps"] if "run" in step]
    before = re.findall(r"^\$ (.*)$", files["README.md"].partition("## Before a commit")[2], re.MULTILINE)
    assert before
    assert set(before) <= set(runs)
    assert job["steps"][1]["with"]["python-version"] == "${{ matrix.python-version }}"
    assert files[".github/workflows/test.yml"].count("#") >= 4


def authors(text):
    return tomllib.loads(render(names("task", "sleepy"), text)["pyproject.toml"])["project"]["authors"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ada Lovelace", {"name": "Ada Lovelace"}),
        ("Ada <ada@example.org>", {"name": "Ada", "email": "ada@example.org"}),
        ("<ada@example.org>", {"email": "ada@example.org"}),
        ('Ada "L" \\ é, Ltd. %%{name} $x', {"name": 'Ada "L" \\ é, Ltd. %%{name} $x'}),
    ],
)
def test_an_author_stands_in_the_metadata(text, found):
    assert authors(text) == [found]


@settings(derandomize=True, deadline=None)
@given(st.text(max_size=40))
def test_whatever_an_author_is_called_the_metadata_is_valid_or_it_is_refused(text):
    try:
        (found,) = authors(text)
    except FairforgetError:
        return
    assert found.get("name", "") in text
    assert found


@pytest.mark.parametrize("text", ["", " ", "Ada <nobody>", "Ada <a@b", "Ada\nB", "\x1b[31m", "Ada <a@b> C"])
def test_an_author_that_cannot_be_is_refused(text):
    with pytest.raises(FairforgetError, match="--author"):
        authors(text)
