"""Effects, verdicts and options in words."""

from __future__ import annotations

import dataclasses
import math
import re
import runpy
from pathlib import Path

from fairforget.api.spec import PluginSpec
from fairforget.claims.outcome import OnTarget
from fairforget.claims.report import measured
from fairforget.claims.report.html import render_html
from fairforget.claims.report.markdown import render_markdown
from fairforget.claims.report.page import report
from fairforget.claims.report.told import told
from fairforget.claims.report.words import certainty, effect_text, flow
from fairforget.claims.statistics.names import STATISTICS
from fairforget.claims.values import Effect

world = runpy.run_path(str(Path(__file__).parents[1] / "report_world.py"))


def test_an_interval_that_decides_nothing_says_so(known, tmp_path):
    file = tmp_path / "c7.yaml"
    file.write_text(world["claim_file"]("c7"))
    outcome = world["outcome"]("c7")
    held = dataclasses.replace(outcome, judged=dataclasses.replace(outcome.judged, verdict="undecided"))
    (plain,), (turned,) = told([outcome], known, [file]), told([held], known, [file])
    assert "All of it lies above 0" in certainty(turned)
    assert "undecided all the same; the notes say why" in certainty(turned)
    assert "all the same" not in certainty(plain)
    assert turned.changed == ""


def test_effects_without_a_value_or_an_end(known):
    outcome = world["outcome"]("c7")
    unknown = dataclasses.replace(outcome.judged, effect=Effect.unknown("nothing"), verdict="undecided")
    open_ = dataclasses.replace(outcome.judged, effect=Effect(0.5, -math.inf, math.inf, 3), verdict="undecided")
    cases = [
        dataclasses.replace(outcome, claim="x/a", judged=unknown, targets=(OnTarget("one", unknown, {}),)),
        dataclasses.replace(outcome, claim="x/b", judged=open_, targets=(OnTarget("one", open_, {}),)),
        dataclasses.replace(outcome, claim="x/c", judged=unknown, targets=(), controls={}, notes=()),
    ]
    claims = told(cases, known)
    made = report(claims, known)
    assert effect_text(unknown.effect) == "not known"
    assert effect_text(open_.effect) == "0.500 (−∞ to ∞)"
    assert "95 % interval goes from −∞ to ∞" in certainty(claims[1])
    assert certainty(claims[0]).startswith("Nothing could be estimated")
    assert not re.search(r"\b(nan|inf|None)\b", render_html(made))
    assert "–" in render_markdown(made)
    assert render_html(report([], known)).count("No claim was judged yet") == 1


def test_small_effects_keep_their_digits():
    assert effect_text(Effect(0.5, 0.4999, 0.5002, 9)) == "0.50000 (0.49990 to 0.50020)"
    assert effect_text(Effect(2.018, 2.006, 2.03, 4)) == "2.018 (2.006 to 2.030)"
    assert effect_text(Effect(-3e-6, -4e-6, -2e-6, 4)) == "-0.00000300 (-0.00000400 to -0.00000200)"
    assert effect_text(Effect(0.0, 0.0, 4.45e-10, 40)) == "0 (0 to 4.45e-10)"


def test_options_in_words():
    told_ = flow({"name": "npo", "beta": 0.1, "on": {"a": [1, None, True]}})
    assert told_ == "npo (beta: 0.1, on: {a: [1, none, yes]})"
    assert flow([]) == "none"


def test_a_label_that_is_the_name_is_not_said_twice():
    assert flow({"name": "npo", "label": "npo", "beta": 0.02}) == "npo (beta: 0.02)"
    assert flow({"name": "npo", "label": "npo-sgd"}) == "npo (label: npo-sgd)"


def test_what_a_statistic_looks_at_is_told_with_its_defaults_and_from_within():
    assert measured.outcome(PluginSpec("variance-share")).startswith("Completeness: how far")
    assert measured.outcome(PluginSpec("variance-share", {"of": "log-updates"})).startswith("Logarithm of the updates")
    assert measured.outcome(PluginSpec("rank-correlation", {"score": "mrd"})).startswith("Updates: how many")
    inner = {"name": "trade-off-area", "first": {}, "second": {}, "forgetting": "completeness"}
    assert measured.outcome(PluginSpec("slope-over-parts", {"statistic": inner})).startswith("Completeness: how far")
    assert measured.outcome(PluginSpec("variance-share", {"of": "forget_ma"})) == ""  # a column has a name of its own
    assert measured.outcome(PluginSpec("no-such-thing")) == ""


def test_every_statistic_says_what_its_numbers_are():
    assert [name for name in STATISTICS if not measured.columns(name)] == []
    assert measured.columns("no-such-thing") == ""


def test_every_outcome_that_a_statistic_looks_at_is_said():
    sides = {"first": {"stratum": "a"}, "second": {"stratum": "b"}}
    both = measured.outcome(PluginSpec("at-equal-utility", {**sides, "lost": 0.1}))
    assert "Completeness: " in both
    assert "Utility: " in both
    assert "Utility: " not in measured.outcome(PluginSpec("paired-difference", sides))
    assert (
        measured.outcome(PluginSpec("at-equal-utility", {**sides, "lost": 0.1, "utility": "a_column"})).count(":") == 1
    )
