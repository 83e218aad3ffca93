"""Pull requests that nobody should take: each is refused with an exit code of 1 or 2 and no traceback."""

from __future__ import annotations

import copy
import json
import shutil

import pytest

from fairforget.cli import main
from fairforget.study.cell import cell_key
from fairforget.study.yaml_core import to_yaml

from .edits import snapshot


@pytest.fixture
def published(run, study, home, tmp_path):
    """Leaderboards with results, and a copy of them as they were."""
    assert main(["submit", str(run(study())), "--to", str(home)]) == 0
    shutil.copytree(home, tmp_path / "base")
    return home


@pytest.fixture
def attack(published, study, tmp_path, capsys):
    """Add a record that was edited, with a declaration of its own; returns the exit code and what is said of it."""

    def add(edit=None, *, content=None, folder=None, name=None):
        from fairforget.submit.layout import folder_of

        records = study(methods={"grad-diff": (0.7, 0.7)})
        record = copy.deepcopy(next(r for r in records if r["cell"]["method"]["label"] == "grad-diff"))
        if edit is not None:
            edit(record)
        record["key"] = cell_key(record["cell"])
        leaf = published / "results" / (folder or str(folder_of(record["cell"])))
        leaf.mkdir(parents=True, exist_ok=True)
        path = leaf / (name or f"{record['key']}.json")
        path.write_bytes(json.dumps(record).encode() if content is None else content)
        said = {
            "by": "Mal Example",
            "code": None,
            "trained_on_evaluation": False,
            "tuning": {"trials": 0, "draws": "none"},
            "cells": [record["key"]],
        }
        (leaf / f"submission-{'0' * 12}.yaml").write_text(to_yaml(said))
        return check()

    def check():
        before = snapshot(tmp_path)
        capsys.readouterr()
        code = main(["submit", "--check", str(tmp_path / "base"), "--to", str(published)])
        printed = capsys.readouterr()
        assert snapshot(tmp_path) == before
        text = printed.out + printed.err
        assert "Traceback" not in text
        assert all(c == "\n" or (c.isprintable()) for c in text), ascii(text)
        return code, printed.err

    add.check = check
    return add
