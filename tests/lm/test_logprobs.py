from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import log_softmax

from fairforget.lm.logprobs import exclusive_logprobs, label_logprobs


@given(st.integers(0, 2**32 - 1), st.integers(2, 40), st.floats(0.01, 50))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_agrees_with_scipy_in_float64(seed, vocabulary, scale):
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, scale, (7, vocabulary)).astype(np.float32)
    targets = rng.integers(0, vocabulary, 7)
    expected = log_softmax(logits.astype(np.float64), axis=-1)[np.arange(7), targets]
    found = exclusive_logprobs(torch.tensor(logits), torch.tensor(targets)).double().numpy()
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=1e-9)


@pytest.mark.parametrize("margin", [15.0, 20.0, 30.0, 60.0])
def test_keeps_what_float32_log_softmax_rounds_to_zero(margin):
    logits, target = torch.zeros(1, 50), torch.tensor([3])
    logits[0, 3] = margin + 4
    if margin >= 20:
        assert torch.log_softmax(logits, -1)[0, 3] == 0
    expected = -np.log1p(49 * np.exp(-(margin + 4)))
    assert exclusive_logprobs(logits, target).item() == pytest.approx(expected, rel=1e-5)
    assert expected < 0


def test_low_precision_logits_are_reduced_in_float32():
    logits = torch.randn(5, 60, generator=torch.Generator().manual_seed(0)).bfloat16()
    targets = torch.arange(5)
    expected = torch.log_softmax(logits.double(), -1)[torch.arange(5), targets]
    torch.testing.assert_close(exclusive_logprobs(logits, targets), expected.float(), rtol=1e-6, atol=1e-6)


def test_labels_are_shifted_and_the_rest_is_zero():
    logits = torch.randn(2, 4, 9, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([[5, 6, -100, 7], [-100, -100, -100, 8]])
    found = label_logprobs(logits, labels)
    assert found.mask.tolist() == [[True, False, True], [False, False, True]]
    plain = torch.log_softmax(logits, -1)
    expected = torch.tensor([[plain[0, 0, 6], 0, plain[0, 2, 7]], [0, 0, plain[1, 2, 8]]])
    torch.testing.assert_close(found.values, expected)
