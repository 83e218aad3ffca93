"""What ``--dry-run`` says beside its table."""

from __future__ import annotations

from fairforget.cli.plan_text import remarks
from fairforget.registry import Registry
from fairforget.study.load import parse_study
from fairforget.study.planning import make_plan

STUDY = """\
name: plan
task: biographies
draws: 3
forget_size: 8
methods: [untouched, npo]
budget: {updates: 10}
optimizer: {lr: 1e-4, batch_size: 4}
"""


def said(*sets: str) -> list[str]:
    found = parse_study(STUDY, "study.yaml", sets)
    return list(remarks(make_plan(found.study, Registry.discover(), found.places)))


def test_a_plain_study_says_little() -> None:
    assert said() == [
        "3 draws of 8 samples a stratum (random: random)",
        "updates and forward-equivalents are at most these; reference passes come on top",
    ]


def test_draws_that_share_no_sample_are_named() -> None:
    assert said("draws=1", "forget_size=1")[0] == "1 draw of 1 sample a stratum (random: random)"
    assert said("disjoint=true")[0] == "3 draws of 8 samples a stratum, no sample in two of them (random: random)"


def test_how_often_curricula_score() -> None:
    """Ten updates, two an epoch: five epochs."""
    found = said(
        "curricula=[uniform, mrd-weighted, {name: easy-to-hard, refresh: null}, "
        "{name: hard-to-easy, by: loss, refresh: 2}]"
    )
    assert found[1:4] == [
        "mrd-weighted scores the draw by mrd up to 5 times a cell",
        "easy-to-hard scores the draw by mrd once a cell",
        "hard-to-easy scores the draw by loss up to 3 times a cell",
    ]
    assert found[-1].endswith("difficulty scores and reference passes come on top")
    once = said("curricula=[mrd-weighted]", "budget={epochs: 1}")
    assert once[1] == "mrd-weighted scores the draw by mrd once a cell"
    paid = said("curricula=[{name: mrd-weighted, refresh: 3}]", "budget={forward_equivalents: 500}")
    assert paid[1:] == [
        "mrd-weighted scores the draw by mrd every 3 epochs, out of the budget",
        "forward-equivalents are at most these, difficulty scores and reference passes included",
        "  but a cell's first update is taken whatever it costs, and one dearer than all before it may overdraw",
    ]


def test_where_runs_end_and_what_is_looked_at() -> None:
    assert said("budget={updates: 10, completeness: 0.8, every: 2}")[1:] == [
        "a run ends where completeness reaches 0.8, looked at every 2 updates",
        "updates and forward-equivalents are at most these; reference passes and looks on the way come on top",
    ]
    stopped = said("budget={updates: 10, stop: {policy: paper_literal}}")
    assert stopped[1] == "a run ends where its draw counts as forgotten (paper_literal), looked at once an epoch"
    everything = said("trajectory={every: 5}", "curricula=[mrd-weighted]")[-1]
    assert everything.endswith("; difficulty scores, reference passes and looks on the way come on top")


def test_what_comes_before_the_cells() -> None:
    assert said("tuning={trials: 6, draws: 1}")[1] == "tuning first: 6 trials a row, on one forget set of its own"
    found = said("tuning={trials: 6, draws: 2}", "samplers=[{name: binned, by: loss}]")
    assert found[1:3] == [
        "the pool is scored by loss before anything is drawn",
        "tuning first: 6 trials a row, on 2 forget sets of its own",
    ]


def test_what_is_searched() -> None:
    found = said("tuning={trials: 6, lr: [1e-5, 1e-3]}", "methods=[untouched, {name: npo, retain_weight: 1}]")
    assert found[2] == "  npo + uniform searches beta 0.01 … 1 (log), optimizer.lr 1e-05 … 0.001 (log)"
