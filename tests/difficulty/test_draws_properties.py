"""Whatever is scored: a right number, by brute force, or the documented error."""

from __future__ import annotations

import copy
import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from transformers import GPT2Config, GPT2LMHeadModel

from fairforget.errors import FairforgetError
from fairforget.lm.passes import token_scores
from fairforget.lm.tokens import SampleSet
from fairforget_samplers.difficulty.extraction_likelihood import ExtractionLikelihood
from fairforget_samplers.difficulty.grad_norm import GradNorm
from fairforget_samplers.difficulty.initial import MrdInitial
from fairforget_samplers.difficulty.kl import MrdKl
from fairforget_samplers.difficulty.monte_carlo import MrdMonteCarlo
from fairforget_samplers.difficulty.mrd import Mrd
from fairforget_samplers.difficulty.mrd_grad import MrdGrad
from fairforget_samplers.difficulty.reasons import NOT_FINITE

VOCABULARY, PAD = 13, 0
LONGEST = 200


@pytest.fixture(scope="module")
def small():
    """A GPT-2 in float64, which computes in it throughout: brute force agrees to the last digits."""
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=VOCABULARY, n_positions=256, n_embd=8, n_layer=1, n_head=2, bos_token_id=1, eos_token_id=1
    )
    return GPT2LMHeadModel(config).double().eval().requires_grad_(requires_grad=False)


tokens = st.integers(0, VOCABULARY - 1)
texts = st.tuples(
    st.lists(tokens, min_size=1, max_size=4), st.integers(0, LONGEST), st.integers(0, 2**32), st.booleans()
)


@st.composite
def sets(draw):
    """Texts of any length, empty ones, ones all of the padding token, and some of them twice."""
    made = draw(st.lists(texts, min_size=1, max_size=4))
    return made + [made[i % len(made)] for i in draw(st.lists(st.integers(0, 3), max_size=2))]


def encoded_set(encoded, described) -> SampleSet:
    made = []
    for i, (prompt, length, seed, padding) in enumerate(described):
        words = np.random.default_rng(seed).integers(2, VOCABULARY, size=length).tolist()
        sample = encoded(f"s{i}", [PAD] * len(prompt) if padding else prompt, [PAD] * length if padding else words)
        made.append(replace(sample, input_ids=sample.input_ids[:-1]) if length else sample)
    return SampleSet(made, pad_id=PAD)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    described=sets(),
    absolute=st.sampled_from(["inside", "outside"]),
    antithetic=st.sampled_from([None, True, False]),
    draws=st.integers(1, 4),
    sigma=st.sampled_from([0.0, 1e-9, 1e-3, 1e-2]),
    seed=st.integers(0, 2**32),
    batch_tokens=st.sampled_from([None, 1, 300]),
)
@example([([2], 0, 0, False)], "outside", None, 2, 1e-3, 0, None)
@example([([2], 200, 0, False), ([2], 1, 0, False), ([2], 1, 0, True)], "outside", None, 2, 1e-3, 0, 1)
def test_a_right_number_or_the_documented_error(
    small, encoded, brute, described, absolute, antithetic, draws, sigma, seed, batch_tokens
):
    samples = encoded_set(encoded, described)
    pairs = antithetic if antithetic is not None else absolute == "outside"
    options = {"absolute": absolute, "antithetic": antithetic, "draws": draws, "batch_tokens": batch_tokens}
    if pairs and draws % 2:
        with pytest.raises(FairforgetError, match="make no pairs"):
            MrdMonteCarlo(**options)
        return
    method = MrdMonteCarlo(**options, sigma=sigma)
    if sigma < 1e-3:
        with pytest.raises(FairforgetError, match="lost in the rounding"):
            method.score(small, samples, np.random.default_rng(seed))
        return
    found = method.score(small, samples, np.random.default_rng(seed))
    empty = np.array([s.length == 0 for s in samples])
    np.testing.assert_array_equal(np.isnan(found.values), empty)
    assert set(found.details["excluded"]) == {s.sample.id for s in samples if not s.length}
    json.dumps(dict(found.details), allow_nan=False)
    if empty.all():
        return
    directions = draws // 2 if pairs else draws
    seeds = [int(x) for x in np.random.default_rng(seed).integers(2**63, size=directions)]
    s = brute.relative_changes(small, [x for x in samples if x.length], seeds, sigma)
    points = np.abs(s) if absolute == "inside" else s
    by_direction = points.mean(1) if pairs else points[:, 0]
    size = np.abs(points).mean((0, 1))  # what is averaged: its mean may cancel to less
    np.testing.assert_allclose(found.values[~empty], np.abs(by_direction.mean(0)), rtol=1e-5, atol=1e-9 * size.max())


