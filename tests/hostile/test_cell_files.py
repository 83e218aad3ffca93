"""Cell files: whatever stands in one, it is used or named as not used."""

from __future__ import annotations

import json
import shutil

import pytest
from hostile.asking import asked
from hostile.strategies import changed, spliced
from hostile.watching import run
from hypothesis import given
from hypothesis import strategies as st

from fairforget.study.cell import cell_key

BITS = (
    *(b"[" * 100, b'{"a":' * 100, b"NaN", b"-Infinity", b"1e999", b"9" * 5000),
    *(b'"\\ud800"', b'"\\u0000"', b"\xff", b"null", b"true", b"{}", b"[]", b'"key":'),
)
WORDS = (
    st.sampled_from("untouched oracle fairforget/npo higher lower completeness utility ok failed".split()),
    st.sampled_from("probability generation diagnostic columns items random hard mrd-weighted".split()),
)


class Records(list):
    """Records that are told by their number: with all their text Hypothesis warns, instead of saying what failed."""

    def __repr__(self):
        return f"<{len(self)} records>"


@pytest.fixture(scope="module")
def records(factory):
    """A small study, whole and well."""
    return Records(factory.make_study(draws=2, seeds=1, oracle_draws=1, methods={"npo": (0.8, 0.84)})[:12])


@pytest.fixture
def folder(home, factory, records):
    """The folder of a run with a plan."""
    factory.write(records, home / "run")
    (home / "run" / "plan.json").write_text(json.dumps({"cells": [record["key"] for record in records]}))
    (home / "run" / "study.yaml").write_text("name: tiny\n")
    return home / "run"


def look(folder, out, command, form):
    """Look at a folder with one command."""
    if command == "board":
        shutil.rmtree(out, ignore_errors=True)
        ended = run("board", folder, "--format", form, "--out", out, allowed=(out,))
    elif command == "print":
        ended = run("board", folder, *(("--format", form) if form != "svg" else ()))
    elif command == "compare":
        ended = run("compare", folder, folder)
    else:
        ended = run(command, folder)
    # A file may well be the record of a cell that failed, and nothing else ends a command with 1.
    assert ended.code in {0, 2} or ("cells failed" in ended.err and " is not used: " not in ended.err), ended
    return ended


COMMANDS = st.sampled_from(["board", "print", "print", "compare", "status"])
FORMS = st.sampled_from(["md", "html", "json", "tex", "svg"])


@asked()
@given(data=st.data())
def test_any_values_in_a_cell(home, folder, records, data):
    content = data.draw(changed(records[0], words=WORDS))
    if isinstance(content, dict) and isinstance(content.get("cell"), dict) and data.draw(st.booleans()):
        content["key"] = cell_key(content["cell"])
    key = content.get("key") if isinstance(content, dict) else None
    name = key if isinstance(key, str) and key.isalnum() and len(key) < 100 else records[0]["key"]
    file = folder / "cells" / f"{name}.json"
    before = file.read_bytes() if file.exists() else None
    file.write_text(json.dumps(content))
    look(folder, home / "out", data.draw(COMMANDS), data.draw(FORMS))
    file.unlink() if before is None else file.write_bytes(before)


@asked()
@given(data=st.data())
def test_any_bytes_in_a_cell(home, folder, records, data):
    file = folder / "cells" / f"{records[0]['key']}.json"
    file.write_bytes(data.draw(spliced(json.dumps(records[0]).encode(), BITS)))
    look(folder, home / "out", data.draw(COMMANDS), data.draw(FORMS))
