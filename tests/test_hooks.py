"""Every hook is called, through a plugin: those that name things at discovery, events by a run."""

from __future__ import annotations

import inspect
import json
import re
import shutil
from pathlib import Path

import pytest
import yaml

from fairforget import hookspecs
from fairforget.cli import main
from fairforget.kinds import BASES, HOOKS
from fairforget.registry import Registry

SPECIFIED = {name: spec for name, spec in vars(hookspecs).items() if name.startswith("fairforget_")}
EVENTS = SPECIFIED.keys() - set(HOOKS.values())

LISTENER = """
import json

from fairforget import hookimpl


def heard(event, **said):
    with open("heard.jsonl", "a") as file:
        file.write(json.dumps([event, said]) + "\\n")

{functions}
"""
FUNCTION = """
@hookimpl
def {name}({arguments}):
    heard("{name}", {said})
"""
# Events whose arguments are objects of the harness are heard by what the page promises of them.
SAID = {
    "fairforget_study_started": "study=study.name, plan=len(plan)",
    "fairforget_study_finished": "study=study.name, results=results",
    "fairforget_study_stopped": "study=study.name, reason=reason",
}
SMALL = {"world_facts": 2, "frequencies": [1], "hidden_size": 16, "layers": 1, "vocabulary": 400, "epochs": 1}
STUDY = {
    "name": "small",
    "task": {"name": "biographies", "people": 8, "retain_people": 4, "holdout_people": 4, "samples": 2, **SMALL},
    "samplers": ["random"],
    "draws": 2,
    "forget_size": 2,
    "methods": ["grad-diff"],
    "budget": {"updates": 1},
    "optimizer": {"lr": 1.0e-3, "batch_size": 2},
    "engine": "inline",
}


def listener() -> str:
    functions = []
    for name in sorted(EVENTS):
        arguments = list(inspect.signature(SPECIFIED[name]).parameters)
        said = SAID.get(name, ", ".join(f"{argument}={argument}" for argument in arguments))
        functions.append(FUNCTION.format(name=name, arguments=", ".join(arguments), said=said))
    return LISTENER.format(functions="".join(functions))


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A study that ran with a listener and with tracing, and what was heard and printed."""
    folder = tmp_path_factory.mktemp("listening")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("FAIRFORGET_TRACE_PLUGINS", "1")
        Path("study.yaml").write_text(yaml.safe_dump(STUDY))
        Path("listener.py").write_text(listener())
        yield folder


def run(capsys):
    assert main(["run", "study.yaml", "--plugin", "listener.py", "--out", "out"]) == 0
    events = [json.loads(line) for line in Path("heard.jsonl").read_text().splitlines()]
    Path("heard.jsonl").unlink()
    return events, capsys.readouterr().err


def test_a_run_calls_every_event_with_what_the_page_says(ran, capsys):
    shutil.rmtree("out", ignore_errors=True)
    events, traced = run(capsys)
    names = [name for name, _ in events]
    assert set(names) == EVENTS - {"fairforget_study_stopped"}
    assert names == [
        "fairforget_study_started",
        *["fairforget_cell_started", "fairforget_cell_finished"] * 2,
        "fairforget_study_finished",
    ]
    assert events[0][1] == {"study": "small", "plan": 2}
    for started, finished in zip(events[1:-1:2], events[2:-1:2], strict=True):
        record = finished[1]["record"]
        assert started[1]["cell"] == finished[1]["cell"] == record["cell"]
    far = [event[1]["progress"] for event in events[2:-1:2]]
    assert [(one["done"], one["total"], one["failed"], one["known"]) for one in far] == [(1, 2, 0, 1.0), (2, 2, 0, 1.0)]
    assert far[0]["seconds_left"] > far[1]["seconds_left"] == 0.0
    for finished in events[2:-1:2]:
        record = finished[1]["record"]
        assert record == json.loads(Path("out", "cells", f"{record['key']}.json").read_text())
    assert events[-1][1] == {"study": "small", "results": json.loads(Path("out", "board.json").read_text())}

    lines = [line for line in traced.splitlines() if line.startswith("fairforget hook: ")]
    calls = [re.match(r"fairforget hook: (\w+)\(.*\) -> listener:listener\.py$", line) for line in lines]
    assert [call[1] for call in calls if call] == names
    assert "fairforget hook: fairforget_methods() -> fairforget:methods" in lines
    assert sum(line.endswith(("= []", "= [None]")) for line in lines) >= len(names)
    assert max(map(len, lines)) < 3000  # a record has the numbers of every item

    events, _ = run(capsys)  # a run that has nothing left to do
    assert [name for name, _ in events] == ["fairforget_study_started", "fairforget_study_finished"]


IMPATIENT = """
from fairforget import hookimpl
from fairforget.errors import FairforgetError

@hookimpl
def fairforget_cell_finished(progress):
    {does}
"""


@pytest.mark.parametrize(
    ("does", "code", "reason"),
    [("raise KeyboardInterrupt", 130, "interrupted"), ("raise SystemExit('enough')", None, "enough")],
)
def test_a_study_that_ends_before_its_end_is_told(ran, capsys, does, code, reason):
    shutil.rmtree("out", ignore_errors=True)
    Path("impatient.py").write_text(IMPATIENT.format(does=does))
    arguments = ["run", "study.yaml", "--plugin", "listener.py", "--plugin", "impatient.py", "--out", "out"]
    if code is None:
        with pytest.raises(SystemExit):
            main(arguments)
    else:
        assert main(arguments) == code
    events = [json.loads(line) for line in Path("heard.jsonl").read_text().splitlines()]
    Path("heard.jsonl").unlink()
    assert events[-1] == ["fairforget_study_stopped", {"study": "small", "reason": reason}]
    assert "fairforget_study_finished" not in [name for name, _ in events]
    capsys.readouterr()


@pytest.mark.parametrize("kind", HOOKS)
def test_discovery_calls_the_hook_of_a_kind(site, kind):
    folder = site.folder / "acme_things"
    folder.mkdir()
    (folder / "__init__.py").touch()
    if kind in BASES:
        (folder / "classes.py").write_text(
            f"from fairforget.api import {BASES[kind]}\nclass Thing({BASES[kind]}): ...\n"
        )
        target = "acme_things.classes:Thing"
    else:
        (folder / "thing.yaml").write_text("name: thing\n")
        target = "acme_things:thing.yaml"
    site.install("acme", f"@hookimpl\ndef {HOOKS[kind]}():\n    return [Entry('thing', '{target}', 'a thing')]\n")
    registry = Registry.discover()
    entry = registry.find(kind, "thing")
    assert (entry.dist, entry.target, entry.summary) == ("acme", target, "a thing")
    assert [e for e in registry.entries() if e.dist == "acme"] == [entry]
    if kind not in BASES:
        assert registry.path(entry) == folder / "thing.yaml"
    elif kind == "curriculum":  # the one class with nothing to define
        assert registry.load(entry).__name__ == "Thing"


def test_every_hook_names_things_or_is_an_event():
    assert set(HOOKS.values()) < set(SPECIFIED)
    assert all(inspect.signature(SPECIFIED[name]).parameters for name in EVENTS)
    assert not any(inspect.signature(SPECIFIED[name]).parameters for name in HOOKS.values())
