"""What is told of a plugin that did not load: whose it is, where it failed, through what, and what to do."""

from __future__ import annotations

import json
import re
import sys

import pytest

from fairforget.cli import main
from fairforget.registry import Registry
from fairforget.version import version

HOOK = "@hookimpl\ndef fairforget_methods():\n    return {}\n"


@pytest.fixture
def story(site):
    """Install a plugin that does not load and return what is known of it."""

    def story(source, points=None, files=(), requires=()):
        for name, text in files:
            (site.folder / name).parent.mkdir(exist_ok=True)
            (site.folder / name).write_text(text)
        site.install("acme-forget", source, version="2.5", points=points)
        with (site.folder / "acme_forget-2.5.dist-info" / "METADATA").open("a") as metadata:
            metadata.writelines(f"Requires-Dist: {one}\n" for one in requires)
        (problem,) = Registry.discover().problems
        assert (problem.dist, problem.version) == ("acme-forget", "2.5")
        assert problem.chain[0] == problem.error
        assert problem.mend.endswith(f"Until then FAIRFORGET_DISABLE_PLUGINS={problem.plugin} leaves the plugin out.")
        return problem

    return story


def place(site, problem):
    assert problem.file is not None
    assert problem.file.startswith(str(site.folder))
    return problem.file.removeprefix(f"{site.folder}/"), problem.line


# The first line of every source is the usual import.
@pytest.mark.parametrize(
    ("source", "line", "mend"),
    [
        ("\nimport does_not_exist", 3, "Install what brings the module 'does_not_exist' into "),
        ("import does_not_exist.inner", 2, "Install what brings the module 'does_not_exist' into "),
        ("raise RuntimeError('at import')", 2, "show the traceback to the author of acme-forget"),
        ("raise SystemExit(3)", 2, "put that under if __name__ == '__main__'"),
        ("x = 1\ndef broken(:", 3, f"Mend the line. This is Python {sys.version.split()[0]}"),
        ("from fairforget.api import NoSuchThing", 2, f"another version of fairforget: here is {version()}"),
        ("from json import no_such_name", 2, "acme-forget needs another version of json"),
        ("import json\njson.loads('{')", 3, "show the traceback to the author"),
        ("\n@hookimpl\ndef fairforget_methods():\n    raise OSError('in the hook')", 5, "show the traceback"),
        (f"x = 1\n{HOOK.format('[7]')}", 3, "The message says what to change"),
        (HOOK.format("[Entry('Bad Name', 'a:B')]"), 2, "The message says what to change"),
        ("x = 1\n@hookimpl\ndef fairforget_method():\n    return []", 3, "The message says what to change"),
        ("x = 1\ndef fairforget_methods():\n    return []", 3, "The message says what to change"),
        ("x = 1", 1, "The message says what to change"),
        (
            "@hookimpl\ndef fairforget_cell_finished(cell, recrod):\n    pass",
            2,
            "that the hook has: fairforget_cell_finished(cell, record, progress). Did you mean 'record'?",
        ),
        ("@hookimpl\ndef fairforget_tasks(corpus):\n    pass", 2, "that the hook has: fairforget_tasks()."),
    ],
)
def test_a_story_has_the_place_and_the_mend(story, site, source, line, mend):
    problem = story(source)
    assert place(site, problem) == ("acme_forget.py", line)
    assert mend in problem.mend
    assert problem.value == "acme_forget"


def test_what_was_raised_from_what_is_told_to_the_first_cause(story, site):
    source = """
        try:
            try:
                {}["key"]
            except KeyError as error:
                raise ValueError("no settings") from error
        except ValueError:
            raise RuntimeError("cannot start")
    """
    problem = story(source)
    assert problem.chain == ("RuntimeError: cannot start", "ValueError: no settings", "KeyError: 'key'")
    assert place(site, problem) == ("acme_forget.py", 9)
    assert "direct cause" in problem.traceback
    assert "During handling" in problem.traceback


def test_the_place_is_in_the_module_of_the_package_that_failed(story, site):
    files = [("acme_pkg/__init__.py", "from acme_pkg import deep\n"), ("acme_pkg/deep.py", "\n\n1 / 0\n")]
    problem = story("", points={"hooks": "acme_pkg"}, files=files)
    assert place(site, problem) == ("acme_pkg/deep.py", 3)
    assert (problem.plugin, problem.value) == ("acme-forget:hooks", "acme_pkg")


def test_an_entry_point_without_a_module_says_so(story):
    problem = story("", points={"hooks": "acme_frget"})
    assert (problem.file, problem.line) == (None, None)
    assert "The entry point 'hooks = acme_frget' names a module that is not installed" in problem.mend
    assert "install acme-forget again" in problem.mend


def test_an_entry_point_without_its_attribute_says_so(story):
    problem = story("", points={"hooks": "acme_forget:plugn"})
    assert "The entry point 'hooks = acme_forget:plugn' names what the module does not have." in problem.mend


def test_a_plugin_for_another_release_is_told_with_what_it_asks_for(story):
    problem = story(
        "from fairforget.api import Gone",
        requires=["torch", "FairForget>=7,<8", "fairforget-extras", "rich; extra == 'x'"],
    )
    assert f"here is {version()}, and acme-forget 2.5 asks for FairForget>=7,<8. Install versions" in problem.mend
    assert "extras" not in problem.mend


def test_a_circle_of_causes_and_a_broken_message_do_not_stop_discovery(story):
    source = """
        class Odd(Exception):
            def __str__(self):
                raise ValueError("no words")

        odd = Odd()
        raise odd from odd
    """
    problem = story(source)
    assert problem.chain == ("Odd",)
    assert problem.error == "Odd"


