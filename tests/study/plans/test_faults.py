"""What is said of a study that cannot be planned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest

from fairforget.api import MetricUse, PluginSpec
from fairforget.errors import FairforgetError
from fairforget.study.load import parse_study
from fairforget.study.planning import make_plan

from .a_study import STUDY, faults


def test_all_faults_are_said_before_anything_runs(registry):
    text = (
        STUDY.replace("people", "peple")
        .replace("name: mrd, sigma: 0.01", "name: mrdd")
        .replace("beta: 0.2", "bta: 0.2")
    )
    text = text.replace("- ascent", "- ascnt").replace("weighted", "{name: weighted, by: mrdd}")
    assert faults(registry, "engine=locl", text=text) == [
        "study.yaml:2: task: Unknown task 'peple'. Did you mean 'people'? Available: people.",
        "study.yaml:3: samplers.1: sampler 'binned' asks for a difficulty: Unknown difficulty 'mrdd'. "
        "Did you mean 'mrd'? Available: mrd.",
        "study.yaml:9: methods.2.bta: method 'sleepy' has no option 'bta'. Did you mean 'beta'? "
        "Options: beta, folder, layers, reduction, steps, weights.",
        "study.yaml:10: methods.3: Unknown method 'ascnt'. Did you mean 'ascent'? "
        "Available: ascent, greedy, oracle, sleepy, untouched.",
        "study.yaml:11: curricula.1: curriculum 'weighted' asks for a difficulty: Unknown difficulty 'mrdd'. "
        "Did you mean 'mrd'? Available: mrd.",
        "--set engine=locl: engine: Unknown engine 'locl'. Did you mean 'local'? Available: local.",
    ]


@pytest.mark.parametrize(
    ("sets", "expected"),
    [
        (
            ["task.groups=x"],
            "--set task.groups=x: task.groups: task 'people': option 'groups' must be an integer, not the",
        ),
        (
            ["methods.2.beta=-1"],
            "--set methods.2.beta=-1: methods.2.beta: method 'sleepy': option 'beta' must be greater",
        ),
        (["methods.2.layers=[1, x]"], "--set methods.2.layers=[1, x]: methods.2.layers.1: method 'sleepy': option"),
        (["methods.3=greedy"], "--set methods.3=greedy: methods.3: method 'greedy' ("),
        (
            ["methods.2={name: sleepy, optimizer: {name: sgd, eps: 1}}"],
            "--set methods.2={name: sleepy, optimizer: {name: sgd, eps: 1}}: methods.2.optimizer: betas and eps belong",
        ),
        (
            ["methods.2=ascent"],
            "study.yaml:10: methods.3: method fairforget/ascent stands here with the options it has in "
            "methods.2 already; remove one",
        ),
        (
            ["methods.2={name: fairforget/ascent, label: other, draws: 2, optimizer: {lr: 1e-5}}"],
            "study.yaml:10: methods.3: method fairforget/ascent stands here with the options it has in methods.2",
        ),
        (
            ["curricula=[uniform, uniform]"],
            "--set curricula=[uniform, uniform]: curricula.1: curriculum fairforget/uniform",
        ),
        (
            ["samplers=[random, random]"],
            "--set samplers=[random, random]: samplers.1: sampler fairforget/random stands",
        ),
        (
            ["methods.2.label=ascent"],
            "study.yaml:10: methods.3: two rows would be called 'ascent'; give one of them another",
        ),
        (["draws=10000", "seeds=1000"], "the study has 160,040,004 cells; at most 1,000,000 are run"),
        (["budget.epochs=1e300"], "--set budget.epochs=1e300: budget.epochs: 1e+300 epochs are more than anybody"),
    ],
)
def test_faults(registry, sets, expected):
    (message,) = faults(registry, *sets)
    assert message.startswith((expected, f"study.yaml:1: {expected}"))


def test_without_places_a_message_still_names_the_key(registry):
    study = parse_study(STUDY.replace("ascent", "ascnt")).study
    with pytest.raises(FairforgetError, match=r"^methods\.3: Unknown method 'ascnt'"):
        make_plan(study, registry)


def test_plugins_that_break_the_contract(registry):
    people = registry.load(registry.find("task", "people"))
    binned = registry.load(registry.find("sampler", "binned"))

    @dataclass(frozen=True)
    class Broken(people):
        version: ClassVar[str] = "1"

        def metrics(self):
            use = MetricUse("a", PluginSpec("probability"), "forget", "completeness")
            return [use, use, "x", MetricUse("b", PluginSpec("probabilty"), "forget", "completeness")]

    @dataclass(frozen=True)
    class Raising(people):
        def metrics(self):
            raise KeyError("oops")

    @dataclass(frozen=True)
    class Stratumless(binned):
        @property
        def strata(self):
            return ("a", "a")

        def needs(self):
            return ["mrd"]

    registry.add("task", "broken", Broken).add("task", "raising", Raising).add("sampler", "stratumless", Stratumless)
    assert [line.removeprefix("study.yaml:2: task: ")[:66] for line in faults(registry, "task=broken")] == [
        f"--set task=broken: task: {rest}"[:66]
        for rest in (
            "task fairforget/broken has no version; its class has to set an integer",
            "task fairforget/broken has two columns called 'a'",
            "task fairforget/broken: metrics() returned 'x' where a MetricUse is wanted",
            "task 'broken' asks for a metric: Unknown metric 'probabilty'.",
        )
    ]
    (message,) = faults(registry, "task=raising")
    assert message.endswith("task fairforget/raising: metrics() failed: KeyError: 'oops'")
    two = faults(registry, "samplers=[stratumless]")
    assert two[0].endswith("sampler fairforget/stratumless has the strata ('a', 'a'); they must be different texts")
    assert two[1].endswith("sampler fairforget/stratumless names 'mrd' where a PluginSpec is wanted")
