"""Claims of a report and their files: found, not installed any more, or changed since."""

from __future__ import annotations

import dataclasses
import re
import runpy
from pathlib import Path

import pytest

from fairforget.claims.report.html import render_html
from fairforget.claims.report.page import report
from fairforget.claims.report.told import told
from fairforget.claims.report.words import command, effect_text
from fairforget.errors import FairforgetError

world = runpy.run_path(str(Path(__file__).parents[1] / "report_world.py"))


def test_a_claim_that_is_not_installed_is_shown_by_its_outcome_alone(known):
    (one,) = told([world["outcome"]("c3", "gone/")], known)
    assert one.read is None
    (section,) = report([one], known).sections
    assert "not installed any more" in dict(section.tested)["Claim file"]
    assert section.means == section.statement == ""
    text = render_html(report([one], known))
    assert "not installed here" in text
    assert effect_text(one.outcome.judged.effect).partition(" ")[0] in text
    assert command(one) == "fairforget claims run gone/c3"
    (panel,) = section.forest.panels
    assert not [shape for shape in panel.value if getattr(shape, "kind", "") in {"border", "expected"}]


def test_a_claim_that_a_plugin_ships_is_found(known):
    entry = next(entry for entry in known.entries("claim") if entry.name == "c10")
    outcome = dataclasses.replace(world["outcome"]("c10"), claim=entry.canonical)
    (one,) = told([outcome], known)
    assert one.name == "c10"
    assert one.read.file.title in render_html(report([one], known))
    assert "targets" in one.changed  # ours are planted ones
    tested = dict(report([one], known).sections[0].tested)
    assert tested["Task"].startswith("biographies (people: ")
    assert "Nothing is unlearned" in tested["Task"]
    assert "Forget sets" not in tested
    assert "mrd-monte-carlo (absolute: inside" in tested["Difficulties scored"]


@pytest.mark.parametrize("name", ["../../etc/passwd.yaml", "a/b/../../c.yaml", "/etc/hosts.yml", "c7", ""])
def test_a_name_among_outcomes_is_no_path(known, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c7").write_text("no claim")
    (one,) = told([dataclasses.replace(world["outcome"]("c7"), claim=name)], known)
    assert one.read is None
    assert one.lack


def test_a_file_that_has_changed_since_is_told(known, tmp_path):
    file = tmp_path / "c7.yaml"
    file.write_text(world["claim_file"]("c7"))
    (one,) = told([world["outcome"]("c7")], known, [file])
    assert one.changed == ""
    file.write_text(
        world["claim_file"]("c7", expect={"above": 5.0, "because": "moved"}, targets={"small-0": {"set": {}}})
    )
    (one,) = told([world["outcome"]("c7")], known, [file])
    assert "in its targets and expectation" in one.changed
    assert one.changed in report([one], known).sections[0].notes
    with pytest.raises(FairforgetError, match="no outcome of c7"):
        told([world["outcome"]("c8")], known, [file])


def test_no_two_claims_share_an_anchor(known):
    names = ["a/x", "b/x", "!", "?", "a/x--2", "x", "claim", "a-x"]
    claims = told([dataclasses.replace(world["outcome"]("c7"), claim=name) for name in names], known)
    anchors = [one.anchor for one in claims]
    assert len(set(anchors)) == len(names)
    assert all(re.fullmatch(r"claim-[a-z0-9-]+", anchor) for anchor in anchors)