def test_an_exception_with_odd_parts_does_not_stop_discovery(story, site):
    problem = story("raise ImportError('odd', name=7)")
    assert problem.mend.startswith("Read the traceback.")
    assert problem.chain == ("ImportError: odd",)
    assert "fairforget/npo" in {entry.canonical for entry in Registry.discover().entries("method")}


def test_a_plugin_file_has_its_place_too(tmp_path, site):
    file = tmp_path / "mine.py"
    file.write_text("x = 1\nimport json\njson.loads('{')\n")
    (problem,) = Registry.discover([file]).problems
    assert (problem.file, problem.line, problem.value) == (str(file), 3, "")
    assert problem.version.startswith("sha256:")
    file.write_text("from fairforget import hookimpl\n\n\n@hookimpl\ndef fairforget_metods():\n    return []\n")
    (problem,) = Registry.discover([file]).problems
    assert (problem.file, problem.line) == (str(file), 4)
    assert "Did you mean 'fairforget_methods'" in problem.error


def doctor(capsys, *arguments):
    code = main(["plugins", "doctor", *arguments])
    return code, capsys.readouterr().out


def test_doctor_prints_the_story(site, capsys):
    site.install("acme", "try:\n    {}['key']\nexcept KeyError:\n    raise RuntimeError('\\x1b[31mno')", version="3.1")
    code, out = doctor(capsys)
    assert code == 1
    told = out.partition("problem: ")[2].splitlines()
    assert told[:5] == [
        "acme:methods: RuntimeError: [31mno",
        "  distribution: acme 3.1",
        "  entry point: methods = acme",
        f"  where: {site.folder}/acme.py:5",
        "  raised from: KeyError: 'key'",
    ]
    assert told[5].startswith("  mend: If it is not yours, show the traceback")
    assert told[6] == "    Traceback (most recent call last):"
    assert "\x1b" not in out
    _, out = doctor(capsys, "--json")
    (problem,) = json.loads(out)["problems"]
    assert (problem["dist"], problem["version"], problem["entry_point"]) == ("acme", "3.1", "methods")
    assert (problem["file"], problem["line"]) == (f"{site.folder}/acme.py", 5)
    assert problem["chain"] == ["RuntimeError: \x1b[31mno", "KeyError: 'key'"]


@pytest.mark.parametrize(
    ("target", "where", "line", "mend"),
    [
        ("acme_deep:C", "acme_deep.py", 2, "Install what brings the module 'does_not_exist'"),
        ("acme_nowhere:C", "acme.py", 2, "The target 'acme_nowhere:C' names a module that is not installed"),
        ("acme:Missing", "acme.py", 2, "The message says what to change"),
    ],
)
def test_doctor_tells_the_story_of_targets_too(site, capsys, monkeypatch, target, where, line, mend):
    monkeypatch.setenv("FAIRFORGET_DISABLE_PLUGINS", "fairforget")
    (site.folder / "acme_deep.py").write_text("x = 1\nimport does_not_exist\n")
    site.install("acme", HOOK.format(f"[Entry('a', '{target}')]"))
    code, out = doctor(capsys, "--deep", "--json")
    assert code == 1
    (problem,) = json.loads(out)["problems"]
    assert (problem["file"], problem["line"]) == (f"{site.folder}/{where}", line)
    assert mend in problem["mend"]
    assert f"the target '{target}' of plugin acme:methods" in problem["error"]


def test_doctor_lists_what_plugins_warn_of(site, capsys, monkeypatch):
    monkeypatch.setenv("FAIRFORGET_DISABLE_PLUGINS", "fairforget")
    source = "import warnings\nwarnings.warn('going\\x1b[2J', DeprecationWarning, stacklevel=1)\n" + HOOK.format("[]")
    site.install("acme", source)
    code, out = doctor(capsys)
    assert code == 0
    assert f"warning: {site.folder}/acme.py:3: DeprecationWarning: going[2J\n" in out
    sys.modules.pop("acme")
    assert any(re.search("acme.py:3", line) for line in json.loads(doctor(capsys, "--json")[1])["warnings"])


def test_doctor_tells_everything_also_where_discovery_is_strict(site, capsys, monkeypatch):
    monkeypatch.setenv("FAIRFORGET_STRICT_PLUGINS", "1")
    site.install("acme", "import does_not_exist")
    site.install("zulu", "import nor_does_this")
    code, out = doctor(capsys, "--json")
    assert code == 1
    assert [problem["dist"] for problem in json.loads(out)["problems"]] == ["acme", "zulu"]
    assert json.loads(out)["switches"]["FAIRFORGET_STRICT_PLUGINS"] == "1"


def test_what_a_target_prints_stays_out_of_the_json(site, capsys, monkeypatch):
    monkeypatch.setenv("FAIRFORGET_DISABLE_PLUGINS", "fairforget")
    (site.folder / "acme_loud.py").write_text("print('hello')\nfrom fairforget.api import Curriculum as C\n")
    site.install("acme", "@hookimpl\ndef fairforget_curricula():\n    return [Entry('a', 'acme_loud:C')]\n")
    code = main(["plugins", "doctor", "--deep", "--json"])
    said = capsys.readouterr()
    assert (code, said.err) == (0, "hello\n")
    assert json.loads(said.out)["problems"] == []


def test_doctor_says_which_names_need_their_distribution(site, capsys):
    site.install("acme", HOOK.format("[Entry('npo', 'acme:Npo')]"))
    code, out = doctor(capsys)
    assert code == 0
    assert "ambiguous: method npo: write acme/npo or fairforget/npo\n" in out
    assert json.loads(doctor(capsys, "--json")[1])["ambiguous"] == {"method npo": ["acme/npo", "fairforget/npo"]}
