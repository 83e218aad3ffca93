"""The second door: --plugin file.py."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from fairforget.errors import FairforgetError
from fairforget.registry import Registry

SOURCE = """
    from fairforget import Entry, hookimpl
    from fairforget.api import Curriculum

    class Sleepy(Curriculum): ...

    @hookimpl
    def fairforget_curricula():
        return [
            Entry("in-full", f"{__name__}:Sleepy"),
            Entry("colon", ":Sleepy"),
            Entry("bare", "Sleepy"),
        ]
"""


@pytest.fixture
def plugin(tmp_path, site):  # site forgets the modules that a test imports
    file = tmp_path / "my_idea.py"
    file.write_text(textwrap.dedent(SOURCE))
    return file


@pytest.mark.parametrize("name", ["in-full", "colon", "bare", "my-idea/bare"])
def test_targets_point_into_the_file(plugin, name):
    registry = Registry.discover([plugin])
    entry = registry.find("curriculum", name)
    assert registry.problems == ()
    assert entry.dist == "my_idea"
    assert entry.version == f"sha256:{hashlib.sha256(plugin.read_bytes()).hexdigest()[:12]}"
    cls = registry.load(entry)
    assert cls.__name__ == "Sleepy"
    assert Path(sys.modules[cls.__module__].__file__) == plugin


def test_another_process_finds_the_same(plugin):
    registry = Registry.discover([plugin])
    target = registry.find("curriculum", "bare").target
    code = f"""
        from pathlib import Path
        from fairforget.registry import Registry
        registry = Registry.discover([Path({str(plugin)!r})])
        entry = registry.find("curriculum", "bare")
        print(entry.target, registry.load(entry).__name__)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [target, "Sleepy"]


def test_a_changed_file_is_not_taken_for_the_old_one(plugin):
    before = Registry.discover([plugin])
    plugin.write_text(plugin.read_text() + "\nclass Later(Sleepy): ...\n")
    after = Registry.discover([plugin])
    old, new = before.find("curriculum", "bare"), after.find("curriculum", "bare")
    assert old.version != new.version
    assert not hasattr(sys.modules[before.load(old).__module__], "Later")
    assert hasattr(sys.modules[after.load(new).__module__], "Later")


def test_paths_are_resolved_and_each_file_is_loaded_once(plugin, monkeypatch):
    monkeypatch.chdir(plugin.parent)
    registry = Registry.discover([Path("my_idea.py"), plugin, Path("site/../my_idea.py")])
    assert registry.plugin_files == (plugin,)
    assert registry.problems == ()


def test_no_cache_file_is_written_beside_it(plugin):
    Registry.discover([plugin])
    assert not (plugin.parent / "__pycache__").exists()


def test_a_broken_file_is_a_problem_with_its_lines(plugin):
    plugin.write_text("import does_not_exist\n")
    registry = Registry.discover([plugin])
    [problem] = registry.problems
    assert problem.plugin == "my_idea:my_idea.py"
    assert "import does_not_exist" in problem.traceback
    assert not [name for name in sys.modules if name.startswith("fairforget_plugin_my_idea")]


def test_two_files_of_one_name_are_told_apart(plugin, tmp_path):
    other = tmp_path / "elsewhere" / "my_idea.py"
    other.parent.mkdir()
    other.write_text(plugin.read_text() + "\nOTHER = 1\n")
    [problem] = Registry.discover([plugin, other]).problems
    assert "another plugin is called 'my_idea' already; rename the file" in problem.error


def test_a_file_cannot_pass_for_an_installed_distribution(plugin):
    posing = plugin.rename(plugin.with_name("FairForget.py"))
    registry = Registry.discover([posing])
    assert "another plugin is called 'FairForget' already" in registry.problems[0].error
    assert {entry.version for entry in registry.entries("curriculum")} == {registry.find("method", "npo").version}


@pytest.mark.parametrize("name", ["missing.py", "with space.py", "notes.txt", ".py"])
def test_a_file_that_cannot_be_a_plugin_is_refused(tmp_path, name):
    if name != "missing.py":
        (tmp_path / name).touch()
    with pytest.raises(FairforgetError, match=r"cannot read the plugin file|is called NAME\.py"):
        Registry.discover([tmp_path / name])
