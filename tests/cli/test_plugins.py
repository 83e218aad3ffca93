from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from fairforget.cli import main
from fairforget.version import version

SLEEPY = '''
from dataclasses import dataclass
from typing import Annotated

from fairforget.api import Curriculum

@dataclass(frozen=True)
class Sleepy(Curriculum):
    """Sleeps\x1b[31m a while."""

    bed: str
    hours: Annotated[float, "how long\x07 it sleeps"] = 8.0
    snores: bool = False

@hookimpl
def fairforget_curricula():
    return [Entry("sleepy", "acme:Sleepy", summary="sleeps\x1b[2J soundly")]
'''


@pytest.fixture
def acme(site):
    site.install("acme", SLEEPY, version="3.1")
    return site


def run(capsys, *arguments):
    code = main(list(arguments))
    said = capsys.readouterr()
    return code, said.out, said.err


def test_list_as_json_has_what_is_known_of_every_entry(acme, capsys):
    code, out, err = run(capsys, "plugins", "list", "--json")
    assert (code, err) == (0, "")
    entries = {(e["kind"], e["dist"], e["name"]): e for e in json.loads(out)}
    assert entries["curriculum", "acme", "sleepy"] == {
        "kind": "curriculum",
        "name": "sleepy",
        "dist": "acme",
        "version": "3.1",
        "target": "acme:Sleepy",
        "summary": "sleeps\x1b[2J soundly",
        "plugin": "acme:methods",
    }
    npo = entries["method", "fairforget", "npo"]
    assert (npo["target"], npo["version"]) == ("fairforget_methods.npo:Npo", version())
    assert "\x1b" not in out


def test_list_is_a_table_without_escape_sequences(acme, capsys):
    code, out, _ = run(capsys, "plugins", "list", "--kind", "curriculum")
    assert code == 0
    assert "\x1b" not in out
    header, *rows = out.splitlines()
    assert header.split() == ["KIND", "NAME", "DISTRIBUTION", "VERSION", "SUMMARY"]
    assert {row.split()[0] for row in rows} == {"curriculum"}
    columns = [row.split(maxsplit=4) for row in rows]
    assert ["curriculum", "sleepy", "acme", "3.1", "sleeps[2J soundly"] in columns
    assert len({row.index(version) for row, (*_, version, _) in zip(rows, columns, strict=True)}) == 1


def test_list_of_one_kind(capsys):
    _, out, _ = run(capsys, "plugins", "list", "--kind", "engine", "--json")
    assert {e["name"] for e in json.loads(out)} >= {"inline", "local", "submitit"}
    assert {e["kind"] for e in json.loads(out)} == {"engine"}


def test_list_tells_what_did_not_load(site, capsys):
    site.install("broken", "import does_not_exist")
    code, out, err = run(capsys, "plugins", "list", "--json")
    assert code == 0
    assert json.loads(out)
    assert "plugin broken:methods did not load: ModuleNotFoundError" in err


def test_list_takes_plugin_files(tmp_path, site, capsys):
    file = tmp_path / "mine.py"
    file.write_text("from fairforget import Entry, hookimpl\n" + SLEEPY)
    code, out, _ = run(capsys, "plugins", "list", "--json", "--plugin", str(file))
    assert code == 0
    assert [e["version"][:7] for e in json.loads(out) if e["dist"] == "mine"] == ["sha256:"]


def test_show_as_json(acme, capsys):
    code, out, _ = run(capsys, "plugins", "show", "sleepy", "--json")
    shown = json.loads(out)
    assert code == 0
    assert (shown["canonical"], shown["version"], shown["kind"]) == ("acme/sleepy", "3.1", "curriculum")
    assert shown["file"] == str(acme.folder / "acme.py")
    assert (acme.folder / "acme.py").read_text().splitlines()[shown["line"] - 1].startswith("@dataclass")
    assert shown["doc"].startswith("Sleeps")
    bed, hours, snores = shown["options"]
    assert (bed["name"], bed["required"], bed["default"]) == ("bed", True, None)
    assert (hours["name"], hours["required"], hours["default"]) == ("hours", False, 8.0)
    assert hours["doc"] == "how long\x07 it sleeps"
    assert (snores["name"], snores["default"], snores["doc"]) == ("snores", False, "")
    assert all(option["type"] for option in (bed, hours, snores))


