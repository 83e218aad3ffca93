"""Folders of strangers: links, pipes, devices and names that lead elsewhere."""

from __future__ import annotations

import json
import os
import shutil

import pytest
import yaml
from hostile.asking import asked
from hostile.strategies import PAYLOADS, changed
from hostile.watching import run
from hypothesis import given
from hypothesis import strategies as st

SIDE = {
    "plan.json": {"cells": ["0" * 24, "1" * 24], "study": "tiny"},
    "tuning/trials.json": {"searches": [{"trials": [{"value": 0.5}, {"value": None}]}]},
}
COMMANDS = {
    "board": lambda folder, home: ("board", folder, "--out", home / "out"),
    "status": lambda folder, home: ("status", folder, "--json"),
    "compare": lambda folder, home: ("compare", folder, folder),
    "submit": lambda folder, home: ("submit", folder, "--to", home / "leaderboards"),
}


@pytest.fixture
def folder(home, factory):
    factory.write(factory.make_study(draws=2, seeds=1, methods={"npo": (0.8, 0.84)})[:8], home / "run")
    (home / "leaderboards" / "results").mkdir(parents=True)
    (home / "secret").mkdir()
    (home / "secret" / "secret.json").write_text('{"it is": "not yours"}')
    return home / "run"


def look(home, folder, command):
    allowed = (home / "out", home / "leaderboards" / "results")
    before = sorted(map(str, (home / "secret").rglob("*")))
    ended = run(*COMMANDS[command](folder, home), allowed=allowed)
    assert "not yours" not in ended.out + ended.err
    assert sorted(map(str, (home / "secret").rglob("*"))) == before
    return ended


@asked()
@given(data=st.data())
def test_any_plan_and_trials(home, folder, data):
    for name, content in SIDE.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(data.draw(changed(content))))
    (folder / "study.yaml").write_text(yaml.safe_dump({"name": data.draw(st.sampled_from(PAYLOADS))}))
    look(home, folder, data.draw(st.sampled_from(["board", "status"])))


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", ["plan.json", "study.yaml", "submission.yaml", "tuning/trials.json", "cells/KEY.json"])
@pytest.mark.parametrize("kind", ["pipe", "zero", "out", "loop", "folder", "none"])
def test_what_is_no_file(home, folder, command, name, kind):
    (folder / "tuning").mkdir()
    place = folder / name.replace("KEY", "f" * 24)
    match kind:
        case "pipe":
            os.mkfifo(place)
        case "zero":
            place.symlink_to("/dev/zero")
        case "out":
            place.symlink_to(home / "secret" / "secret.json")
        case "loop":
            place.symlink_to(place.name)
        case "folder":
            place.mkdir()
        case _:
            place.symlink_to(home / "nothing")
    look(home, folder, command)


@pytest.mark.parametrize("command", COMMANDS)
def test_cells_that_lie_elsewhere_are_not_used(home, folder, command):
    shutil.move(folder / "cells", home / "secret" / "cells")
    (folder / "cells").symlink_to(home / "secret" / "cells")
    ended = look(home, folder, command)
    assert ended.code == 0 if command == "status" else ended.code in {1, 2}


def test_published_results_behind_links_are_none(home, folder):
    leaf = home / "leaderboards" / "results" / "biographies-v1" / "t" / "fairforget__npo"
    leaf.parent.mkdir(parents=True)
    leaf.symlink_to(folder / "cells")
    ended = run("board", home / "leaderboards" / "results")
    assert ended.code == 2
    assert "there are no cells" in ended.err


@pytest.mark.parametrize("name", ["board.md", "board.html", "board.json"])
def test_a_board_replaces_a_link_and_writes_through_none(home, folder, name):
    (home / "out").mkdir()
    (home / "out" / name).symlink_to(home / "secret" / "secret.json")
    assert look(home, folder, "board").code == 0
    assert not (home / "out" / name).is_symlink()
    assert (home / "secret" / "secret.json").read_text() == '{"it is": "not yours"}'


@pytest.mark.parametrize("name", ["cells", "boards"])
def test_imported_cells_are_not_written_through_a_link(home, name):
    from hostile.test_imports import GIT, LOG

    (home / "log.json").write_text(json.dumps(LOG))
    (home / "secret").mkdir()
    (home / "out").mkdir()
    (home / "out" / name).symlink_to(home / "secret")
    log, out = home / "log.json", home / "out"
    ended = run("import", "tofu-log", log, "--out", out, "--whole", allowed=(out,), starts=GIT)
    assert list((home / "secret").iterdir()) == []
    assert ended.code == (2 if name == "cells" else 0)
    assert "link" in ended.err or ended.code == 0
