"""What a report says completeness and utility are, against the columns that the task of the study has."""

from __future__ import annotations

import json
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
from fairforget.study.yaml_lines import read_yaml

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
    task = site.plan.task.of(Task)
    uses = task.metrics()
    assert set(task.averaged) == {"completeness", "utility"}
    for role, columns in task.averaged.items():
        found = {use.metric.name.removeprefix("fairforget/") for use in uses if use.role == role and use.average}
        assert found
        for metric in found:
            assert any(words in columns for words in SAID[metric]), metric


def test_the_report_says_it_for_the_task_of_the_study():
    registry = Registry.discover()
    said = dict(told_of(read_claim(str(CLAIMS / "pretrained" / "c1-tofu.yaml"), registry), registry))
    assert said["Outcome"].startswith(OUTCOMES["completeness"] + "; for tofu those are ")


SPEC = PluginSpec("variance-share", {"of": "utility"})


def test_of_a_task_that_says_nothing_no_columns_are_told():
    assert outcome(SPEC, "mine/towns") == f"{OUTCOMES['utility']}."


TOLD = """
    from typing import ClassVar
    from fairforget.testing.tiny import TinyTask

    class Towns(TinyTask):
        averaged: ClassVar = AVERAGED

    @hookimpl
    def fairforget_tasks():
        return [Entry("towns", "mine:Towns")]
"""


@pytest.mark.parametrize(
    ("averaged", "end"),
    [
        ({"utility": "towns that are <kept>"}, "; for mine/towns those are towns that are <kept>."),
        ({"utility": 7}, "."),
        (7, "."),
    ],
)
def test_a_task_of_others_tells_of_its_columns(site, tmp_path, averaged, end):
    site.install("mine", TOLD.replace("AVERAGED", repr(averaged)))
    claim = read_yaml(CLAIMS / "pretrained" / "c1-tofu.yaml").value
    claim |= {"study": {"task": "mine/towns"}, "statistic": SPEC.to_json()}
    file = tmp_path / "towns.yaml"
    file.write_text(json.dumps(claim))
    registry = Registry.discover()
    assert dict(told_of(read_claim(file, registry), registry))["Outcome"] == OUTCOMES["utility"] + end
