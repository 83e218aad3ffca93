from __future__ import annotations

import re

import pytest

from fairforget.errors import FairforgetError
from fairforget.registry import AmbiguousName, PluginWarning, Registry, UnknownName

ONE_METHOD = """
    @hookimpl
    def fairforget_methods():
        return [Entry("{name}", "{target}", summary="from outside")]
"""


def method(name: str, target: str = "somewhere:Something") -> str:
    return ONE_METHOD.format(name=name, target=target)


def names(registry: Registry, kind="method") -> list[str]:
    return [entry.canonical for entry in registry.entries(kind)]


def test_first_party_plugins_come_through_the_entry_points():
    registry = Registry.discover()
    assert registry.problems == ()
    assert {
        kind: {entry.name for entry in registry.entries(kind)} for kind in ("method", "curriculum", "engine", "study")
    } == {
        "method": {
            *("untouched", "retrain", "grad-ascent", "grad-diff", "kl-min", "idk", "dpo", "npo", "simnpo", "undial"),
            *("wga", "satimp", "ce-u", "rmu", "pdu", "flat", "task-vector", "who-is-harry-potter", "checkpoint"),
        },
        "curriculum": {
            *(
                "uniform",
                "mrd-weighted",
                "inverse-mrd-weighted",
                "shuffled-mrd",
                "easy-to-hard",
                "hard-to-easy",
                "coreset",
            )
        },
        "engine": {"inline", "local", "fsdp", "torchrun", "submitit", "ray"},
        "study": {"quality", "quickstart", "paper-tofu", "paper-wmdp", "paper-whp", "paper-safe"},
    }
    assert {entry.dist for entry in registry.entries()} == {"fairforget"}


def test_an_entry_is_stamped_with_who_brought_it(site):
    site.install("Acme-Forget", method("sleepy"), version="2.5.1")
    entry = Registry.discover().find("method", "sleepy")
    assert (entry.dist, entry.version, entry.plugin) == ("Acme-Forget", "2.5.1", "Acme-Forget:methods")
    assert (entry.canonical, entry.summary) == ("Acme-Forget/sleepy", "from outside")


def test_two_plugins_with_one_entry_point_name_both_load(site):
    site.install("alpha", method("from-alpha"))
    site.install("beta", method("from-beta"))
    registry = Registry.discover()
    assert registry.problems == ()
    assert {"alpha/from-alpha", "beta/from-beta"} < set(names(registry))


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("import does_not_exist", "ModuleNotFoundError: No module named 'does_not_exist'"),
        ("raise RuntimeError('at import')", "RuntimeError: at import"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("def broken(:", "SyntaxError"),
        ("@hookimpl\ndef fairforget_methods():\n    raise OSError('in the hook')", "OSError: in the hook"),
        (
            "@hookimpl\ndef fairforget_methods():\n    yield Entry('a', 'b:c')\n    raise OSError('late')",
            "OSError: late",
        ),
    ],
)
def test_a_broken_plugin_hurts_no_other(site, source, error):
    site.install("alpha", method("before"))
    site.install("broken", source)
    site.install("zulu", method("after"))
    registry = Registry.discover()
    assert {"alpha/before", "zulu/after", "fairforget/npo"} < set(names(registry))
    assert not [entry for entry in registry.entries() if entry.dist == "broken"]
    [problem] = registry.problems
    assert (problem.dist, problem.entry_point, problem.plugin) == ("broken", "methods", "broken:methods")
    assert problem.error.startswith(error)
    assert "Traceback" in problem.traceback
    assert "broken.py" in problem.traceback


def test_a_plugin_that_fails_half_way_is_rolled_back(site):
    source = """
        @hookimpl
        def fairforget_methods():
            return [Entry("half", "broken:Half")]

        @hookimpl
        def fairforget_cell_started(cell):
            raise AssertionError("still registered")

        @hookimpl
        def fairforget_samplers(surprise):
            return []
    """
    site.install("broken", source)
    registry = Registry.discover()
    [problem] = registry.problems
    assert "surprise" in problem.error
    assert "broken/half" not in names(registry)
    registry.emit("fairforget_cell_started", cell={})


def test_order_is_by_name_and_does_not_depend_on_the_path(site):
    for dist in ("zulu", "alpha", "mike"):
        site.install(dist, method("same"))
    assert [name for name in names(Registry.discover()) if name.endswith("same")] == [
        "alpha/same",
        "mike/same",
        "zulu/same",
    ]


def test_plugins_are_tried_by_distribution_then_entry_point(site):
    for dist in ("zulu", "Alpha"):
        site.install(dist, "", points={"b": "nowhere_b", "a": "nowhere_a"})
    assert [p.plugin for p in Registry.discover().problems] == ["Alpha:a", "Alpha:b", "zulu:a", "zulu:b"]


def test_a_bare_name_works_while_it_is_unique(site):
    site.install("acme", method("npo"))
    registry = Registry.discover()
    with pytest.raises(AmbiguousName, match=re.escape("Write 'acme/npo' or 'fairforget/npo'")):
        registry.find("method", "npo")
    assert registry.find("method", "acme/npo").dist == "acme"
    assert registry.find("method", "fairforget/npo").dist == "fairforget"
    assert registry.find("method", "idk").dist == "fairforget"


def test_distributions_are_compared_as_pip_does(site):
    site.install("Acme.Forget", method("sleepy"))
    assert Registry.discover().find("method", "acme_forget/sleepy").dist == "Acme.Forget"


