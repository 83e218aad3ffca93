"""Every first-party sampler, difficulty, metric and task passes the kit; what is not here is skipped, and says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairforget.registry import Registry
from fairforget.testing import check

pytestmark = pytest.mark.usefixtures("forked")
HERE = Path(__file__).parent
KINDS = ("sampler", "difficulty", "metric", "task")
ENTRIES = [entry for kind in KINDS for entry in Registry.discover().entries(kind) if entry.dist == "fairforget"]
FEWER = {
    "mrd-hessian": {"probes": 20},
    "counterfactual-memorization": {"models": 2},
    "held-out-loss": {"models": 2},
}
"""Instead of a hundred, or of eight that are trained, which take half a minute."""

NEEDS_OPTIONS = {"options-documented": "there is no model, or no book, that would do for everybody"}
EXPECTED = {"whp": NEEDS_OPTIONS, "reference-loss": NEEDS_OPTIONS}

NOT_HERE = {"muse", "safe", "tofu", "wmdp"}
"""Tasks whose data is on the hub."""
NOT_FETCHED = {"facts"}
"""Tasks whose data is here and whose model is on the hub; tests/tasks/test_facts_study.py has them on a small one."""
REFUSE = {"model-utility", "multiple-choice", "toxicity", "unlearning-accuracy", "zero-shot"}
"""Metrics that want sets, models or data that the tiny task does not have."""
OPTIONS_WANTED = {"whp", "reference-loss"}


@pytest.fixture(scope="module")
def registry():
    return Registry.discover()


@pytest.mark.slow
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: f"{entry.kind}-{entry.name}")
def test_passes(entry, registry):
    expected = EXPECTED.get(entry.name)
    report = check(
        entry, options=FEWER.get(entry.name), on_fail="report", registry=registry, expected_failures=expected
    )
    assert not report.failures, report.to_markdown()
    # What could not be tried says so, and does not pass for tried.
    assert report.passed == (entry.name not in NOT_HERE | REFUSE | OPTIONS_WANTED), report.to_markdown()
    ran = [result.check for result in report.results if result.status == "ran"]
    if entry.name not in NOT_HERE | REFUSE | OPTIONS_WANTED:
        skipped = {result.check for result in report.results if result.status == "skipped"}
        expected_skips = {"target-recipe-runs", "columns-can-be-measured"} if entry.name in NOT_FETCHED else set()
        assert skipped == expected_skips, report.to_markdown()
        assert len(ran) >= 10
    for result in report.results:
        assert result.status == "ran" or result.message


@pytest.mark.slow
def test_a_difficulty_that_needs_an_option_passes_with_it(registry, tmp_path):
    from fairforget.testing.resolve import examine

    bench = examine("loss", "difficulty", registry=registry).lab.bench("llama")
    bench.target.model.save_pretrained(tmp_path)
    bench.target.tokenizer.save_pretrained(tmp_path)
    options = {"references": [str(tmp_path)]}
    report = check("reference-loss", kind="difficulty", options=options, on_fail="report", registry=registry)
    assert report.passed, report.to_markdown()
    assert report.result("permutation-equivariant").status == "ran"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mia-loss", "probability", "rouge-l"])
def test_directions_of_memory_are_told_by_real_models(name, registry):
    from fairforget.testing.checks.measuring import measured, oracle, sets, subject, usual
    from fairforget.testing.resolve import examine

    examined = examine(name, "metric", registry=registry)
    knows = usual(examined).value
    never = measured(examined, subject(examined, sets(examined), on=oracle(examined))).value
    assert (knows > never) == (examined.make().higher_is == "more memory")


def test_the_order_of_a_set_is_told_by_a_fresh_process():
    registry = Registry.discover([HERE / "mutants" / "plugin_files" / "orders_by_hash.py"])
    only = ["corpus-same-twice"]
    found = check("mutant", on_fail="report", only=only, registry=registry).results[0]
    assert found.status == "failed"
    assert "a fresh process makes another corpus" in found.message
    assert check("healthy", on_fail="report", only=only, registry=registry).results[0].status == "ran"
