from __future__ import annotations

import copy
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import ortho_group
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from fairforget import FairforgetError
from fairforget.api import Corpus, Sample
from fairforget.lm.states import answer_states
from fairforget.lm.tokens import SampleSet
from fairforget.stats.entanglement import cloud, entanglement, entanglement_score
from fairforget_samplers.difficulty.entanglement import Entanglement
from fairforget_samplers.difficulty.jackknife import jackknife


def rng(seed=0):
    return np.random.default_rng(seed)


def by_hand(forget, retain):
    """The formula, one state at a time."""
    width = len(retain[0])

    def mean(rows):
        return [sum(row[k] for row in rows) / len(rows) for k in range(width)]

    def apart(a, b):
        return sum((x - y) ** 2 for x, y in zip(a, b, strict=True))

    mr, ms = mean(retain), mean(forget)
    m = [(a + b) / 2 for a, b in zip(mr, ms, strict=True)]
    within = sum(apart(r, mr) for r in retain) / len(retain) + sum(apart(f, ms) for f in forget) / len(forget)
    return within / (0.5 * (apart(mr, m) + apart(ms, m)))


def states_by_hand(model, samples):
    """Mean of the backbone's output over the completion's own positions, one sample alone."""
    found = []
    for s in samples:
        with torch.no_grad():
            states = model.base_model(torch.tensor([s.input_ids])).last_hidden_state[0]
        found.append(states[s.start : s.end].double().mean(0).numpy())
    return np.array(found)


def test_the_score_is_the_formula():
    forget, retain = rng().normal(1, 2, (7, 5)), rng(1).normal(0, 1, (11, 5))
    assert entanglement_score(forget, retain) == pytest.approx(by_hand(forget, retain), rel=1e-12)
    # Two points a side on a line: spreads 1 and 1, means 0 and 6, halfway at 3, squared distance 9.
    assert entanglement_score(np.array([[-1.0], [1.0]]), np.array([[5.0], [7.0]])) == pytest.approx(2 / 9)
    assert entanglement_score(np.array([[0.0]]), np.array([[5.0], [7.0]])) == pytest.approx(1 / 9)
    assert entanglement_score(retain, retain) == math.inf


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    forget=arrays(float, st.tuples(st.integers(1, 6), st.just(4)), elements=st.integers(-50, 50).map(float)),
    retain=arrays(float, st.tuples(st.integers(1, 6), st.just(4)), elements=st.integers(-50, 50).map(float)),
    scale=st.floats(1e-3, 1e3),
    seed=st.integers(0, 1000),
)
def test_moving_turning_and_scaling_changes_nothing(forget, retain, scale, seed):
    before = entanglement_score(forget, retain)
    if np.abs(forget.mean(0) - retain.mean(0)).max() < 1e-9:
        return  # in one place: infinite, or as large as rounding makes it
    turn, move = ortho_group.rvs(4, random_state=seed), rng(seed).normal(size=4)
    after = entanglement_score(scale * (forget @ turn) + move, scale * (retain @ turn) + move)
    assert after == pytest.approx(before, rel=1e-6, abs=1e-9)
    assert entanglement_score(retain, forget) == pytest.approx(before, rel=1e-12)


def test_means_apart_by_rounding_alone_are_one():
    retain = rng(1).normal(3, 1, (11, 5))
    nearly = cloud(retain + 1e-9)
    assert math.isfinite(entanglement(nearly, cloud(retain)))
    assert entanglement(nearly, cloud(retain), resolution=1e-8) == math.inf
    apart = cloud(retain + 1)
    assert entanglement(apart, cloud(retain), resolution=1e-8) == entanglement(apart, cloud(retain))


def test_sets_that_cannot_be_compared_are_errors():
    for forget, retain in [(np.empty((0, 3)), np.ones((2, 3))), (np.ones((2, 3)), np.ones(3))]:
        with pytest.raises(ValueError, match="a set of states"):
            entanglement_score(forget, retain)
    with pytest.raises(ValueError, match="one width, not 3 and 2"):
        entanglement(cloud(np.ones((2, 3))), cloud(np.ones((2, 2))))


SIZES = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
ENDS = {"bos_token_id": None, "eos_token_id": None}
MADE = {
    "llama": lambda v: LlamaForCausalLM(LlamaConfig(vocab_size=v, **SIZES, **ENDS)),
    "gpt2": lambda v: GPT2LMHeadModel(GPT2Config(vocab_size=v, n_embd=32, n_layer=2, n_head=4, **ENDS)),
    "gpt-neox": lambda v: GPTNeoXForCausalLM(GPTNeoXConfig(vocab_size=v, **SIZES, **ENDS)),
    "qwen2": lambda v: Qwen2ForCausalLM(Qwen2Config(vocab_size=v, num_key_value_heads=2, **SIZES, **ENDS)),
}