@pytest.mark.slow
@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(described=sets(), seed=st.integers(0, 2**32), draws=st.integers(1, 2), full=st.booleans())
def test_the_other_variants_too(small, encoded, brute, described, seed, draws, full):
    samples = encoded_set(encoded, described)
    scope, start = ("full", 1) if full else ("answer", None)
    kl = MrdKl(draws=draws, scope=scope).score(small, samples, np.random.default_rng(seed))
    first = MrdInitial(scope=scope).score(small, samples, np.random.default_rng(seed))
    scored = np.array([len(s.input_ids[: s.end]) > 1 if full else s.length > 0 for s in samples])
    for found in (kl, first):
        np.testing.assert_array_equal(np.isfinite(found.values), scored)
    some = [s for s, yes in zip(samples, scored, strict=True) if yes]
    if some:
        seeds = [int(x) for x in np.random.default_rng(seed).integers(2**63, size=draws)]
        expected = brute.divergences(small, some, seeds, 1e-3, start=start)[:, 0].mean(0)
        np.testing.assert_allclose(kl.values[scored], expected, rtol=1e-5)
        one = [int(np.random.default_rng(seed).integers(2**63, size=1)[0])]
        expected = np.abs(brute.absolute_changes(small, some, one, 1e-3, start=start)[0, 0])
        np.testing.assert_allclose(first.values[scored], expected, rtol=1e-5, atol=1e-9)


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(described=sets(), where=st.integers(0, 11), value=st.sampled_from([np.nan, np.inf, -np.inf]))
def test_broken_weights_give_a_number_or_a_reason(small, encoded, described, where, value):
    samples, broken = encoded_set(encoded, described), copy.deepcopy(small)
    weight = list(broken.parameters())[where % len(list(broken.parameters()))]
    with torch.no_grad():
        weight.view(-1)[where % weight.numel()] = value
    for method in (
        MrdMonteCarlo(draws=2),
        MrdMonteCarlo(draws=2, absolute="inside"),
        Mrd(max_forwards=5),
        MrdKl(draws=2),
    ):
        found = method.score(broken, samples, np.random.default_rng(0))
        missing = {s.sample.id for s, v in zip(samples, found.values, strict=True) if np.isnan(v)}
        assert set(found.details["excluded"]) == missing
        assert not np.isinf(found.values).any()
        json.dumps(dict(found.details), allow_nan=False)


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    described=st.lists(
        st.tuples(st.lists(tokens, min_size=1, max_size=4), st.integers(0, 9), st.integers(0, 99), st.booleans()),
        min_size=1,
        max_size=4,
    ),
    where=st.integers(0, 200),
    value=st.sampled_from([np.nan, np.inf, -np.inf]),
)
def test_broken_weights_give_gradients_and_recitations_or_a_reason(small, encoded, described, where, value):
    """Not even one weight has to be broken for all samples: a row of an embedding breaks some."""
    samples, broken = encoded_set(encoded, described), copy.deepcopy(small)
    weight = list(broken.parameters())[where % len(list(broken.parameters()))]
    with torch.no_grad():
        weight.view(-1)[where % weight.numel()] = value
    for method in (MrdGrad(), GradNorm(), ExtractionLikelihood(n=2)):
        found = method.score(broken, samples, np.random.default_rng(0))
        missing = {s.sample.id for s, v in zip(samples, found.values, strict=True) if np.isnan(v)}
        assert set(found.details["excluded"]) == missing
        assert not np.isinf(found.values).any()
        json.dumps(dict(found.details), allow_nan=False)
    sound = token_scores(broken, samples).logprobs
    bad = {s.sample.id for s, lp in zip(samples, sound, strict=True) if lp.size and not np.isfinite(lp).all()}
    assert {name for name, why in found.details["excluded"].items() if why == NOT_FINITE} == bad


CHILD = """
import copy, os
import numpy as np, torch
from transformers import GPT2Config, GPT2LMHeadModel
from fairforget.api import Sample
from fairforget.lm.tokens import EncodedSample, SampleSet
from fairforget.lm.perturb import Perturbation
from fairforget_samplers.difficulty.monte_carlo import MrdMonteCarlo

torch.manual_seed(0)
model = GPT2LMHeadModel(GPT2Config(vocab_size=13, n_positions=64, n_embd=8, n_layer=1, n_head=2)).eval()
samples = SampleSet([EncodedSample(Sample("a", "", ""), tuple(range(1, 9)), 2, 8)], pad_id=0)
before = copy.deepcopy(model.state_dict())
move, restore, away = Perturbation.move, Perturbation.restore, []

def same():
    after = model.state_dict()
    return all(torch.equal(after[k].view(torch.int32), v.view(torch.int32)) for k, v in before.items())

def told(self, *said):
    move(self, *said)
    Perturbation.move = move
    print("moved", flush=True)

def watched(self):
    away.append(not same())
    restore(self)

Perturbation.move, Perturbation.restore = told, watched
try:
    MrdMonteCarlo(absolute="inside", draws=10**6).score(model, samples, np.random.default_rng(0))
except KeyboardInterrupt:
    print("away," if any(away) else "never away,", "home again" if same() else "still away", flush=True)
    os._exit(0)  # what torch does on its way out is not what is tested
"""


@pytest.mark.slow
def test_a_signal_to_the_process_leaves_every_weight_as_it_was(tmp_path: Path):
    child = subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    assert child.stdout is not None
    assert child.stdout.readline() == "moved\n"
    time.sleep(0.2)
    child.send_signal(signal.SIGINT)
    out, _ = child.communicate(timeout=120)
    assert out == "away, home again\n"
