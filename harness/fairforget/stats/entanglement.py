"""How close two sets of samples lie in a model's own view of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class Cloud:
    """A set of states."""

    mean: np.ndarray
    """(width,)."""
    spread: float
    """Mean squared distance of the states from their mean."""


def cloud(states: np.ndarray) -> Cloud:
    """Return centre and spread of `states`, (n, width).

    Raises:
        ValueError: there is none.
    """
    states = np.asarray(states, dtype=np.float64)
    if states.ndim != 2 or not len(states):
        msg = f"a set of states is (n, width) with n > 0, not {states.shape}"
        raise ValueError(msg)
    mean = states.mean(0)
    return Cloud(mean, float(((states - mean) ** 2).sum(1).mean()))


def entanglement_score(forget_states: np.ndarray, retain_states: np.ndarray) -> float:
    """Return the entanglement score of two sets of states, (forget, width) and (retain, width); see `entanglement`.

    Raises:
        ValueError: a set is empty, or the widths differ.
    """
    return entanglement(cloud(forget_states), cloud(retain_states))


def entanglement(forget: Cloud, retain: Cloud, *, resolution: float = 0.0) -> float:
    r"""Return the entanglement score of a forget set with a retain set; infinite where their means are one.

    Means no further apart than `resolution`, in the states' own unit, are one: the same text in another batch has
    states that differ by rounding, and how much is the machine's affair.

    .. math::
        \mathrm{ES} = \frac{\frac1{|R|}\sum_{i\in R}\lVert\phi_i-\mu_R\rVert^2
            + \frac1{|S|}\sum_{j\in S}\lVert\phi_j-\mu_S\rVert^2}
            {\frac12\big(\lVert\mu_R-\mu\rVert^2+\lVert\mu_S-\mu\rVert^2\big)}, \qquad \mu=\tfrac12(\mu_R+\mu_S)

    Zhao et al. 2024 (arXiv 2406.01257); the unweighted mean for :math:`\mu` is that of their code. Moving, turning or
    scaling all states together does not change it.

    Raises:
        ValueError: the widths differ.
    """
    if forget.mean.shape != retain.mean.shape:
        msg = f"states of one model have one width, not {len(forget.mean)} and {len(retain.mean)}"
        raise ValueError(msg)
    if float(np.linalg.norm(forget.mean - retain.mean)) <= resolution:
        return float("inf")
    middle = (forget.mean + retain.mean) / 2
    between = float(((forget.mean - middle) ** 2).sum() + ((retain.mean - middle) ** 2).sum()) / 2
    return (forget.spread + retain.spread) / between if between > 0 else float("inf")
