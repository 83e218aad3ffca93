"""A report from scores to files."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from scipy.stats import spearmanr

from fairforget.errors import FairforgetError
from fairforget.report.build import build_report
from fairforget.report.sensitivity import sweeps_of
from fairforget.report.write import stems, write_report


def silent(_):
    pass


def noisy(lab, slope=2.0):
    """A score that grows with sigma to a power and is the less noisy the more draws it has."""
    truth = np.random.default_rng(9).uniform(1, 3, len(lab.lengths))
    truth[4] = np.nan

    def score(options):
        noise = np.random.default_rng(options["draws"]).standard_normal(len(truth)) / options["draws"] ** 0.5
        return options["sigma"] ** slope * truth * np.exp(noise)

    lab.scores["noisy"] = score
    return truth


@pytest.fixture
def report(lab, given):
    noisy(lab)
    other = given("other", {})
    lab.scores["other"] = lambda _: -lab.lengths + np.random.default_rng(2).standard_normal(len(lab.lengths))
    return build_report(lab, [given("noisy", {"sigma": 0.01, "draws": 160, "reliability": 0.9}), other])


def test_scores_stand_beside_every_attribute(report, lab):
    first = report.scores[0]
    names = [b.name for b in first.attributes]
    assert names == [
        "length", "initial-probability", "frequency", "lexical-diversity", "syntactic-complexity", "complexity",
        "rare-words", "loss", "grad-norm",
    ]  # fmt: skip
    assert [b.raw.n for b in first.attributes] == [59, 58, *[59] * 7]  # one sample has no score, one no probability
    score = np.array([np.nan if v is None else v for v in first.found["values"]])
    keep = np.isfinite(score)
    assert first.attributes[0].raw.r == pytest.approx(spearmanr(score[keep], lab.lengths[keep]).statistic)
    assert first.attributes[0].partial is None
    assert all(b.raw.groups == 15 and b.raw.low < b.raw.r < b.raw.high for b in first.attributes)


def test_complexity_is_the_mean_of_z_scores(report, lab):
    parts = [lab.scores[name]({}) for name in ("lexical-diversity", "syntactic-complexity")]
    expected = sum((p - p.mean()) / p.std() for p in parts) / 2
    (found,) = [a.values for a in report.attributes if a.name == "complexity"]
    assert found == pytest.approx(expected)


def test_levels_are_those_of_the_paper_and_thirds_of_all(report):
    first = report.scores[0]
    assert [(levels.attribute, levels.rule) for levels in first.paper_levels] == [
        ("initial-probability", "mean"),
        ("frequency", "mean"),
        ("complexity", "quartile"),
        ("rare-words", "many"),
    ]
    assert [levels.attribute for levels in first.tertiles] == [b.name for b in first.attributes]
    assert all(sum(level.n for level in levels.levels) in {58, 59} for levels in first.tertiles)


def test_scores_stand_beside_one_another(report):
    (pair,) = report.pairs
    assert (pair.first, pair.second) == ("noisy", "other")
    x, y = (np.array(s.found["values"], dtype=float) for s in report.scores)
    keep = np.isfinite(x) & np.isfinite(y)
    assert pair.raw.r == pytest.approx(spearmanr(x[keep], y[keep]).statistic)
    assert pair.partial.r != pair.raw.r


def test_an_attribute_that_cannot_be_had_is_a_gap(lab, given, tmp_path):
    def missing(_):
        raise FairforgetError("lexical-diversity needs a word list; pip install 'fairforget[words]'")

    def broken(_):
        raise ImportError("No module named 'spacy'")

    del lab.scores["rare-words"]
    lab.scores |= {"lexical-diversity": missing, "syntactic-complexity": broken, "x": lambda _: lab.lengths**0.5}
    report = build_report(lab, [given("x", {})])
    gaps = {a.name: a.gap for a in report.attributes if a.gap}
    assert gaps["lexical-diversity"].endswith("pip install 'fairforget[words]'")
    assert gaps["syntactic-complexity"] == "No module named 'spacy'"
    assert gaps["complexity"] == "needs lexical-diversity and syntactic-complexity"
    assert gaps["rare-words"].startswith("Unknown difficulty 'rare-words'")
    page = write_report(report, tmp_path)[0].read_text()
    assert "## Attributes that are not here" in page
    assert "- lexical-diversity: lexical-diversity needs a word list" in page


def test_a_score_that_refuses_is_an_error(lab, given):
    def refused(_):
        raise FairforgetError("no")

    lab.scores["x"] = refused
    with pytest.raises(FairforgetError, match="no"):
        build_report(lab, [given("x", {})])


def test_noise_and_draws_are_varied(lab, given):
    truth = noisy(lab)
    built = given("noisy", {"sigma": 0.01, "draws": 160, "reliability": 0.9})
    base = lab.score(built)
    sigma, draws = sweeps_of(lab, built, base, None, None, silent)
    assert [p.value for p in sigma.points] == pytest.approx([0.001, 0.003, 0.01, 0.03, 0.1])
    assert sigma.slope == pytest.approx(2, abs=1e-9)
    assert [p.own for p in sigma.points] == [False, False, True, False, False]
    assert sigma.points[2].correlation is None  # with itself
    # Here the noise is the same at every sigma.
    assert [p.correlation for p in sigma.points if not p.own] == pytest.approx([1] * 4)
    assert sigma.points[2].mean == pytest.approx(np.nanmean([np.nan if v is None else v for v in base["values"]]))
    assert [p.value for p in draws.points] == [10, 20, 40, 80, 160]
    assert draws.slope is None
    assert not any(p.own for p in draws.points)  # the report's stop at a reliability
    correlations = [p.correlation for p in draws.points]
    assert correlations[-1] == pytest.approx(1)
    assert correlations[0] < correlations[3]
    assert sum(np.isfinite(truth)) == 59
    # The stop at a reliability is off, or more draws would change nothing.
    assert all(options["reliability"] > 0.999 for _, options in lab.asked[-5:])
    assert all(options["reliability"] == 0.9 for _, options in lab.asked[1:6])


def test_a_value_the_difficulty_refuses_is_a_gap_of_the_sweep(lab, given):
    def picky(options):
        if options["sigma"] < 0.01:
            raise FairforgetError("sigma is lost in the\nrounding")
        return lab.lengths * options["sigma"]

    lab.scores["picky"] = picky
    built = given("picky", {"sigma": 0.01})
    (sweep,) = sweeps_of(lab, built, lab.score(built), None, None, silent)
    assert [p.gap for p in sweep.points] == ["sigma is lost in the rounding"] * 2 + [None] * 3
    assert sweep.slope == pytest.approx(1)


def test_lists_and_their_absence_decide_what_is_varied(lab, given):
    noisy(lab)
    built = given("noisy", {"sigma": 0.01, "draws": 160})
    base = lab.score(built)
    (only,) = sweeps_of(lab, built, base, [], [5, 7], silent)
    assert (only.option, [p.value for p in only.points]) == ("draws", [5, 7])
    assert sweeps_of(lab, built, base, [], [], silent) == ()
    lab.scores["plain"] = lambda _: lab.lengths
    for options in ({"sigma": True, "draws": "many", "random": True}, {"draws": 42}):  # the second one has no draws
        plain = given("plain", options)
        assert sweeps_of(lab, plain, lab.score(plain), None, None, silent) == ()


def test_the_files_are_whole_and_name_one_another(report, tmp_path):
    paths = write_report(report, tmp_path / "out")
    assert [p.name for p in paths] == [
        "report.md", "report.json", "attributes-noisy.svg", "sensitivity-noisy.svg", "attributes-other.svg",
    ]  # fmt: skip
    page = paths[0].read_text()
    assert set(re.findall(r"\]\(([^)]+)\)", page)) == {p.name for p in paths[2:]}
    for path in paths[2:]:
        ET.fromstring(path.read_text())
    whole = json.loads(paths[1].read_text())
    assert whole["schema"] == 1
    assert len(whole["ids"]) == 60
    assert whole["scores"][0]["attributes"][0]["raw"]["r"] == report.scores[0].attributes[0].raw.r
    assert whole["attributes"][1]["values"][-1] is None
    before = {p: p.read_bytes() for p in paths}
    write_report(report, tmp_path / "out")
    assert {p: p.read_bytes() for p in paths} == before
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(p.name for p in paths)


def test_every_table_is_rectangular(report, tmp_path):
    page = write_report(report, tmp_path)[0].read_text()
    blocks = re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE)
    assert len(blocks) >= 10
    for block in blocks:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1


def test_what_plugins_say_stays_text_and_in_the_folder(lab, given, tmp_path):
    evil = "../../<script>alert(1)</script>|[x](http://evil)`\x1b[31m"
    lab.scores |= {evil: lambda _: lab.lengths + 0.5, evil + "!": lambda _: -lab.lengths}

    def refused(_):
        raise FairforgetError(evil)

    lab.scores["loss"] = refused
    report = build_report(lab, [given(evil, {"sigma": 1.0}), given(evil + "!", {})])
    folder = tmp_path / "deep" / "out"
    paths = write_report(report, folder)
    assert {p.parent for p in paths} == {folder}
    assert sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file()) == sorted(
        p.relative_to(tmp_path) for p in paths
    )
    page = paths[0].read_text()
    assert not re.search(r"(?<!\\)<script", page)
    assert "\x1b" not in page
    assert "](http" not in page.replace("\\]", "")
    for path in paths[2:]:
        assert "<script" not in path.read_text()
        ET.fromstring(path.read_text())


def test_names_of_files_are_plain_and_different():
    assert stems(["mrd", "MRD", "../..", "a/b", "..", "x" * 99]) == [
        "mrd", "mrd-2", "score", "a-b", "score-2", "x" * 40,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("refuses", "given_draws", "expected"),
    [
        (lambda k: k % 2, 200, [12, 26, 50, 100, 200]),
        (lambda k: k < 5, 5, [5]),
        (lambda k: k < 5, 40, [5, 10, 20, 40]),
        (lambda k: k != 200, 200, [12, 25, 50, 100, 200]),
    ],
    ids=["pairs", "a least number", "some", "no other number"],
)
def test_numbers_of_draws_are_those_the_difficulty_takes(lab, given, refuses, given_draws, expected):
    noisy(lab)
    build = lab.build

    def picky(name, options):
        if refuses(options["draws"]):
            raise FairforgetError("not so many")
        return build(name, options)

    lab.build = picky
    built = given("noisy", {"sigma": 0.01, "draws": given_draws})
    (sweep,) = sweeps_of(lab, built, lab.score(built), [], None, silent)
    assert [p.value for p in sweep.points] == expected
    assert [p.gap for p in sweep.points] == [("not so many" if refuses(k) else None) for k in expected]
    assert [p.own for p in sweep.points] == [k == given_draws for k in expected]
    # What the user asks for is not rounded.
    (asked,) = sweeps_of(lab, built, lab.score(built), [], [3], silent)
    assert [(p.value, p.gap) for p in asked.points] == [(3, "not so many" if refuses(3) else None)]


def test_the_page_says_which_row_is_the_report_s_own(lab, given, tmp_path):
    noisy(lab)
    page = write_report(build_report(lab, [given("noisy", {"sigma": 0.01, "draws": 160})]), tmp_path)[0].read_text()
    own = [line.split("|") for line in page.splitlines() if "the report's own |" in line]
    assert [(line[1].strip(), line[3].strip()) for line in own] == [("0.01", "–"), ("160", "–")]
    assert "Every row but the report's own has draws of its own" in page
    lab.scores["plain"] = lambda options: lab.lengths * options["sigma"]
    page = write_report(build_report(lab, [given("plain", {"sigma": 0.01})]), tmp_path)[0].read_text()
    assert "draws of its own" not in page  # it has none
