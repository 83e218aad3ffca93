"""From a study to the cells it spans."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from fairforget.api import MetricUse, PluginSpec, Pool
from fairforget.errors import FairforgetError
from fairforget.study.cell import Cell, cell_key
from fairforget.study.cost import updates_of
from fairforget.study.draws import draw_sets
from fairforget.study.load import parse_study
from fairforget.study.planning import make_plan

TARGET = {"id": "a" * 24, "seed": 0}
DATA = "d" * 64

STUDY = """\
name: whole
task: {name: people, split: forget05, data: ./data}
samplers: [random, {name: binned, by: {name: mrd, sigma: 0.01}}]
draws: 3
forget_size: 8
methods:
  - untouched
  - {name: oracle, draws: 1}
  - {name: sleepy, beta: 0.2}
  - ascent
curricula: [uniform, weighted]
seeds: 2
budget: {epochs: 2.5, stop: {policy: unseen}}
optimizer: {lr: 1e-5, batch_size: 3}
"""


def planned(registry, text=STUDY, *sets):
    found = parse_study(text, "study.yaml", sets)
    return make_plan(found.study, registry, found.places)


def faults(registry, *sets, text=STUDY):
    with pytest.raises(FairforgetError) as caught:
        planned(registry, text, *sets)
    return str(caught.value).splitlines()


def all_draws(plan):
    people = plan.task.plugin.corpus().pool
    pool = Pool(people, np.ones(len(people)), whole_groups=True)
    study = plan.study
    return [
        d for s in plan.samplers for d in draw_sets(s.built, pool, data=DATA, size=study.forget_size, draws=study.draws)
    ]


def test_what_is_crossed_with_what(registry):
    plan = planned(registry)
    cells = list(plan.planned())
    count = {}
    for cell in cells:
        count[cell.method.label] = count.get(cell.method.label, 0) + 1
    # 4 strata: one of random, three of binned.
    assert count == {"untouched": 4 * 3, "oracle": 4 * 1, "sleepy": 4 * 3 * 2 * 2, "ascent": 4 * 3 * 2 * 2}
    assert len(plan) == len(cells) == 112
    assert len({(id(c.sampler), c.stratum, c.index, c.method.label, id(c.curriculum), c.seed) for c in cells}) == 112
    for cell in cells:
        if cell.method.reference:
            assert (cell.curriculum, cell.seed) == (None, 0)
    assert {c.index for c in cells if c.method.label == "oracle"} == {0}


def test_cells_come_draw_by_draw(registry):
    indices = [cell.index for cell in planned(registry).planned()]
    assert indices == sorted(indices)


def test_cells(registry):
    plan = planned(registry)
    draws = all_draws(plan)
    cells = plan.cells(draws, TARGET, data=DATA)
    assert len({cell_key(cell) for cell in cells}) == len(cells) == 112
    assert all(Cell.from_json(cell).to_json() == cell for cell in cells)
    assert json.loads(json.dumps(cells, allow_nan=False)) == cells
    first = cells[0]
    assert first["task"] == {
        "name": "fairforget/people",
        "dist_version": "0.1.0",
        "version": 3,
        "options": {"split": "forget05", "data": first["task"]["options"]["data"], "groups": 5},
        "paths": ["data"],
        "data": DATA,
    }
    assert first["draw"] == draws[0].to_json()
    assert first["method"] == {
        "name": "fairforget/untouched",
        "dist_version": "0.1.0",
        "options": {},
        "label": "untouched",
        "reference": "untouched",
    }
    assert first["curriculum"] is None
    assert first["budget"] == {
        "kind": "epochs",
        "amount": 2.5,
        "stop": {"rule": "memorization", "policy": "unseen", "every": None, "n": 10, "stride": 1},
    }
    assert first["optimizer"] == {
        "name": "adamw",
        "lr": 1e-5,
        "batch_size": 3,
        "weight_decay": 0.0,
        "max_grad_norm": None,
        "betas": [0.9, 0.999],
        "eps": 1e-8,
        "warmup": 0,
    }
    assert first["evaluation"] == {
        "retain": None,
        "holdout": None,
        "others": None,
        "batch_tokens": None,
        "max_new_tokens": 64,
        "metrics": [
            {
                "column": "forget_probability",
                "metric": {"name": "fairforget/probability", "dist_version": "0.1.0", "options": {"scope": "answer"}},
                "on": "forget",
                "role": "completeness",
                "complement": True,
                "average": True,
                "view": None,
                "weigh_by": "columns",
            },
            {
                "column": "retain_probability",
                "metric": {"name": "fairforget/probability", "dist_version": "0.1.0", "options": {"scope": "full"}},
                "on": "retain",
                "role": "utility",
                "complement": False,
                "average": True,
                "view": None,
                "weigh_by": "columns",
            },
        ],
    }
    weighted = next(c["curriculum"] for c in cells if c["curriculum"] and c["curriculum"]["label"] == "weighted")
    assert weighted == {
        "name": "fairforget/weighted",
        "dist_version": "0.1.0",
        "options": {"by": "mrd", "refresh": 1},
        "difficulty": {"name": "fairforget/mrd", "dist_version": "0.1.0", "options": {"sigma": 0.001}},
        "label": "weighted",
    }


def test_every_method_meets_the_same_draws(registry):
    cells = planned(registry).cells(all_draws(planned(registry)), TARGET, data=DATA)
    met = {}
    for cell in cells:
        if cell["method"]["label"] != "oracle":
            place = (cell["draw"]["sampler"]["name"], cell["draw"]["stratum"], cell["draw"]["index"])
            met.setdefault(place, set()).add((cell["method"]["label"], cell["draw"]["digest"]))
    for found in met.values():
        assert {label for label, _ in found} == {"untouched", "sleepy", "ascent"}
        assert len({digest for _, digest in found}) == 1


def test_the_data_folder_changes_no_key(registry):
    def keys(*sets):
        plan = planned(registry, STUDY, *sets)
        return {cell_key(cell) for cell in plan.cells(all_draws(plan), TARGET, data=DATA)}

    assert keys() == keys("task.data=/elsewhere", "engine=local:3", "evaluation.batch_tokens=7", "methods.2.label=x")
    assert not keys() & keys("task.split=forget10")
    assert not keys() & keys("evaluation.max_new_tokens=3")


def test_a_missing_draw(registry):
    plan = planned(registry)
    with pytest.raises(FairforgetError, match="there is no draw 2 of stratum 'bin-2' of sampler fairforget/binned"):
        plan.cells(all_draws(plan)[:-1], TARGET, data=DATA)


def test_samplers_and_what_they_need(registry):
    random, binned = planned(registry).samplers
    assert (random.strata, dict(random.needs)) == (("random",), {})
    assert binned.strata == ("bin-0", "bin-1", "bin-2")
    assert binned.needs["mrd"].to_json()["options"] == {"sigma": 0.01}
    assert [b.entry.name for b in planned(registry).difficulties().values()] == ["mrd"]


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


def labels_of(registry, *methods):
    plan = planned(registry, STUDY, f"methods={json.dumps(list(methods))}")
    return [method.label for method in plan.methods]


def test_labels(registry):
    assert labels_of(registry, "sleepy", "ascent") == ["sleepy", "ascent"]
    assert labels_of(registry, {"name": "sleepy", "beta": 0.5}) == ["sleepy"]
    assert labels_of(registry, "sleepy", {"name": "sleepy", "beta": 0.5, "reduction": "mean"}) == [
        "sleepy",
        "sleepy (beta=0.5, reduction=mean)",
    ]
    assert labels_of(registry, "sleepy", {"name": "sleepy", "optimizer": {"lr": 0.5}}) == ["sleepy", "sleepy (lr=0.5)"]
    assert labels_of(registry, "sleepy", {"name": "sleepy", "layers": [3], "label": "third"}) == ["sleepy", "third"]


def test_labels_of_two_distributions(registry):
    registry.add("method", "sleepy", registry.load(registry.find("method", "sleepy")), dist="acme", version="2.0")
    assert labels_of(registry, "acme/sleepy") == ["sleepy"]
    assert labels_of(registry, "acme/sleepy", "fairforget/sleepy") == ["acme/sleepy", "fairforget/sleepy"]


def test_labels_of_curricula(registry):
    plan = planned(registry, STUDY, "curricula=[weighted, {name: weighted, refresh: 2}]")
    assert [c.label for c in plan.methods[2].curricula] == ["weighted", "weighted (refresh=2)"]


def test_a_method_may_have_an_optimizer_of_its_own(registry):
    plan = planned(registry, STUDY, "methods.2.optimizer={name: sgd, lr: 0.1}", "optimizer.eps=1e-6")
    assert plan.methods[2].optimizer == {
        "name": "sgd",
        "lr": 0.1,
        "batch_size": 3,
        "weight_decay": 0.0,
        "max_grad_norm": None,
        "warmup": 0,
    }
    assert plan.methods[3].optimizer["eps"] == 1e-6


def test_the_table_of_a_dry_run(registry):
    rows = [tuple(getattr(row, name) for name in row.__slots__) for row in planned(registry).describe()]
    # 8 samples in batches of 3 are 3 updates an epoch; 2.5 epochs are 8 updates: 2 × 8 samples and 2 × 3 more.
    # A forward and a backward pass are 3; sleepy has retain partners as well, ascent has not.
    assert rows == [
        ("untouched", "", 12, 0, 0),
        ("oracle", "", 4, None, None),
        ("sleepy", "uniform", 24, 24 * 8, 24 * 22 * 6),
        ("sleepy", "weighted", 24, 24 * 8, 24 * 22 * 6),
        ("ascent", "uniform", 24, 24 * 8, 24 * 22 * 3),
        ("ascent", "weighted", 24, 24 * 8, 24 * 22 * 3),
        ("total", "", 112, 4 * 24 * 8, 24 * 22 * 18),
    ]


@pytest.mark.parametrize(
    ("budget", "updates", "equivalents"),
    [
        ("{updates: 5}", 5, (8 + 6) * 3),
        ("{updates: 3}", 3, 8 * 3),
        ("{updates: 1}", 1, 3 * 3),
        ("{epochs: 0.1}", 1, 3 * 3),
        ("{epochs: 1}", 3, 8 * 3),
        ("{forward_equivalents: 500}", None, 500),
        ("{forward_equivalents: 9}", None, 9),
        # The first update is taken whatever it costs: 3 samples, forward and back.
        ("{forward_equivalents: 1}", None, 3 * 3),
    ],
)
def test_costs(registry, budget, updates, equivalents):
    plan = planned(registry, STUDY, f"budget={budget}")
    cost = plan.cost(plan.methods[3])
    assert (cost.updates, cost.forward_equivalents) == (updates, equivalents)


def test_updates_agree_with_the_loop():
    from fairforget.run.counting.ledger import Ledger
    from fairforget.run.updates.budget import Budget

    for kind, amounts in {"updates": (1, 7), "epochs": (0.1, 0.3, 1, 2.5, 3, 7 / 3)}.items():
        for amount in amounts:
            for size, batch in ((8, 3), (40, 8), (1, 5), (10, 1)):
                per_epoch = -(-size // batch)
                ledger, taken = Ledger(), 0
                while Budget(kind, amount).allows(ledger, per_epoch, 0):
                    ledger.updates += 1
                    taken += 1
                assert updates_of({"kind": kind, "amount": amount}, size, batch) == taken


def test_ten_thousand_cells_are_planned_in_seconds(registry):
    start = time.perf_counter()
    plan = planned(registry, STUDY, "draws=300", "seeds=2", "task.groups=5")
    cells = plan.cells(all_draws(plan), TARGET, data=DATA)
    keys = {cell_key(cell) for cell in cells}
    assert len(keys) == len(plan) == 4 * (300 + 1 + 300 * 2 * 2 * 2)
    assert len(keys) > 10_000
    assert time.perf_counter() - start < 5


def test_planning_first_party_methods_imports_no_torch(tmp_path):
    script = textwrap.dedent(
        """
        import sys
        from fairforget.registry import Registry
        from fairforget.study.load import parse_study
        from fairforget.study.planning import make_plan
        from fairforget.api import PluginSpec
        from fairforget.study.options import build
        registry = Registry.discover()
        assert "torch" not in sys.modules
        for name in ("untouched", "retrain", "grad-ascent", "grad-diff", "npo", "idk"):
            build(registry, "method", PluginSpec(name))
        heavy = {"torch", "transformers", "datasets"} & set(sys.modules)
        assert not heavy, heavy
        """
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_reading_a_study_imports_nothing_heavy():
    script = (
        "import sys, fairforget.study.load, fairforget.study.planning, fairforget.study.cell, fairforget.study.draws\n"
        "heavy = {'torch', 'transformers', 'datasets', 'numpy', 'scipy', 'pandas'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