@pytest.mark.parametrize("written", ["grad-ascnt", "Grad-Ascent", "grad_ascent", "GradAscent"])
def test_an_unknown_name_is_answered_with_a_guess(written):
    with pytest.raises(UnknownName, match=r"Did you mean 'grad-ascent'\?.*Available: ce-u, checkpoint, dpo, flat, "):
        Registry.discover().find("method", written)


def test_an_unknown_canonical_name_is_answered_with_canonical_names():
    with pytest.raises(UnknownName, match=r"Did you mean 'fairforget/npo'"):
        Registry.discover().find("method", "fairforgt/npo")


def test_an_unknown_name_says_which_plugins_did_not_load_and_which_kind_has_it(site):
    site.install("broken", "import does_not_exist")
    with pytest.raises(UnknownName) as caught:
        Registry.discover(environ={"FAIRFORGET_DISABLE_PLUGINS": "fairforget:engines"}).find("method", "mrd")
    assert "broken:methods (ModuleNotFoundError: No module named 'does_not_exist')" in str(caught.value)
    assert "'mrd' is the name of a difficulty" in str(caught.value)
    assert "Switched off by FAIRFORGET_DISABLE_PLUGINS: fairforget:engines" in str(caught.value)


def test_plugins_can_be_switched_off_by_distribution_or_alone(site):
    site.install("Acme-One", method("one"), points={"methods": "acme_one", "more": "acme_one"})
    site.install("other", method("two"))
    everything = Registry.discover(environ={"FAIRFORGET_DISABLE_PLUGINS": "acme_one, fairforget:methods"})
    assert names(everything) == ["other/two"]
    assert everything.disabled == ("Acme-One:methods", "Acme-One:more", "fairforget:methods")
    assert everything.problems == ()
    assert names(Registry.discover(environ={"FAIRFORGET_DISABLE_PLUGINS": "other:methds"})).count("other/two") == 1


def test_strict_discovery_raises(site):
    site.install("broken", "import does_not_exist")
    with pytest.raises(FairforgetError, match="broken:methods did not load: ModuleNotFoundError") as caught:
        Registry.discover(environ={"FAIRFORGET_STRICT_PLUGINS": "1"})
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)
    assert Registry.discover(environ={"FAIRFORGET_STRICT_PLUGINS": "0"}).problems


def test_tracing_shows_calls_implementations_and_results(site, capsys):
    site.install(
        "acme", method("sleepy\\x1b[31m") + "\n    @hookimpl\n    def fairforget_cell_started(cell): return 7\n"
    )
    Registry.discover(environ={"FAIRFORGET_TRACE_PLUGINS": "1"})
    site.install("tracker", "@hookimpl\ndef fairforget_cell_started(cell):\n    return None\n")
    Registry.discover(environ={"FAIRFORGET_TRACE_PLUGINS": "1"}).emit("fairforget_cell_started", cell={"schema": 1})
    said = capsys.readouterr()
    assert said.out == ""
    assert "fairforget_methods() -> acme:methods\n" in said.err
    assert "sleepy" in said.err
    assert "\x1b" not in said.err
    assert "fairforget_cell_started(cell={'schema': 1}) -> tracker:methods\n" in said.err


def test_what_a_plugin_prints_while_it_loads_stays_off_standard_output(site, capsys):
    site.install("chatty", method("quiet") + "\n    print('hello')\n")
    assert "chatty/quiet" in names(Registry.discover())
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "hello\n")


def test_a_tracker_that_raises_is_a_warning_and_the_others_hear_the_event(site):
    listener = """
        heard = []

        @hookimpl
        def fairforget_cell_finished(cell, record):
            heard.append((cell, record))
            {then}
    """
    site.install("a-tracker", listener.format(then="raise RuntimeError('no server')"))
    site.install("b-tracker", listener.format(then=""))
    registry = Registry.discover()
    with pytest.warns(
        PluginWarning, match="a-tracker:methods failed in fairforget_cell_finished: RuntimeError: no server"
    ):
        registry.emit("fairforget_cell_finished", cell={"schema": 1}, record={"status": "ok"}, progress={})
    import a_tracker
    import b_tracker

    assert a_tracker.heard == b_tracker.heard == [({"schema": 1}, {"status": "ok"})]


@pytest.mark.parametrize("event", ["fairforget_cell_finshed", "fairforget_methods"])
def test_emitting_what_is_no_event_is_a_mistake_of_ours(event):
    with pytest.raises(ValueError, match="not an event hook"):
        Registry.discover().emit(event)


def test_two_registries_share_nothing(site):
    first = Registry.discover()
    site.install("late", method("late"))
    assert "late/late" not in names(first)
    assert "late/late" in names(Registry.discover())


def test_metadata_that_cannot_be_read_keeps_no_other_plugin_away(site):
    site.install("acme", "@hookimpl\ndef fairforget_methods():\n    return [Entry('acme-npo', 'acme:X')]\n")
    site.install("torn", "", points={"m": "torn"})
    (site.folder / "torn-1.0.dist-info" / "entry_points.txt").write_text("[fairforget]\nno equals sign\n")
    found = Registry.discover()
    assert found.find("method", "acme-npo").dist == "acme"
    assert found.find("method", "npo").dist == "fairforget"
    (problem,) = found.problems
    assert problem.plugin == "torn:entry_points.txt"
    assert "the metadata of torn cannot be read" in problem.error
    assert "install it again" in problem.error
