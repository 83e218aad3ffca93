"""What distributions and plugins say of themselves: names, versions, summaries, targets, entry points."""

from __future__ import annotations

import json
import shutil
import sys
from functools import cache

import pytest
from hostile.asking import asked
from hostile.strategies import PAYLOADS, texts
from hostile.watching import run
from hypothesis import given
from hypothesis import strategies as st

from fairforget.registry import Registry

CODE = """
from fairforget import Entry, hookimpl

@hookimpl
def {hook}():
    return [{entries}]
"""
HOOKS = "methods samplers tasks difficulties curricula metrics engines studies claims".split()
TARGETS = st.one_of(
    st.sampled_from(
        "os:system builtins:eval subprocess:Popen pathlib:Path hostile_plugin:no a.b.c:D :x x: __main__:x".split()
    ),
    st.sampled_from(
        ["fairforget:../../etc/passwd", "fairforget:/etc/passwd", "fairforget:cli", "json:tool.py", "..:.."]
    ),
    texts,
)
NAMES = st.one_of(st.sampled_from(["npo", "x", "a-b", "NPO", "../x", "a/b", "", "-", "x\n"]), texts)
ENTRIES = st.lists(st.tuples(NAMES, TARGETS, st.one_of(texts, st.none(), st.integers())), max_size=3)
LINES = st.one_of(
    st.sampled_from(
        ["Name: x", "Name:", "Version: 1", "Version: \x1b[2J", "Name: \x1b]0;x\x07", "Name: fairforget", "\n"]
    ),
    st.text(max_size=20),
)
POINTS = st.one_of(
    st.sampled_from(["m = hostile_plugin", "m = hostile_plugin [x]", "\x1b[2J = hostile_plugin", "m =", "= m", "[x]"]),
    st.sampled_from(
        ["m = os:system", "m = no_such_module", "m = hostile_plugin:no", "m = hostile_plugin:fairforget.x", "m"]
    ),
    st.text(max_size=20),
)
COMMANDS = st.sampled_from(
    [
        ("list",),
        ("list", "--json"),
        ("doctor",),
        ("doctor", "--json"),
        ("doctor", "--deep"),
        ("show", "npo"),
        ("show", "x"),
    ]
)


def entry(name, target, summary):
    return f"Entry({name!r}, {target!r}, summary={summary!r})"


@asked()
@given(
    st.sampled_from(HOOKS), ENTRIES, st.lists(LINES, max_size=4), st.lists(POINTS, max_size=3), COMMANDS, st.integers(0)
)
def test_any_plugin_is_listed_or_named_as_broken(home, hook, entries, about, points, command, number):
    folder = home / f"site{number}"
    shutil.rmtree(folder, ignore_errors=True)
    info = folder / "hostile_plugin-1.0.dist-info"
    info.mkdir(parents=True)
    made = CODE.format(hook=f"fairforget_{hook}", entries=", ".join(entry(*one) for one in entries))
    (folder / "hostile_plugin.py").write_text(made, errors="surrogatepass")
    (info / "METADATA").write_text("\n".join(["Metadata-Version: 2.1", *about]), errors="surrogatepass")
    (info / "entry_points.txt").write_text("\n".join(["[fairforget]", *points]), errors="surrogatepass")
    sys.path.insert(0, str(folder))
    try:
        ended = run("plugins", *command, plugins=(folder,))
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop("hostile_plugin", None)
        shutil.rmtree(folder)
    if "--json" in command:
        json.loads(ended.out)
    elif command[0] == "list":
        assert "grad-ascent" in ended.out, "one plugin keeps others from being listed"


COMMANDS = [("plugins", "show"), ("check",), ("run",), ("score",), ("status",), ("board",)]


@cache
def installed():
    """Names that are no mistake; Hypothesis takes texts from the source, too."""
    registry = Registry.discover()
    return {name for entry in registry.entries() for name in (entry.name, entry.canonical, entry.dist)}


def ask(name, command):
    if not name.startswith("-") and name not in installed():
        more = ("--by", "x") if command == ("score",) else ()
        assert run(*command, name, *more).code in {0, 2}


@pytest.mark.parametrize("name", PAYLOADS, ids=lambda name: ascii(name)[:20])
def test_each_odd_name_of_a_plugin_or_folder(home, name):
    for command in COMMANDS:
        ask(name, command)


@asked()
@given(name=texts, command=st.sampled_from(COMMANDS))
def test_any_name_of_a_plugin_or_folder(home, name, command):
    ask(name, command)
