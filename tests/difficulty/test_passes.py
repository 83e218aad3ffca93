"""What a difficulty says that it costs is what the ledger counts."""

from __future__ import annotations

import numpy as np
import pytest

from fairforget.run.counting.ledger import Ledger
from fairforget_samplers.difficulty.entanglement import Entanglement
from fairforget_samplers.difficulty.frequency import Frequency
from fairforget_samplers.difficulty.grad_norm import GradNorm
from fairforget_samplers.difficulty.hessian import MrdHessian
from fairforget_samplers.difficulty.initial import MrdInitial
from fairforget_samplers.difficulty.kl import MrdKl
from fairforget_samplers.difficulty.length import Length
from fairforget_samplers.difficulty.lexical_diversity import LexicalDiversity
from fairforget_samplers.difficulty.loss import Loss
from fairforget_samplers.difficulty.memorization import Memorization
from fairforget_samplers.difficulty.monte_carlo import MrdMonteCarlo
from fairforget_samplers.difficulty.mrd import Mrd
from fairforget_samplers.difficulty.mrd_grad import MrdGrad
from fairforget_samplers.difficulty.rare_words import RareWords
from fairforget_samplers.difficulty.reference_loss import ReferenceLoss


@pytest.mark.parametrize(
    "difficulty",
    [
        # A reliability that is never reached: every pass that is allowed is made.
        Mrd(max_forwards=9, reliability=0.999999),
        Mrd(max_forwards=10, reliability=0.999999),
        MrdMonteCarlo(draws=4),
        MrdMonteCarlo(draws=5, absolute="inside"),
        MrdInitial(),
        MrdKl(draws=3),
        MrdGrad(),
        GradNorm(),
        MrdHessian(probes=3, reliability=0.999999),
        MrdHessian(probes=3, reliability=0.999999, estimator="fisher"),
        Loss(),
        Memorization(),
    ],
    ids=repr,
)
def test_the_ledger_counts_as_many(difficulty, model, samples):
    ten, thirty = counted(difficulty, model, samples.take(range(10))), counted(difficulty, model, samples)
    assert thirty - ten == 20 * difficulty.passes() > 0
    # Whether samples can share a backward pass is tried on one or two of them.
    assert 0 <= ten - 10 * difficulty.passes() <= 2 * difficulty.passes()


def test_a_rule_may_end_it_before(model, samples):
    difficulty = Mrd(max_forwards=200, reliability=0.5)
    assert 0 < counted(difficulty, model, samples) < difficulty.passes() * len(samples) == 199 * len(samples)


def counted(difficulty, model, samples):
    ledger = Ledger()
    with ledger.watch(model), ledger.phase("difficulty"):
        difficulty.score(model, samples, np.random.default_rng(0))
    spent = ledger.to_json()["difficulty"]
    return spent["forward_sequences"] + 2 * spent["backward_sequences"]


def test_references_are_passed_too():
    assert Memorization(references=["a", "b"]).passes() == 3
    assert ReferenceLoss(references=["a", "b"], calibrated=True).passes() == 3
    assert ReferenceLoss(references=["a", "b"], calibrated=False).passes() == 2


@pytest.mark.parametrize("difficulty", [Length(), Frequency(), LexicalDiversity(), RareWords()], ids=repr)
def test_what_asks_no_model_costs_nothing(difficulty):
    assert difficulty.passes() == 0


def test_what_depends_on_more_than_the_options_is_not_known():
    assert Entanglement().passes() is None
