"""The page about budgets: its keys exist, and its record is what runs write."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from fairforget.api import PluginSpec
from fairforget.registry import Registry
from fairforget.run.looks.matched import Point, matched
from fairforget.run.looks.path import Moment
from fairforget.study.budgets import Stop
from fairforget.study.load import parse_study
from fairforget.study.options import build
from fairforget.study.planning import make_plan
from fairforget.study.schema import Study

PAGE = (Path(__file__).parents[2] / "docs" / "explanation" / "budgets.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
REST = """\
name: page
task: biographies
draws: 3
forget_size: 16
methods: [grad-ascent]
optimizer: {lr: 1.0e-3, batch_size: 8}
"""


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_every_example_is_part_of_a_study(snippet):
    rest = REST if "budget" in yaml.safe_load(snippet) else f"{REST}budget: {{updates: 3}}\n"
    found = parse_study(rest + snippet)
    make_plan(found.study, Registry.discover([]), found.places)


def test_every_key_it_names_exists():
    for part, key in re.findall(r"`(budget|evaluation|trajectory|budget\.stop)\.(\w+)`", PAGE):
        model = {"budget.stop": Stop}.get(part) or Study.model_fields[part].annotation
        fields = getattr(model, "model_fields", None)
        if fields is None:  # optional
            (model,) = [m for m in model.__args__ if m is not type(None)]
            fields = model.model_fields
        assert key in fields, f"{part}.{key}"


def test_every_policy_is_explained():
    for policy in ("unseen", "paper_literal", "retrain"):
        assert re.search(rf"^\| `{policy}`", PAGE, re.MULTILINE)


def test_what_is_matched_has_the_documented_parts():
    (row,) = re.findall(r"^\| `matched` \|.*\| (.*) \|$", PAGE, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", row)) == set(matched([], 0.5))
    (row,) = re.findall(r"^\| `trajectory` \|.*\| (.*) \|$", PAGE, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", row)) == set(Point(Moment(0, 0, 0.0), {}).to_json())


@pytest.mark.parametrize("name", ["probability", "perplexity", "memorization-accuracy", "mia-loss", "mia-min-k"])
def test_quick_metrics_are_quick(name):
    assert build(Registry.discover([]), "metric", PluginSpec(name)).plugin.quick


@pytest.mark.parametrize("name", ["rouge-l", "extraction-likelihood", "mia-reference", "mia-grad-norm"])
def test_dear_metrics_are_not(name):
    assert not build(Registry.discover([]), "metric", PluginSpec(name)).plugin.quick
