"""What a report says completeness and utility are, against the columns that the task of the study has."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairforget.api import Task
from fairforget.api.spec import PluginSpec
from fairforget.claims.open import open_claim
from fairforget.claims.planned import plan_claim
from fairforget.claims.read import read_claim
from fairforget.claims.report.measured import OUTCOMES, outcome
from fairforget.claims.report.tested import tested as told_of
from fairforget.registry import Registry

CLAIMS = Path(__file__).parents[3] / "plugins" / "fairforget_tasks" / "claims"
SAID = {
    "rouge-l": ("ROUGE-L",),
    "mia-min-k": ("membership attack",),
    "unlearning-accuracy-overlap": ("not answered right", "nearest to the true one", "accuracy"),
    "contains": ("accuracy",),
    "prefix-match": ("not completed right", "accuracy"),
}


@pytest.mark.parametrize("claim", ["c1", "c8", "pretrained/c1-tofu.yaml", "pretrained/c19-facts.yaml"])
def test_every_column_of_the_average_is_spoken_of(claim):
    if "facts" in claim:
        pytest.importorskip("wordfreq")
    registry = Registry.discover()
    (site, *_) = plan_claim(open_claim(str(CLAIMS / claim) if "/" in claim else claim, registry), registry).sites
    uses = site.plan.task.of(Task).metrics()
    name = site.plan.study.task.name
    for role in ("completeness", "utility"):
        said = outcome(PluginSpec("paired-difference", {"of": role}), name)
        columns = said.partition("those are ")[2]
        found = {use.metric.name.removeprefix("fairforget/") for use in uses if use.role == role and use.average}
        assert found
        for metric in found:
            assert any(words in columns for words in SAID[metric]), metric


def test_the_report_says_it_for_the_task_of_the_study():
    registry = Registry.discover()
    said = dict(told_of(read_claim(str(CLAIMS / "pretrained" / "c1-tofu.yaml"), registry), registry))
    assert said["Outcome"].startswith(OUTCOMES["completeness"] + "; for tofu those are ")


def test_of_a_task_of_others_no_columns_are_told():
    assert outcome(PluginSpec("paired-difference", {"of": "utility"}), "mine/tofu") == f"{OUTCOMES['utility']}."
