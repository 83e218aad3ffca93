"""How a hook changes without breaking a plugin, on a made-up release in which `fairforget_cell_finished` has changed.

In it the event has lost nothing yet: `cell` is on its way out, for the record has it, and `folder` has come.
"""

from __future__ import annotations

import types
import warnings

import pytest

from fairforget import discovery, hookspecs, registry
from fairforget.errors import FairforgetError
from fairforget.registry import Registry

GOING = "fairforget_cell_finished: 'cell' goes with 0.3; record['cell'] is the same"


def released(**changed):
    """The hooks of another release."""
    made = types.ModuleType("fairforget.hookspecs")
    vars(made).update({name: value for name, value in vars(hookspecs).items() if not name.startswith("__")})
    vars(made).update(changed)
    return made


def install_release(monkeypatch, **changed):
    made = released(**changed)
    monkeypatch.setattr(discovery, "hookspecs", made)
    monkeypatch.setattr(registry, "hookspecs", made)


def finished(source):
    """A specification of `fairforget_cell_finished`, marked as `hookspecs` would mark it."""
    scope = {"hookspec": hookspecs.hookspec}
    exec(source, scope)
    return scope["fairforget_cell_finished"]


NEXT = f'''
@hookspec(warn_on_impl_args={{"cell": DeprecationWarning("{GOING}")}})
def fairforget_cell_finished(cell, record, folder): ...
'''
LATER = "@hookspec\ndef fairforget_cell_finished(record, folder): ..."


def listens(arguments):
    return f"heard = []\n\n@hookimpl\ndef fairforget_cell_finished({arguments}):\n    heard.append(({arguments},))\n"


def emit(found, release="next"):
    said = {"cell": {"seed": 0}, "record": {"cell": {"seed": 0}}, "folder": "out"}
    if release == "later":
        del said["cell"]
    found.emit("fairforget_cell_finished", **said)


def test_only_who_names_what_goes_is_warned_and_everybody_is_called(site, monkeypatch):
    install_release(monkeypatch, fairforget_cell_finished=finished(NEXT))
    site.install("a-old", listens("cell, record"))
    site.install("b-careful", listens("record"))
    site.install("c-new", listens("record, folder"))
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        found = Registry.discover()
        emit(found)
    assert [(str(w.message), w.category) for w in heard] == [(GOING, DeprecationWarning)]
    # The place is the author's function, decorator first, so that the warning leads to what has to change.
    assert (heard[0].filename, heard[0].lineno) == (str(site.folder / "a_old.py"), 4)
    assert found.problems == ()
    import a_old
    import b_careful
    import c_new

    assert a_old.heard == [({"seed": 0}, {"cell": {"seed": 0}})]
    assert b_careful.heard == [({"cell": {"seed": 0}},)]
    assert c_new.heard == [({"cell": {"seed": 0}}, "out")]


def test_warnings_that_are_errors_are_a_problem_of_that_plugin_alone(site, monkeypatch):
    install_release(monkeypatch, fairforget_cell_finished=finished(NEXT))
    site.install("a-old", listens("cell, record"))
    site.install("b-careful", listens("record"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = Registry.discover()
    assert [problem.error for problem in found.problems] == [f"DeprecationWarning: {GOING}"]
    emit(found)
    import b_careful

    assert b_careful.heard


def test_what_is_gone_does_not_load_and_the_story_says_which_arguments_there_are(site, monkeypatch):
    install_release(monkeypatch, fairforget_cell_finished=finished(LATER))
    site.install("a-old", listens("cell, record"))
    site.install("b-careful", listens("record"))
    found = Registry.discover()
    assert [problem.dist for problem in found.problems] == ["a-old"]
    assert "'cell'" in found.problems[0].error
    assert (found.problems[0].file, found.problems[0].line) == (str(site.folder / "a_old.py"), 4)
    emit(found, "later")
    import b_careful

    assert b_careful.heard == [({"cell": {"seed": 0}},)]


def test_a_hook_on_its_way_out_warns_who_implements_it(site, monkeypatch):
    going = DeprecationWarning("fairforget_cell_started goes with 0.3")

    @hookspecs.hookspec(warn_on_impl=going)
    def fairforget_cell_started(cell): ...

    install_release(monkeypatch, fairforget_cell_started=fairforget_cell_started)
    site.install("a-old", "@hookimpl\ndef fairforget_cell_started(cell):\n    pass\n")
    site.install("b-careful", listens("record"))
    with pytest.warns(DeprecationWarning, match="goes with 0") as heard:
        found = Registry.discover()
    assert len(heard) == 1
    assert found.problems == ()


def test_an_optional_hook_serves_releases_that_do_not_have_it(site):
    source = "@hookimpl(optionalhook=True)\ndef fairforget_cell_paused(cell):\n    pass\n"
    site.install("a-new", source + listens("record"))
    found = Registry.discover()
    assert found.problems == ()
    found.emit("fairforget_cell_finished", cell={}, record={}, progress={})
    import a_new

    assert a_new.heard == [({},)]


def test_without_the_mark_a_hook_of_another_release_is_unknown(site):
    site.install("a-new", "@hookimpl\ndef fairforget_cell_paused(cell):\n    pass\n")
    (problem,) = Registry.discover().problems
    assert "unknown hook 'fairforget_cell_paused'" in problem.error
    with pytest.raises(FairforgetError, match="unknown hook"):
        Registry.discover(environ={"FAIRFORGET_STRICT_PLUGINS": "1"})
