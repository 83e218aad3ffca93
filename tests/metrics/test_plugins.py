"""The metrics as plugins: found, described, validated, light to import."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fairforget.api import Metric, PluginSpec
from fairforget.errors import FairforgetError
from fairforget.registry import Registry
from fairforget.study.options import build

NAMES = (
    "probability",
    "rouge-l",
    "unlearning-accuracy",
    "unlearning-accuracy-overlap",
    "mia-loss",
    "mia-zlib",
    "mia-min-k",
    "mia-min-k-plus-plus",
    "mia-grad-norm",
    "mia-reference",
    "privleak",
    "exact-memorization",
    "extraction-strength",
    "gen-ex",
    "misalignment",
    "memorization-accuracy",
    "extraction-likelihood",
    "perplexity",
    "toxicity",
    "refusal-rate",
    "truth-ratio",
    "forget-quality",
    "model-utility",
    "contains",
    "prefix-match",
    "true-false",
)


@pytest.fixture(scope="module")
def registry():
    return Registry.discover()


@pytest.mark.parametrize("name", NAMES)
def test_is_found_and_says_what_it_is(registry, name):
    built = build(registry, "metric", PluginSpec(name))
    assert isinstance(built.plugin, Metric)
    assert built.plugin.higher_is in {"more memory", "less memory", "better", "worse"}
    assert "Source:" in (type(built.plugin).__doc__ or "") or "as for SQuAD" in (type(built.plugin).__doc__ or "")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("mia-min-k", {"k": 0}),
        ("mia-min-k", {"k": 1.5}),
        ("mia-min-k", {"orientation": "backwards"}),
        ("mia-min-k-plus-plus", {"k": 0}),
        ("mia-loss", {"scope": "prompt"}),
        ("mia-grad-norm", {"norm": "max"}),
        ("privleak", {"reference": "oracle"}),
        ("extraction-strength", {"floor": "one"}),
        ("memorization-accuracy", {"decode": "sample"}),
        ("gen-ex", {"normalise": "mean"}),
        ("misalignment", {"generation": 2}),
        ("extraction-likelihood", {"n": 0}),
        ("extraction-likelihood", {"stride": 0}),
        ("extraction-likelihood", {"el_denominator": "both"}),
        ("rouge-l", {"score": "precision"}),
        ("rouge-l", {"stemer": True}),
        ("truth-ratio", {"definition": "maini"}),
        ("forget-quality", {"definition": "ou"}),
        ("probability", {"normalise": "all"}),
        ("model-utility", {"facts": []}),
    ],
)
def test_options_that_make_no_sense_are_refused(registry, name, options):
    with pytest.raises(FairforgetError, match=next(iter(options))):
        build(registry, "metric", PluginSpec(name, options))


def test_importing_them_imports_nothing_heavy():
    modules = ", ".join(f"fairforget_tasks.metrics.{name.replace('-', '_')}" for name in NAMES)
    heavy = {"torch", "transformers", "rouge_score", "nltk", "scipy", "sklearn", "pandas"}
    code = f"import sys, {modules}; print(*sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
