"""What the page on versions promises is so today."""

from __future__ import annotations

import importlib
import json
import re
import tomllib
from pathlib import Path

import pytest

from fairforget.errors import FairforgetError
from fairforget.hookspecs import hookspec
from fairforget.registry import Registry
from fairforget.store.reading import read_record
from fairforget.store.record import Rejected
from fairforget.study.cell import cell_key

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "versions.md").read_text(encoding="utf-8")
TEXT = " ".join(PAGE.split())


def test_every_public_package_has_a_list_of_what_is_public():
    named = set(re.findall(r"\[`(fairforget[.\w]*)`\]\(api/", PAGE))
    assert named == {"fairforget", "fairforget.api", "fairforget.testing", "fairforget.stats"}
    for name in named - {"fairforget.stats"}:  # its functions and classes are public as they stand
        package = importlib.import_module(name)
        assert [one for one in package.__all__ if not hasattr(package, one)] == []


def test_a_plugin_asks_for_this_release_as_the_page_says():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    major, minor, _ = map(int, version.split("."))
    assert f"`fairforget>={major}.{minor},<{major}.{minor + 1}`" in TEXT


def test_a_field_that_is_not_known_is_skipped_and_another_schema_is_not_read(factory, tmp_path):
    record = factory.make_record(factory.make_cell(), 0.5, 0.5)
    file = tmp_path / f"{record['key']}.json"
    file.write_text(json.dumps({**record, "something_new": 1}))
    assert read_record(file).scores.keys() == record["scores"].keys()
    file.write_text(json.dumps({**record, "schema": 2}))
    rejected = read_record(file)
    assert isinstance(rejected, Rejected)
    assert "its schema is '2'; this version reads 1" in rejected.reason


def test_a_new_release_of_a_plugin_and_a_new_option_make_new_keys(factory):
    cell = factory.make_cell()
    method = cell["method"]
    newer = {**cell, "method": {**method, "dist_version": "99"}}
    richer = {**cell, "method": {**method, "options": {**method["options"], "something_new": None}}}
    assert len({cell_key(one) for one in (cell, newer, richer)}) == 3


def test_the_marks_of_hooks_are_those_of_pluggy():
    for mark in ("warn_on_impl_args", "warn_on_impl"):
        assert f"`{mark}=" in PAGE
        value = DeprecationWarning("going")
        spec = hookspec(**{mark: {"x": value} if mark.endswith("args") else value})(lambda x: None)
        assert spec.fairforget_spec[mark]
    assert "`@hookimpl(optionalhook=True)`" in PAGE


def test_a_task_has_a_version_that_is_an_integer():
    registry = Registry.discover()
    for entry in registry.entries("task"):
        assert type(registry.load(entry).version) is int, entry


def test_an_error_names_the_schema():
    from fairforget.study.cell import Cell

    with pytest.raises(FairforgetError, match="schema 1"):
        Cell.from_json({"schema": 2})
