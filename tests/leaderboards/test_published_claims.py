"""What is published of claims is what their packs make, to the last byte; and this test would notice if it were not."""

from __future__ import annotations

import json
import runpy
import shutil
from pathlib import Path

import pytest

from fairforget.claims.outcome_file import read_outcomes
from fairforget.cli import main
from fairforget.study.yaml_lines import read_yaml

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
PLUGIN = ["--plugin", str(ROOT / "tests" / "faults" / "faultrig" / "world.py")]
published = runpy.run_path(str(HERE / "published_claims.py"))
wrong = published["wrong"]
PACKS = ROOT / "leaderboards" / "claims"
PRETRAINED = ROOT / "plugins" / "fairforget_tasks" / "claims" / "pretrained"
PAGE = ROOT / "docs" / "explanation" / "claims-verdicts.md"


def of_real_models():
    """Return the files of claims about a pretrained model whose study has been run."""
    studies = {path: read_yaml(path).value.get("study", "") for path in sorted(PRETRAINED.glob("c*.yaml"))}
    names = {path: read_yaml(PRETRAINED / study).value["name"] for path, study in studies.items()}
    return [path for path, name in names.items() if (PACKS / name).is_dir()]


@pytest.mark.slow
def test_the_report_and_the_verdicts_in_the_docs_are_made_from_the_packs(tmp_path):
    real = of_real_models()
    rounds, files = (("--all",), *([real] if real else [])), [PRETRAINED] if real else []
    found = wrong(PACKS, ROOT / "leaderboards" / "pages", PAGE, tmp_path, rounds, files)
    if found is None:
        pytest.skip(published["NOTHING"])
    assert found == []
    judged = {outcome.claim for outcome in read_outcomes(tmp_path)}
    assert judged, "there is evidence, and no claim"
    nav = (ROOT / "zensical.toml").read_text()
    assert {
        name for name in ("docs/explanation/claims-verdicts.md", "leaderboards/pages/claims.md") if name not in nav
    } == set()


CLAIM = {
    "title": "Ascent forgets",
    "statement": "Two updates of gradient ascent raise completeness.",
    "family": "forgotten",
    "source": {"paper": "a | test", "where": "here"},
    "study": {
        "name": "by-hand",
        "task": "small",
        "samplers": ["random"],
        "draws": 4,
        "forget_size": 2,
        "methods": ["fragile", "grad-diff"],
        "seeds": 1,
        "curricula": ["uniform"],
        "budget": {"updates": 2},
        "optimizer": {"name": "adamw", "lr": 1.0e-2, "batch_size": 2},
        "engine": "inline",
    },
    "targets": {"one": {}},
    "statistic": {
        "name": "paired-difference",
        "first": {"method": "fragile"},
        "second": {"method": "grad-diff"},
        "of": "completeness",
    },
    "expect": {"above": 0.0, "because": "no forgetting is no change"},
    "assumed": {"effect": 0.02, "spread": 0.02, "because": "a guess"},
    "would_change": "More draws.",
    "means": {"supported": "It <forgets>.", "contradicted": "It does *not*.", "undecided": "Who [knows](x)."},
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A claim that was run, packed, judged and reported by the commands of the README of the leaderboards."""
    home = tmp_path_factory.mktemp("published")
    file = home / "ascent.yaml"
    file.write_text(json.dumps(CLAIM))
    run = ["claims", "run", str(file), *PLUGIN, "--log", "none"]
    assert main([*run, "--out", str(home / "runs")]) == 0
    assert main(["claims", "pack", str(home / "runs"), str(home / "claims")]) == 0
    assert main([*run, "--judge-only", "--evidence", str(home / "claims"), "--out", str(home / "pages")]) == 0
    assert main(["claims", "report", str(home / "pages"), "--claim", str(file), *PLUGIN]) == 0
    return home, file


@pytest.fixture
def check(made, tmp_path):
    """A copy of what is published in the small, and the check of it."""
    home, file = made
    here = tmp_path / "home"
    shutil.copytree(home, here)
    times = iter(range(9))

    def checked():
        built = tmp_path / f"built-{next(times)}"
        built.mkdir()
        page = here / "claims-verdicts.md"
        return wrong(here / "claims", here / "pages", page, built, ((file,),), (file,), PLUGIN), built

    # The page is compared with what the command prints; so its first form is what the check itself has made.
    (here / "claims-verdicts.md").write_bytes((checked()[1] / "claims-verdicts.md").read_bytes())
    return here, lambda: checked()[0]


def test_what_the_packs_make_is_right_and_every_change_is_found(check):
    here, found = check
    assert found() == []
    paths = [*(here / "pages" / name for name in published["REPORT"]), here / "claims-verdicts.md"]
    for path in paths:
        path.write_bytes(path.read_bytes() + b"more\n")
    said = found()
    assert [one.partition(" ")[0] for one in said] == [path.name for path in paths]
    assert all(one.endswith(" -more") for one in said)
    for path in paths:
        path.unlink()
    assert found() == [f"{path.name} is not what the packs make: it is not there" for path in paths]


def test_other_evidence_is_found(check):
    here, found = check
    assert main(["claims", "unpack", str(here / "claims"), str(here / "laid")]) == 0
    cell = next(path for path in sorted((here / "laid").glob("*/*/cells/*.json")) if b'"fragile' in path.read_bytes())
    record = json.loads(cell.read_bytes())
    for score in record["scores"].values():
        score["value"] = 1 - score["value"]
    cell.write_text(json.dumps(record))
    assert main(["claims", "pack", str(here / "laid"), str(here / "claims")]) == 0
    assert [said.partition(" ")[0] for said in found()] == [*published["REPORT"], "claims-verdicts.md"]


def test_a_report_without_evidence_is_found_and_nothing_at_all_is_not_judged(check):
    here, found = check
    (here / "claims" / "by-hand" / "one.pack.xz").unlink()
    assert len(found()) == 4
    assert found()[0] == "claims.json is published, and its evidence is not"
    for path in (*(here / "pages" / name for name in published["REPORT"]), here / "claims-verdicts.md"):
        path.unlink()
    assert found() is None


def test_the_page_of_verdicts_says_what_the_outcomes_say(check):
    here, found = check
    assert found() == []
    text = (here / "claims-verdicts.md").read_text()
    (outcome,) = read_outcomes(here / "pages")
    (row,) = [line for line in text.splitlines() if line.startswith("| [ascent]")]
    cells = [cell.strip() for cell in row.strip("|").split(" | ")]
    assert cells[0] == "[ascent](../../leaderboards/pages/claims.md#claim-ascent)"
    assert cells[1].split()[1] == outcome.judged.verdict
    assert cells[2:] == ["Ascent forgets", cells[3], "above 0", "4 forget sets"]
    assert f"{outcome.judged.effect.value:.2g}"[:4] in cells[3]
    means = {"supported": r"It \<forgets\>.", "contradicted": r"It does \*not\*.", "undecided": r"Who \[knows\](x)."}
    assert text.splitlines()[-1].endswith(means[outcome.judged.verdict])
    assert 'id="claim-ascent"' in (here / "pages" / "claims.md").read_text(), "the anchor is there"
