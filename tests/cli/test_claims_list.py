"""``fairforget claims list`` and ``plugins show`` of a claim."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from fairforget.claims.statistics.base import Statistic
from fairforget.claims.values import Effect
from fairforget.cli import main

CLAIM = {
    "title": "Outcomes differ between forget sets",
    "statement": "More than 0.3 of the variance lies between forget sets.",
    "family": "selection",
    "source": {"paper": "arXiv:2504.06658", "where": "Fig. 2"},
    "study": "quickstart",
    "targets": {"small": {}, "wide": {"set": {"task.hidden_size": 64}}},
    "statistic": {"name": "no-such-statistic", "column": "forget"},
    "expect": {"above": 0.3, "because": "our margin"},
    "assumed": {"effect": 0.5, "spread": 0.2, "because": "a pilot"},
    "would_change": "Twice as many forget sets.",
    "means": {"supported": "Draw many.", "contradicted": "One will do.", "undecided": "Draw more."},
}


@pytest.fixture
def ship(tmp_path, site):
    """Make a plugin file that ships claims, by name; a text is the whole file."""

    def ship(**claims) -> Path:
        entries = ", ".join(f"Entry({name!r}, 'claims/{name}.yaml', 'in short')" for name in claims)
        file = tmp_path / "mine.py"
        file.write_text(
            f"from fairforget import Entry, hookimpl\n\n@hookimpl\ndef fairforget_claims():\n    return [{entries}]\n"
        )
        (tmp_path / "claims").mkdir(exist_ok=True)
        for name, changes in claims.items():
            text = changes if isinstance(changes, str) else yaml.safe_dump({**CLAIM, **changes}, sort_keys=False)
            (tmp_path / "claims" / f"{name}.yaml").write_text(text)
        return file

    return ship


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def mine(out: str) -> list[dict]:
    return [claim for claim in json.loads(out) if claim["dist"] == "mine"]


def test_the_table_has_name_family_title_and_source_in_the_order_of_numbers(ship, capsys):
    plugin = ship(c10={"title": "The tenth"}, c2={"family": "forgotten"}, a={})
    code, out, err = run(capsys, "claims", "list", "--plugin", plugin)
    assert (code, err) == (0, "")
    header, *rows = out.splitlines()
    assert header.split() == ["NAME", "FAMILY", "TITLE", "SOURCE"]
    own = [row for row in rows if row.split()[0] in {"a", "c2", "c10"} and "arXiv:2504.06658, Fig. 2" in row]
    assert [row.split()[:2] for row in own] == [["a", "selection"], ["c2", "forgotten"], ["c10", "selection"]]
    assert "Outcomes differ between forget sets" in own[0]
    assert "The tenth" in own[2]


def test_json_is_a_list_of_objects(ship, capsys):
    code, out, err = run(capsys, "claims", "list", "--json", "--plugin", ship(c1={"title": "é\x1b[2J"}))
    assert (code, err) == (0, "")
    assert out.isascii()
    (claim,) = mine(out)
    assert claim.pop("version").startswith("sha256:")
    assert claim == {
        "name": "c1",
        "dist": "mine",
        "family": "selection",
        "title": "é\x1b[2J",
        "statement": CLAIM["statement"],
        "source": {"paper": "arXiv:2504.06658", "where": "Fig. 2"},
    }


def test_nothing_that_a_claim_names_is_looked_up(ship, capsys):
    """A list is quick, and there whatever else is not installed."""
    code, out, _ = run(capsys, "claims", "list", "--json", "--plugin", ship(c1={"study": "no-such-study"}))
    assert (code, len(mine(out))) == (0, 1)


def test_a_wrong_claim_is_named_and_hides_no_other(ship, capsys):
    plugin = ship(c1={}, c2={"tittle": "\x1b[2Jx"}, c3="[", c4={}, c5="")
    code, out, err = run(capsys, "claims", "list", "--json", "--plugin", plugin)
    assert code == 2
    assert [claim["name"] for claim in mine(out)] == ["c1", "c4"]
    lines = err.splitlines()
    assert [line.split(":")[1] for line in lines] == [" claim mine/c2", " claim mine/c3", " claim mine/c5"]
    assert "c2.yaml:" in lines[0]
    assert "tittle: unknown key. Did you mean 'title'?" in lines[0]
    assert "\x1b" not in err


def test_a_plugin_that_did_not_load_is_warned_of(tmp_path, capsys, site):
    (tmp_path / "broken.py").write_text("import no_such_module\n")
    code, _, err = run(capsys, "claims", "list", "--plugin", tmp_path / "broken.py")
    assert code == 0
    assert "plugin broken:broken.py did not load" in err


def test_a_title_steers_no_terminal(ship, capsys):
    code, out, _ = run(capsys, "claims", "list", "--plugin", ship(c1={"title": "a\x1b[2J\u202eb"}))
    assert code == 0
    assert "a[2Jb" in out
    assert not {"\x1b", "\u202e"} & set(out)


def test_a_claim_is_needed_for_an_action(capsys):
    code, out, err = run(capsys, "claims")
    assert (code, out) == (2, "")
    assert "ACTION" in err


def test_listing_claims_imports_nothing_heavy(ship):
    """With one to read: the list of what is installed may be empty."""
    code = (
        "import sys\nfrom fairforget.cli import main\n"
        f"assert main(['claims', 'list', '--plugin', {str(ship(c1={}))!r}]) == 0\n"
        "print(sorted({'torch', 'numpy', 'scipy', 'pandas', 'transformers', 'datasets'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Outcomes differ" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


@dataclass(frozen=True)
class Mean(Statistic):
    unit = "forget sets"
    column: str

    def estimate(self, evidence, rng):
        return Effect.unknown(evidence.target)


def test_a_claim_is_shown_with_the_studies_it_runs(ship, capsys, monkeypatch):
    monkeypatch.setattr("fairforget.claims.open.STATISTICS", {"mean": f"{__name__}:Mean"})
    plugin = ship(c1={"statistic": {"name": "mean", "column": "forget"}})
    code, out, err = run(capsys, "plugins", "show", "mine/c1", "--plugin", plugin)
    assert (code, err) == (0, "")
    assert "claim mine/c1 sha256:" in out
    assert f"{plugin.parent / 'claims' / 'c1.yaml'}:1" in out
    assert "studies = quickstart/small, quickstart/wide" in out
    assert "cells = 144" in out
    assert 'statistic = {"name": "mean", "column": "forget"}' in out
    assert "expect = above 0.3" in out
    assert CLAIM["statement"] in out
    code, out, _ = run(capsys, "plugins", "show", "mine/c1", "--json", "--plugin", plugin)
    assert json.loads(out)["attributes"]["paper"] == "arXiv:2504.06658"


def test_a_claim_that_is_shown_is_checked(ship, capsys):
    code, out, err = run(capsys, "plugins", "show", "mine/c1", "--plugin", ship(c1={}))
    assert (code, out) == (2, "")
    assert "statistic: Unknown statistic 'no-such-statistic'" in err


def test_the_options_of_what_its_studies_name_are_checked(ship, capsys, monkeypatch):
    monkeypatch.setattr("fairforget.claims.open.STATISTICS", {"mean": f"{__name__}:Mean"})
    targets = {"a": {}, "b": {"set": {"task.hiden_size": 64}}}
    plugin = ship(c1={"statistic": {"name": "mean", "column": "forget"}, "targets": targets})
    code, out, err = run(capsys, "plugins", "show", "mine/c1", "--plugin", plugin)
    assert (code, out) == (2, "")
    assert "targets.b.set: task.hiden_size: task 'biographies' has no option 'hiden_size'. Did you mean" in err
