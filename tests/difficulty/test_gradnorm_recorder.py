"""The recorder on batches that `SampleSet` does not make, and gradients of logits by formula."""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, GPT2Config, GPTNeoXConfig, Qwen2Config

from fairforget.lm.gradients.layers import UnsupportedLayer
from fairforget.lm.gradients.logit_gradient import ObjectiveGradient
from fairforget.lm.gradients.recorder import Recorder
from fairforget.lm.tokens import TokenBatch
from fairforget.lm.weights import weights

SIZES = {"vocab_size": 97, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
SPECIAL = {"pad_token_id": 0, "bos_token_id": None, "eos_token_id": 1}


@contextmanager
def recording(model):
    model.requires_grad_(requires_grad=False)
    recorder = Recorder(model, weights(model))
    try:
        yield recorder
    finally:
        recorder.close()


def padded(samples, side):
    """Ids, mask, positions and labels of samples, padded on one side."""
    width = max(len(s.input_ids) for s in samples)
    ids, labels = torch.zeros(len(samples), width, dtype=torch.long), torch.full((len(samples), width), -100)
    mask = torch.zeros(len(samples), width, dtype=torch.long)
    for row, s in enumerate(samples):
        own = torch.tensor(s.input_ids)
        at = width - len(own) if side == "left" else 0
        ids[row, at : at + len(own)], mask[row, at : at + len(own)] = own, 1
        labels[row, at + s.start : at + s.end] = own[s.start : s.end]
    return ids, mask, (mask.cumsum(-1) - 1).clamp_min(0), labels


def losses(model, ids, mask, positions, labels):
    logits = model(input_ids=ids, attention_mask=mask, position_ids=positions, use_cache=False).logits[:, :-1]
    scored, target = labels[:, 1:] != -100, labels[:, 1:].clamp_min(0).unsqueeze(-1)
    # -log p as softplus(-log-odds): `log_softmax` takes 1 - p from p, in float32 off by 1e-4 where p is .998.
    others = logits.scatter(-1, target, -torch.inf).logsumexp(-1)
    nll = torch.nn.functional.softplus(others - logits.gather(-1, target).squeeze(-1))
    return (nll * scored).sum(-1) / scored.sum(-1).clamp_min(1)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_padding_on_either_side(model, samples, brute, side, attention):
    model.set_attn_implementation(attention)
    few = samples.take([0, 4, 9, 14, 22])
    expected = [brute.gradient_norm(model, s, lambda p: -p.mean()) for s in few]
    with recording(model) as recorder:
        recorder.begin(len(few))
        found = recorder.backward(losses(model, *padded(few, side)).sum())
    np.testing.assert_allclose(found.sqrt(), expected, rtol=1e-5)


OTHERS = {
    "gpt2": GPT2Config(vocab_size=97, n_embd=32, n_layer=2, n_head=4, n_positions=64, **SPECIAL),
    "gpt-neox": GPTNeoXConfig(**SIZES, **SPECIAL),
    "qwen2": Qwen2Config(num_key_value_heads=2, **SIZES, **SPECIAL),
}


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("name", OTHERS)
def test_padding_on_either_side_of_other_architectures(name, samples, brute, side):
    torch.manual_seed(3)
    other = AutoModelForCausalLM.from_config(OTHERS[name]).eval()
    few = samples.take([0, 4, 9, 14, 22])
    expected = [brute.gradient_norm(other, s, lambda p: -p.mean()) for s in few]
    with recording(other) as recorder:
        recorder.begin(len(few))
        found = recorder.backward(losses(other, *padded(few, side)).sum())
    np.testing.assert_allclose(found.sqrt(), expected, rtol=1e-5)


def test_a_row_of_padding_counts_nothing_and_changes_nothing(model, samples, brute):
    few = samples.take([0, 4, 9])
    ids, mask, positions, labels = (torch.cat([t, t[:1] * 0]) for t in padded(few, "right"))
    labels[-1] = -100
    expected = [brute.gradient_norm(model, s, lambda p: -p.mean()) for s in few]
    with recording(model) as recorder:
        recorder.begin(4)
        found = recorder.backward(losses(model, ids, mask, positions, labels).sum())
    np.testing.assert_allclose(found.sqrt(), [*expected, 0], rtol=1e-5)


def test_passes_of_different_sizes_and_one_that_was_broken_off(model, samples, brute):
    expected = [brute.gradient_norm(model, s, lambda p: -p.mean()) for s in samples.take([0, 4, 9])]
    with recording(model) as recorder:
        recorder.begin(2)
        losses(model, *padded(samples.take([3, 5]), "right"))  # never gone back through
        for some in ([0, 4, 9], [4], [9, 0]):
            recorder.begin(len(some))
            found = recorder.backward(losses(model, *padded(samples.take(some), "right")).sum())
            np.testing.assert_allclose(found.sqrt(), [expected[[0, 4, 9].index(i)] for i in some], rtol=1e-5)
        with torch.no_grad():
            model(torch.tensor([[3, 4, 5]]))  # nobody watches


def test_an_exception_in_a_layer_leaves_its_weights_in_place(model, samples):
    names = [name for name, _ in model.named_parameters()]
    parameters = [id(p) for p in model.parameters()]

    def interfere(*_: object) -> None:
        raise KeyError("injected")

    with recording(model) as recorder:
        norm = model.model.layers[1].input_layernorm
        norm.forward = interfere
        recorder.begin(1)
        with pytest.raises(KeyError, match="injected"):
            losses(model, *padded(samples.take([0]), "right"))
        assert norm.weight is dict(model.named_parameters())["model.layers.1.input_layernorm.weight"]
    assert [name for name, _ in model.named_parameters()] == names
    assert [id(p) for p in model.parameters()] == parameters
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_rows_that_are_not_samples_are_noticed(model, samples):
    ids, mask, positions, labels = padded(samples.take([0, 4]), "right")
    with recording(model) as recorder:
        recorder.begin(3)
        loss = losses(model, ids, mask, positions, labels).sum()
        with pytest.raises(UnsupportedLayer, match="one row a sample"):
            recorder.backward(loss)


@settings(derandomize=True, deadline=None, max_examples=80)
@given(data=st.data())
def test_gradients_of_logits_equal_autograd_in_float64(data):
    """Also where tokens are certain, alone in the vocabulary, or not scored."""
    rows, width, vocabulary = (data.draw(st.integers(1, 4)) for _ in range(3))
    seed, spread = data.draw(st.integers(0, 10**6)), data.draw(st.sampled_from([0.1, 3.0, 40.0]))
    rng = torch.Generator().manual_seed(seed)
    logits = spread * torch.randn(rows, width, vocabulary, generator=rng, dtype=torch.float64)
    labels = torch.randint(vocabulary, (rows, width + 1), generator=rng)
    labels[torch.rand(labels.shape, generator=rng) < 0.3] = -100
    batch = TokenBatch(tuple(map(str, range(rows))), labels, labels, labels)
    mask = labels[:, 1:] != -100

    def objective(found):
        return (found.values * torch.where(found.mask, 1 / found.values.detach().abs().clamp_min(1e-300), 0)).sum(-1)

    leaf = logits.clone().requires_grad_()
    target = labels[:, 1:].clamp_min(0).unsqueeze(-1)
    rest = (leaf - leaf.gather(-1, target)).scatter(-1, target, -torch.inf)
    others = torch.logsumexp(rest, -1) if vocabulary > 1 else torch.full(mask.shape, -torch.inf, dtype=leaf.dtype)
    plain = -torch.nn.functional.softplus(others, threshold=1e9)  # no jump in the derivative
    loss = (plain * mask / plain.detach().abs().clamp_min(1e-300)).sum()
    (expected,) = torch.autograd.grad(loss, leaf, allow_unused=True) if loss.requires_grad else (None,)
    gradient = ObjectiveGradient(objective)
    found = gradient(logits, mask, batch)
    torch.testing.assert_close(found, torch.zeros_like(logits) if expected is None else expected, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(gradient(logits.float(), mask, batch).double(), found, rtol=1e-4, atol=1e-5)


def test_certain_tokens_are_counted_once_however_often_they_are_seen(model, samples):
    batch = samples.take([0, 1]).batch(eos=False)
    gradient = ObjectiveGradient(lambda found: found.values.sum(-1))
    logits = torch.zeros(*batch.labels[:, 1:].shape, 97)
    logits.scatter_(-1, batch.input_ids[:, 1:, None], 20.0)  # 1 - p is 2e-7
    where = batch.labels[:, 1:] != -100
    for _ in range(2):
        gradient(logits, where, batch)
    assert gradient.certain(model, samples.take([0, 1])) == (samples[0].length + samples[1].length, 0)
    assert gradient.certain(model, samples.take([0])) == (samples[0].length, 0)
    nothing_beside = logits.masked_fill(logits == 0, -torch.inf)
    found = gradient(nothing_beside, where, batch)
    assert (found == 0).all()
    assert gradient.certain(model, samples.take([0]))[1] == samples[0].length


def test_what_is_not_a_number_stays_with_its_sample(model, samples):
    batch = samples.take([0, 1]).batch(eos=False)
    where = batch.labels[:, 1:] != -100
    logits = torch.randn(*where.shape, 97, generator=torch.Generator().manual_seed(0))
    gradient = ObjectiveGradient(lambda found: found.nll("mean"))
    expected = gradient(logits, where, batch)
    for bad in (torch.nan, torch.inf, -torch.inf):
        broken = logits.clone()
        broken[0, samples[0].start - 1, samples[0].input_ids[samples[0].start]] = bad
        found = gradient(broken, where, batch)
        assert not torch.isfinite(found[0]).all() or bad == torch.inf  # p = 1 is a number
        torch.testing.assert_close(found[1], expected[1])
