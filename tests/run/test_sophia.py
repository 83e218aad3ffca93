"""Sophia against its algorithm and SOUL's code, written out in numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fairforget.run.updates.sophia import Sophia

STEPS = 12


def gradients(seed: int) -> np.ndarray:
    """Of very different sizes from weight to weight, some of them zero."""
    rng = np.random.default_rng(seed)
    found = rng.standard_normal((STEPS, 7)) * 10.0 ** rng.integers(-6, 2, size=7)
    found[:, 3] = 0
    return found


def taken(grads: np.ndarray, squares: np.ndarray | None, start: np.ndarray, **settings: object) -> np.ndarray:
    """Return the weights after every step, (steps, n)."""
    parameters = [
        torch.tensor(start[:4], requires_grad=True),
        torch.tensor(start[4:].reshape(1, 3), requires_grad=True),
    ]
    asked = iter([] if squares is None else squares)

    def split(row: np.ndarray) -> list[torch.Tensor]:
        return [torch.tensor(row[:4]), torch.tensor(row[4:].reshape(1, 3))]

    parameters = [part.clone().requires_grad_() for part in split(start)]
    optimizer = Sophia(parameters, None if squares is None else lambda: split(next(asked)), **settings)
    path = []
    for grad in grads:
        for p, g in zip(parameters, split(grad), strict=True):
            p.grad = g
        optimizer.step()
        path.append(np.concatenate([p.detach().numpy().ravel() for p in parameters]))
    return np.array(path)


@settings(derandomize=True, deadline=None, max_examples=40)
@given(
    st.integers(0, 2**32),
    st.floats(0, 0.99),
    st.floats(0, 0.999),
    st.floats(1e-3, 100),
    st.floats(0, 0.5),
    st.sampled_from([1, 2, 5, 100]),
)
def test_algorithm_3(seed, first, second, rho, decay, every):
    """Liu et al. 2023, line by line: the estimate of a step comes before the step, and is kept until the next."""
    grads, lr, eps = gradients(seed), 1e-2, 1e-12
    rng = np.random.default_rng(seed)
    estimates, start = rng.exponential(size=(STEPS, 7)), rng.standard_normal(7)
    theta, m, h = start.copy(), np.zeros(7), np.zeros(7)
    expected = []
    for t in range(STEPS):
        m = first * m + (1 - first) * grads[t]
        if t % every == 0:
            h = second * h + (1 - second) * estimates[t // every]
        theta = theta - lr * decay * theta
        theta = theta - lr * np.clip(m / np.maximum(rho * h, eps), -1, 1)
        expected.append(theta)
    found = taken(
        grads, estimates, start, lr=lr, betas=(first, second), rho=rho, eps=eps, weight_decay=decay, every=every
    )
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("seed", range(3))
def test_what_souls_code_does_can_be_asked_for(seed):
    """Its step: the squared gradient into the Hessian, the gradient into the momentum twice, 5120 rho."""
    grads, lr, rho, low, high, decay = gradients(seed), 5e-6, 0.04, 0.9, 0.95, 0.1
    start = np.random.default_rng(seed).standard_normal(7)
    theta, average, hessian = start.copy(), np.zeros(7), np.zeros(7)
    expected = []
    for g in grads:
        hessian = hessian * high + (1 - high) * g * g
        average = average * low + (1 - low) * g
        theta = theta * (1 - lr * decay)
        average = average * low + (1 - low) * g
        ratio = np.minimum(np.abs(average) / (rho * 5120 * hessian + 1e-15), 1)
        theta = theta - lr * np.sign(average) * ratio
        expected.append(theta)
    found = taken(grads, None, start, lr=lr, betas=(0.81, 0.95), rho=204.8, eps=1e-15, weight_decay=decay, every=1)
    np.testing.assert_allclose(found - start, np.array(expected) - start, rtol=1e-5, atol=1e-13)


def test_no_weight_moves_more_than_the_learning_rate():
    path = taken(
        gradients(0), np.full((STEPS, 7), 1e-9), np.zeros(7), lr=1e-3, betas=(0.9, 0.95), rho=0.04, eps=1e-12,
        weight_decay=0.0, every=1,
    )  # fmt: skip
    moved = np.abs(np.diff(path, axis=0, prepend=np.zeros((1, 7))))
    assert moved.max() == pytest.approx(1e-3)
    assert (moved[:, 3] == 0).all(), "no gradient, no step, however flat"


def test_a_parameter_without_a_gradient_stays():
    with_one, without = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    settings = {"lr": 0.1, "betas": (0.9, 0.95), "rho": 1.0, "eps": 1e-12, "weight_decay": 0.1, "every": 1}
    optimizer = Sophia([with_one, without], None, **settings)
    with_one.grad = torch.ones(2)
    optimizer.step()
    assert torch.equal(without, torch.ones(2))
    assert not torch.equal(with_one, torch.ones(2))


def test_a_closure_is_run_first():
    weight = torch.ones(1, requires_grad=True)
    settings = {"lr": 0.1, "betas": (0.0, 0.0), "rho": 1.0, "eps": 1e-12, "weight_decay": 0.0, "every": 1}
    optimizer = Sophia([weight], None, **settings)

    def closure():
        loss = weight.square().sum() * 2
        loss.backward()
        return loss

    assert optimizer.step(closure) == 2
    assert weight.item() == pytest.approx(1 - 0.1 * 4 / 16), "gradient 4, its square 16"
