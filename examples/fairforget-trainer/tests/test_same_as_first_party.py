"""What a Trainer's loss does under the adapter is what the same loss does as a first-party method."""

from __future__ import annotations

import pytest

PAIRS = {
    "retain by likelihood": (
        {"name": "trainer-grad-diff", "gamma": 0.7, "alpha": 1.3},
        {"name": "grad-diff", "forget_weight": 0.7, "retain_weight": 1.3},
    ),
    "retain by divergence": (
        {"name": "trainer-grad-diff", "retain_loss": "KL"},
        {"name": "grad-diff", "retain_loss": "kl"},
    ),
}


def parts(records):
    mine = next(r for r in records if r["cell"]["method"]["name"].startswith("fairforget-trainer/"))
    theirs = next(r for r in records if r is not mine)
    return mine, theirs


@pytest.mark.parametrize("changes", [{}, {"optimizer": {"lr": 1e-3, "batch_size": 4, "micro_batch_size": 1}}],
                         ids=["whole batches", "one row at a time"])  # fmt: skip
@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_scores_and_ledger_agree(study, pair, changes):
    mine, theirs = parts(study(*pair, **changes))
    for record in (mine, theirs):
        assert (record["status"], record["problems"]) == ("ok", [])
    for name, items in theirs["items"].items():
        assert mine["items"][name] == pytest.approx(items, abs=2e-4), name
    for key in ("updates", "stopped", "visits"):
        assert mine["ledger"][key] == theirs["ledger"][key]


def test_all_passes_are_counted(study):
    """A reference that the Trainer makes for itself is paid for, at every update."""
    mine, theirs = parts(study(*PAIRS["retain by divergence"]))
    spent = mine["ledger"]["unlearning"]
    assert mine["ledger"]["updates"] == 6
    # Forget, retain and the reference's retain: three texts forwarded a sample, two of them back.
    assert (spent["forward_sequences"], spent["backward_sequences"]) == (3 * 18, 2 * 18)
    # The harness's own reference remembers a text that comes again.
    assert theirs["ledger"]["unlearning"]["forward_sequences"] <= 3 * 18


def test_a_budget_in_forward_equivalents_ends_the_run(study):
    mine, theirs = parts(study(*PAIRS["retain by likelihood"], budget={"forward_equivalents": 60}))
    assert mine["ledger"]["updates"] == theirs["ledger"]["updates"] == 3
    assert mine["ledger"]["forward_equivalents"] <= 60
    assert mine["ledger"]["stopped"] == "budget"


def test_an_adapter_unlearns_in_place_of_the_weights(study):
    optimizer = {"lr": 1e-2, "batch_size": 4, "adapter": {"r": 4}}
    mine, theirs = parts(study(*PAIRS["retain by likelihood"], optimizer=optimizer))
    for name, items in theirs["items"].items():
        assert mine["items"][name] == pytest.approx(items, abs=2e-4), name
