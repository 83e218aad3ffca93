"""The optimizer in a study file and in its cells."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.errors import FairforgetError
from fairforget.study.cost import cost_of
from fairforget.study.load import parse_study
from fairforget.study.planning import make_plan

STUDY = """\
name: whole
task: people
forget_size: 8
draws: 1
methods: [untouched, ascent, sleepy]
budget: {epochs: 2.5}
optimizer: OPTIMIZER
"""
ADAMW = {
    "name": "adamw",
    "lr": 1e-3,
    "batch_size": 3,
    "weight_decay": 0.0,
    "max_grad_norm": None,
    "betas": [0.9, 0.999],
    "eps": 1e-8,
    "warmup": 0,
}


def planned(registry, optimizer, *sets):
    found = parse_study(STUDY.replace("OPTIMIZER", optimizer), "study.yaml", sets)
    return make_plan(found.study, registry, found.places)


def in_a_cell(registry, optimizer, *sets):
    return planned(registry, optimizer, *sets).methods[1].optimizer


def test_keys_that_came_later_are_not_in_cells_that_do_not_use_them(registry):
    """The keys of cells that were computed before stay what they were."""
    assert in_a_cell(registry, "{lr: 1e-3, batch_size: 3}") == ADAMW
    written_out = "{lr: 1e-3, batch_size: 3, rho: null, hessian: null, adapter: null, micro_batch_size: null}"
    assert in_a_cell(registry, written_out) == ADAMW


def test_sophia_has_defaults_of_its_own(registry):
    expected = {
        **ADAMW,
        "name": "sophia",
        "betas": [0.9, 0.95],
        "eps": 1e-12,
        "rho": 0.04,
        "hessian": "gnb",
        "hessian_every": 10,
    }
    assert in_a_cell(registry, "{name: sophia, lr: 1e-3, batch_size: 3}") == expected
    assert in_a_cell(registry, "{name: sophia, lr: 1e-3, batch_size: 3, rho: null, betas: [0.9, 0.95]}") == expected
    changed = "{name: sophia, lr: 1e-3, batch_size: 3, betas: [0.8, 0.9], rho: 1, hessian: squared-gradient}"
    assert in_a_cell(registry, changed) == {
        **expected,
        "betas": [0.8, 0.9],
        "rho": 1.0,
        "hessian": "squared-gradient",
    }


def test_an_adapter_is_written_out_whole(registry):
    found = in_a_cell(registry, "{lr: 1e-3, batch_size: 3, adapter: {r: 4}}")
    assert found == {**ADAMW, "adapter": {"r": 4, "alpha": 8.0, "dropout": 0.0, "target_modules": None}}
    assert found == in_a_cell(registry, "{lr: 1e-3, batch_size: 3, adapter: {r: 4, alpha: 8, target_modules: null}}")
    for key, value in [("target_modules", ["q_proj", "v_proj"]), ("target_modules", "all-linear"), ("dropout", 0.1)]:
        given = str(value).replace("'", "")
        found = in_a_cell(registry, f"{{lr: 1e-3, batch_size: 3, adapter: {{r: 4, {key}: {given}}}}}")
        assert found["adapter"][key] == value


def test_a_method_may_change_the_algorithm_and_the_adapter(registry):
    usual = "{name: sophia, lr: 1e-3, batch_size: 3, rho: 2, adapter: {r: 4}}"
    change = "methods.1={name: ascent, optimizer: {name: adamw, adapter: null}}"
    assert in_a_cell(registry, usual, change) == ADAMW, "another algorithm starts from its own defaults"
    change = "methods.1={name: ascent, optimizer: {name: sophia, adapter: {r: 2, target_modules: [v_proj]}}}"
    found = in_a_cell(registry, "{lr: 1e-3, batch_size: 3, betas: [0.5, 0.6], eps: 1}", change)
    assert (found["betas"], found["eps"], found["rho"]) == ([0.9, 0.95], 1e-12, 0.04)
    assert found["adapter"]["target_modules"] == ["v_proj"]
    change = "methods.1={name: ascent, optimizer: {lr: 2e-3}}"
    assert in_a_cell(registry, usual, change)["rho"] == 2.0


@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        ("{lr: 1, batch_size: 1, rho: 1}", "optimizer: rho belongs to sophia; remove for adamw"),
        (
            "{name: sgd, lr: 1, batch_size: 1, hessian: gnb, hessian_every: 3}",
            "optimizer: hessian and hessian_every belong to sophia; remove for sgd",
        ),
        ("{name: sophia, lr: 1, batch_size: 1, hessian: gbn}", "must be 'gnb' or 'squared-gradient', not the text"),
        ("{lr: 1, batch_size: 1, adapter: {alpha: 3}}", "optimizer.adapter: the key r is missing"),
        ("{lr: 1, batch_size: 1, adapter: {r: 1.5}}", "optimizer.adapter.r: must be an integer"),
        ("{lr: 1, batch_size: 1, adapter: {r: 1, path: x}}", "optimizer.adapter.path: unknown key"),
        ("{lr: 1, batch_size: 1, micro_batch_size: 0}", "optimizer.micro_batch_size: must be greater than or equal"),
    ],
)
def test_messages(registry, optimizer, message):
    with pytest.raises(FairforgetError) as caught:
        planned(registry, optimizer)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("more", "forward_equivalents"),
    [
        # 8 samples in batches of 3, 3 and 2; 2.5 epochs are 8 updates with 22 samples, each with a retain partner.
        ("", 22 * 2 * 3),
        ("name: sophia, hessian: squared-gradient", 22 * 2 * 3),
        ("name: sophia, hessian_every: 1", 22 * 2 * 3 * 2),
        ("name: sophia, hessian_every: 3", 22 * 2 * 3 + 9 * 2 * 3),  # the first update of each epoch, 3 samples each
        ("name: sophia, hessian_every: 4", 22 * 2 * 3 + 6 * 2 * 3),  # updates 0 and 4: 3 and 3 samples
        ("micro_batch_size: 2", 22 * 2 * 3),  # a matter of memory
    ],
)
def test_what_a_cell_will_spend(registry, more, forward_equivalents):
    plan = planned(registry, f"{{lr: 1e-3, batch_size: 3, {more}}}" if more else "{lr: 1e-3, batch_size: 3}")
    alone, with_partners = plan.methods[1:]
    assert plan.cost(with_partners).forward_equivalents == 2 * plan.cost(alone).forward_equivalents
    assert plan.cost(with_partners).forward_equivalents == forward_equivalents


@settings(derandomize=True, deadline=None)
@given(st.integers(1, 40), st.integers(1, 12), st.integers(1, 12), st.integers(1, 90))
def test_estimates_of_the_hessian_are_counted_update_by_update(size, batch, every, updates):
    optimizer = {"batch_size": batch, "hessian": "gnb", "hessian_every": every}
    method = SimpleNamespace(optimizer=optimizer, reference=None, sequences=1, elsewhere=False)
    epoch = [min(batch, size - start) for start in range(0, size, batch)]
    met = [epoch[update % len(epoch)] for update in range(updates)]
    spent = cost_of(method, {"kind": "updates", "amount": updates}, size).forward_equivalents
    assert spent == 3 * (sum(met) + sum(met[::every]))