@pytest.mark.parametrize("name", MADE)
def test_states_are_the_backbone_s_at_the_answer_tokens(name, pool, tokenizer):
    with torch.random.fork_rng():
        torch.manual_seed(5)
        model = MADE[name](len(tokenizer))
    model.train()
    found = answer_states(model, pool, batch_tokens=90)
    assert all(module.training for module in model.modules())
    np.testing.assert_allclose(found, states_by_hand(model.eval(), pool), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("of", ["sample", "group", "pool"])
def test_each_sample_gets_the_entanglement_of_its_set(target, pool, encoder, corpus, of):
    found = Entanglement(of=of).score(target, pool, rng())
    retain = states_by_hand(target, encoder.encode(corpus.retain))
    states = states_by_hand(target, pool)
    key = {"sample": lambda s: s.id, "group": lambda s: s.group, "pool": lambda s: ""}[of]
    keys = [key(s.sample) for s in pool]
    expected = [by_hand([x for x, k in zip(states, keys, strict=True) if k == mine], retain) for mine in keys]
    np.testing.assert_allclose(found.values, expected, rtol=1e-3)
    assert found.details["pool"] == pytest.approx(by_hand(states, retain), rel=1e-3)
    assert found.details["retain"] == len(corpus.retain)
    assert len(np.unique(found.values.round(9))) == {"sample": 12, "group": 4, "pool": 1}[of]


def test_a_sample_without_a_group_is_a_set_of_its_own(target, encoder, corpus):
    lone = [replace(s, group=None) for s in corpus.pool[:3]]
    mixed = encoder.encode([*lone, *corpus.pool[3:]], corpus)
    found = Entanglement(of="group").score(target, mixed, rng()).values
    alone = Entanglement(of="sample").score(target, mixed, rng()).values
    np.testing.assert_allclose(found[:3], alone[:3], rtol=1e-9)
    assert not np.allclose(found[3:], alone[3:])


def test_the_retain_set_is_capped_by_a_draw(target, pool, corpus, encoder):
    score = Entanglement(retain=5)
    first, again, other = (score.score(target, pool, rng(seed)).values for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)
    states = states_by_hand(target, encoder.encode(corpus.retain))
    chosen = sorted(rng(1).choice(15, size=5, replace=False))
    expected = [by_hand([s], states[chosen]) for s in states_by_hand(target, pool)]
    np.testing.assert_allclose(first, expected, rtol=1e-3)


def test_a_drawn_retain_set_is_told_by_error_bars_and_a_whole_one_has_none(target, pool, corpus):
    whole = Entanglement().score(target, pool, rng())
    assert whole.stderr is None
    assert whole.reliability is None
    found = [Entanglement(retain=8).score(target, pool, rng(seed)) for seed in range(40)]
    spread = np.std([f.values for f in found], axis=0, ddof=1)
    told = np.median([f.stderr for f in found], axis=0)
    assert np.median(told / spread) == pytest.approx(1, abs=0.5)
    assert all(0 <= f.reliability <= 1 for f in found)
    # All but one of them drawn: hardly anything is left to chance.
    nearly = Entanglement(retain=len(corpus.retain) - 1).score(target, pool, rng())
    assert np.median(nearly.stderr) < np.median(told)


def test_the_error_of_a_mean_is_the_one_of_the_textbook():
    members, of = rng().normal(size=(10, 4)), 40
    error, reliability = jackknife(members.mean(0), lambda rows: members[rows].mean(0), 10, of, rng(1))
    expected = members.std(0, ddof=1) / math.sqrt(10) * math.sqrt(1 - 10 / of)
    np.testing.assert_allclose(error, expected, rtol=1e-9)
    assert 0 <= reliability <= 1
    error, reliability = jackknife(members[0], lambda rows: members[rows].mean(0), 1, of, rng(1))
    assert np.isnan(error).all()
    assert reliability is None


def test_a_retain_set_of_one_says_nothing_and_is_told_of(target, pool, encoder, corpus):
    lone = encoder.encode(corpus.pool, Corpus(corpus.pool, corpus.retain[:1]))
    found = Entanglement().score(target, lone, rng())
    assert not found.values.any()
    assert any("every score is 0" in w for w in found.details["warnings"])
    assert not Entanglement().score(target, pool, rng()).details["warnings"]


def test_nothing_is_changed_and_the_batch_size_changes_little(target, pool):
    before = {name: tensor.clone() for name, tensor in target.state_dict().items()}
    one, other = (Entanglement(batch_tokens=b).score(target, pool, rng()).values for b in (40, 4096))
    np.testing.assert_allclose(one, other, rtol=1e-4)
    assert all(torch.equal(tensor, before[name]) for name, tensor in target.state_dict().items())


def test_what_cannot_be_scored_is_excluded(target, encoder, corpus):
    # A sample of the retain set itself, with a retain set of that one alone, lies in its very centre.
    centre = Corpus(corpus.pool, (replace(corpus.pool[0], id="twin"), replace(corpus.pool[0], id="twin2")))
    samples = encoder.encode([*corpus.pool[:2], Sample("empty", "Who?", "")], centre)
    found = Entanglement().score(target, samples, rng())
    np.testing.assert_array_equal(np.isnan(found.values), [True, False, True])
    assert found.details["excluded"]["empty"] == "no scored tokens"
    assert "very centre" in found.details["excluded"][corpus.pool[0].id]
    nothing = Entanglement().score(target, samples.take([]), rng())
    assert nothing.values.shape == (0,)
    assert nothing.details["pool"] is None
    empty = Entanglement().score(target, samples.take([2]), rng())
    assert np.isnan(empty.values).all()


def test_a_task_without_a_retain_set_is_an_error(target, encoder, corpus, pool):
    with pytest.raises(FairforgetError, match="no retain samples"):
        Entanglement().score(target, encoder.encode(corpus.pool, Corpus(corpus.pool, ())), rng())
    with pytest.raises(FairforgetError, match="no retain set"):
        Entanglement().score(target, SampleSet(list(pool), pad_id=0), rng())
    broken = copy.deepcopy(target)
    with torch.no_grad():
        broken.model.norm.weight.fill_(math.nan)
    with pytest.raises(FairforgetError, match="states of the retain samples are not finite"):
        Entanglement().score(broken, pool, rng())


def test_half_precision_is_close(target, pool):
    full = Entanglement().score(target, pool, rng()).values
    half = Entanglement().score(copy.deepcopy(target).bfloat16(), pool, rng()).values
    assert np.corrcoef(np.log(full), np.log(half))[0, 1] > 0.98
