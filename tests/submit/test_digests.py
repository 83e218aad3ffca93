from __future__ import annotations

import copy

import pytest

from fairforget.registry import Registry
from fairforget.store.reading import record_from_json
from fairforget.study.cell import cell_key
from fairforget.submit.digests import FORMS, MAX_CELL, faults_of
from fairforget.submit.installed import Installed

from .attacks.edits import put


@pytest.fixture(scope="module")
def installed():
    return Installed(Registry.discover())


@pytest.fixture
def record(study):
    return next(r for r in study(draws=1) if r["cell"]["method"]["label"] == "npo")


def faults(record, edit=lambda r: None, installed=None, size=1):
    changed = copy.deepcopy(record)
    edit(changed)
    changed["key"] = cell_key(changed["cell"])
    found = record_from_json(changed)
    return list(installed.faults_of(found)) if installed else list(faults_of(found, size))


def test_a_whole_record_has_no_fault(study, installed):
    for record in study(draws=1):
        assert faults(record) == []
        assert faults(record, installed=installed) == []


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (put("cell", "draw", "digest", value="0" * 64), "the digest of its forget set is not that of the samples"),
        (put("cell", "draw", "forget", value=[]), "a forget set that is empty or has a sample twice"),
        (put("cell", "draw", "forget", value=["a", "a"]), "a forget set that is empty or has a sample twice"),
        (put("item_hashes", value={}), "no digest for some of the samples it forgets"),
        (put("cell", "target", "seed", value=1), "the id of its target is not that of what it says about the target"),
        (put("cell", "target", "id", value="f" * 24), "the id of its target is not that of what it says"),
        (put("scores", value={}), "it went well and has no score"),
        (put("status", value="failed"), "it failed and has scores"),
        (put("environment", value={}), "does not say by which version of fairforget"),
        (put("environment", "distributions", "fairforget", value=[]), "does not say by which version of fairforget"),
        (put("cell", "method", "tuned", value=True), "tuned, but it does not say by how many trials"),
    ],
)
def test_what_does_not_fit_is_a_fault(record, edit, reason):
    (found,) = faults(record, edit)
    assert reason in found


def test_a_tuned_record_says_by_how_many_trials(record):
    def edit(changed):
        changed["cell"]["method"]["tuned"] = True
        changed["tuning"] = {"trials": 3}

    assert faults(record, edit) == []


def test_where_a_checkpoint_lies_is_no_part_of_the_target(record):
    from fairforget.api.sample import digest_of

    base = {"pretrained": {"weights": "abc"}}

    def edit(changed):
        target = changed["cell"]["target"]
        identity = {n: target.get(n) for n in ("base", "training", "template", "data", "training_version", "seed")}
        target |= {"id": digest_of({**identity, "base": base})[:24], "base": {"path": "/some/where", **base}}

    assert faults(record, edit) == []


def test_large_files_are_refused(record):
    assert faults(record, size=MAX_CELL + 1) == ["larger than 4 MiB"]


def test_options_cannot_be_taken_out_of_the_key_by_calling_them_paths(record, installed):
    """A record names the options that are no part of its key: whoever names more would make unlike cells look alike."""

    def of_metric(**more):
        metric = {"name": "fairforget/x", "dist_version": "0.1.0", "options": {"k": 1, "data": "d"}, **more}
        return put("cell", "evaluation", "metrics", value=[{"column": "c", "metric": metric}])

    assert faults(record, of_metric(paths=["data"], depends_on={"data": "digest"})) == []
    for hostile in ({"paths": ["k"]}, {"paths": ["k"], "depends_on": {"data": 1}}, {"paths": [{}]}):
        (found,) = faults(record, of_metric(**hostile))
        assert "a metric calls options paths without saying what lies there" in found
    difficulty = {"name": "d", "options": {"k": 1}, "paths": ["k"]}
    curriculum = {"name": "fairforget/x", "dist_version": "0.1.0", "difficulty": difficulty}
    (found,) = faults(record, put("cell", "curriculum", value=curriculum))
    assert "a difficulty calls options paths" in found
    (found,) = faults(record, put("cell", "task", "paths", value=["people"]), installed)
    assert found == "it calls options of the task paths that are none: people"
    assert faults(record, put("cell", "task", "paths", value=["data"]), installed) == []


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (
            put("cell", "task", "version", value=7),
            "version 7 of the task fairforget/biographies, and version 1 is current",
        ),
        (put("cell", "task", "name", value="else/biographies"), "its task cannot be looked at: Unknown task"),
        (put("cell", "task", "name", value="biographies"), "does not say which distribution it is of"),
        (put("cell", "method", "reference", value="oracle"), "calls itself the reference 'oracle'"),
        (put("cell", "method", "name", value="fairforget/retrain"), "calls itself the reference 'None'"),
    ],
)
def test_what_is_installed_says_what_is_current(record, installed, edit, reason):
    assert any(reason in found for found in faults(record, edit, installed))


def test_a_method_that_is_not_installed_can_be_no_reference(record, installed):
    def edit(changed):
        changed["cell"]["method"] |= {"name": "else/mine", "reference": "untouched"}

    assert "calls itself the reference 'untouched'" in faults(record, edit, installed)[0]
    mine = put("cell", "method", "name", value="else/mine")
    assert faults(record, mine, installed) == []


def test_every_form_of_an_import_is_known():
    from fairforget.cli import import_

    assert set(import_.FORMS) == FORMS


def test_nobody_passes_for_an_import_or_for_fairforget(record, installed):
    """An import is looked at less, for nothing that is installed made it."""

    def sneak(changed):
        changed["cell"]["task"]["name"] = "biographies"
        changed["cell"]["source"] = {"form": "x"}

    assert any("does not say which distribution" in fault for fault in faults(record, sneak, installed))
    plain = put("cell", "method", "name", value="npo")
    assert faults(record, plain) == ["the method 'npo' does not say which distribution it is of"]
    invented = put("cell", "method", "name", value="fairforget/super-npo")
    assert faults(record, invented, installed) == [
        "there is no method fairforget/super-npo in this version of fairforget"
    ]


def test_imports_are_known_by_their_source(record, installed, tmp_path):
    def edit(changed):
        cell = changed["cell"]
        cell["task"] = {"name": "tofu-log", "version": 1, "options": {}, "data": None, "paths": []}
        cell["target"] = {"id": "not known", "training": None}
        cell["source"] = {"form": "tofu-log", "sha256": "0" * 64}
        cell["method"]["name"] = "imported:x"

    assert faults(record, edit) == []
    assert faults(record, edit, installed) == []

    def older(changed):
        edit(changed)
        changed["cell"]["task"] |= {"version": 0, "paths": ["x"]}

    def borrowed(changed):
        edit(changed)
        changed["cell"]["method"]["name"] = "fairforget/npo"

    assert faults(record, borrowed) == ["imported, and its method 'fairforget/npo' is not called so"]
    assert faults(record, older, installed) == [
        "imported by version 0, and version 1 is current; import it again",
        "an import has no paths",
    ]