def test_show_for_people_has_no_escape_sequences(acme, capsys):
    code, out, _ = run(capsys, "plugins", "show", "acme/sleepy")
    assert code == 0
    assert "\x1b" not in out
    assert "\x07" not in out
    assert "curriculum acme/sleepy 3.1" in out
    assert re.search(r"^  bed: \S.* \(required\)$", out, re.MULTILINE)
    assert re.search(r"^  hours: \S.* = 8\.0$", out, re.MULTILINE)
    assert "how long it sleeps" in out


def test_show_of_a_study_is_its_file(capsys):
    code, out, _ = run(capsys, "plugins", "show", "quickstart", "--json")
    assert code == 0
    assert json.loads(out)["file"].endswith("quickstart.yaml")


def test_show_of_a_name_of_two_kinds_asks_which(site, capsys):
    entry = "return [Entry('twice', 'acme:X')]"
    site.install(
        "acme",
        f"@hookimpl\ndef fairforget_methods():\n    {entry}\n@hookimpl\ndef fairforget_samplers():\n    {entry}\n",
    )
    code, _, err = run(capsys, "plugins", "show", "twice")
    assert code == 2
    assert "Add --kind method or --kind sampler" in err


def test_show_of_an_unknown_name_guesses_and_lists_what_did_not_load(site, capsys):
    site.install("broken", "import does_not_exist")
    code, _, err = run(capsys, "plugins", "show", "quickstrt")
    assert code == 2
    assert "Did you mean 'quickstart'" in err
    assert "broken:methods" in err


def test_doctor_is_content_when_all_is_well(capsys, monkeypatch):
    monkeypatch.setenv("FAIRFORGET_DISABLE_PLUGINS", "fairforget:engines, typo")
    code, out, _ = run(capsys, "plugins", "doctor", "--json")
    report = json.loads(out)
    assert code == 0
    assert report["versions"]["fairforget"] == version()
    assert report["versions"]["torch"].startswith("2.")
    assert report["switches"]["FAIRFORGET_DISABLE_PLUGINS"] == "fairforget:engines, typo"
    assert report["disabled"] == ["fairforget:engines"]
    assert report["disabled_unknown"] == ["typo"]
    assert report["problems"] == []


def test_doctor_shows_every_problem_with_its_traceback(site, capsys):
    site.install("broken", "import does_not_exist")
    site.install("worse", "raise RuntimeError('\\x1b[31mred')")
    code, out, _ = run(capsys, "plugins", "doctor")
    assert code == 1
    assert "problem: broken:methods: ModuleNotFoundError: No module named 'does_not_exist'" in out
    assert f'File "{site.folder}/broken.py", line 2, in <module>' in out
    assert "problem: worse:methods: RuntimeError: [31mred" in out
    assert "\x1b" not in out
    code, out, _ = run(capsys, "plugins", "doctor", "--json")
    assert code == 1
    assert [p["plugin"] for p in json.loads(out)["problems"]] == ["broken:methods", "worse:methods"]


def test_doctor_looks_behind_the_entries_when_asked(site, capsys, monkeypatch):
    monkeypatch.setenv("FAIRFORGET_DISABLE_PLUGINS", "fairforget")
    site.install("acme", "@hookimpl\ndef fairforget_methods():\n    return [Entry('a', 'acme:Missing')]\n")
    assert run(capsys, "plugins", "doctor")[0] == 0
    code, out, _ = run(capsys, "plugins", "doctor", "--deep")
    assert code == 1
    assert "method acme/a: the target 'acme:Missing' of plugin acme:methods does not exist" in out


def test_studies_lists_what_can_be_run_by_name(capsys):
    code, out, _ = run(capsys, "studies", "--json")
    assert code == 0
    [quickstart] = [study for study in json.loads(out) if study["name"] == "quickstart"]
    assert quickstart["dist"] == "fairforget"
    code, out, _ = run(capsys, "studies")
    assert re.search(r"^quickstart +fairforget ", out, re.MULTILINE)


def test_the_installed_program_does_the_same(acme):
    done = subprocess.run(
        [sys.executable, "-m", "fairforget", "plugins", "list", "--json"], capture_output=True, text=True, check=True
    )
    assert "acme" in {entry["dist"] for entry in json.loads(done.stdout)}
