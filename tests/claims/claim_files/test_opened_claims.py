"""What a claim file says, opened."""

from __future__ import annotations

import importlib

from fairforget.claims.open import open_claim
from fairforget.claims.statistics.base import Statistic
from fairforget.claims.statistics.names import STATISTICS
from fairforget.study.options import describe

from .a_claim import Mean, wrong


def test_a_claim_is_opened(write, registry):
    claim = open_claim(write(), registry)
    assert claim.name == "c1"
    assert claim.targets == ("small",)
    (site,) = claim.sites
    assert (site.name, site.part, site.facts) == ("small", "", {})
    assert (site.study.study.name, site.study.study.draws) == ("tiny", 4)
    assert (claim.statistic, claim.controls, claim.scores, claim.cells) == (Mean("forget"), {}, (), True)
    assert (claim.expect.above, claim.expect.borders) == (0.3, (0.3,))
    assert (claim.assumed.effect, claim.assumed.spread, claim.assumed.because) == (0.5, 0.2, "a pilot")


def test_targets_and_parts_set_keys_of_the_study(write, registry):
    path = write(
        targets={"small": {}, "wide": {"set": {"task.hidden_size": 64, "forget_size": 9}}},
        parts={
            "few": {"set": {"forget_size": 4, "methods.0.beta": 0.2}, "facts": {"forget_size": 4, "share": 0.5}},
            "plain": {},
        },
    )
    claim = open_claim(path, registry)
    assert [site.name for site in claim.sites] == ["small.few", "small.plain", "wide.few", "wide.plain"]
    few, plain, wide_few, wide_plain = [site.study.study for site in claim.sites]
    # A part wins over a target, and both over the study.
    assert [s.forget_size for s in (few, plain, wide_few, wide_plain)] == [4, 3, 4, 9]
    assert few.methods[0].spec.options == {"beta": 0.2}
    assert plain.methods[0].spec.options == {}
    assert wide_plain.task.options == {"people": 12, "hidden_size": 64}
    assert claim.sites[0].facts == {"forget_size": 4.0, "share": 0.5}
    assert claim.sites[1].facts == {}


def test_the_settings_of_the_command_line_win_on_every_target(write, registry):
    path = write(targets={"small": {"set": {"draws": 7}}, "wide": {}})
    claim = open_claim(path, registry, ["draws=9", "task.people=8"])
    assert [(s.study.study.draws, s.study.study.task.options["people"]) for s in claim.sites] == [(9, 8), (9, 8)]
    assert wrong(path, registry, "drows=9")[0].startswith("--set drows=9: drows: unknown key. Did you mean 'draws'")


def test_scores_controls_and_cells(write, registry):
    claim = open_claim(
        write(
            scores=["mrd", {"name": "loss", "seeds": 3}, {"name": "mrd", "sigma": 0.01}],
            cells=False,
            controls={"shuffled": {"statistic": {"name": "mean", "column": "x", "shuffled": True}, "because": "noise"}},
        ),
        registry,
    )
    assert [(s.difficulty.name, dict(s.difficulty.options), s.seeds) for s in claim.scores] == [
        ("mrd", {}, 1),
        ("loss", {}, 3),
        ("mrd", {"sigma": 0.01}, 1),
    ]
    assert not claim.cells
    assert claim.controls == {"shuffled": Mean("x", shuffled=True)}


def test_first_party_statistics_can_be_made():
    """Every name leads to a statistic whose options can be told."""
    for target in STATISTICS.values():
        module, _, attribute = target.partition(":")
        cls = getattr(importlib.import_module(module), attribute)
        assert issubclass(cls, Statistic)
        assert isinstance(cls.unit, str)
        assert "name" not in {option.name for option in describe(cls)}
