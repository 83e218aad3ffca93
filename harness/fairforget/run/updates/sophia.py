"""Sophia, the second-order optimizer of SOUL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

Squares = Callable[[], Sequence[torch.Tensor]]
"""Returns the diagonal of the Hessian where the weights now are, one tensor a parameter."""


class Sophia(torch.optim.Optimizer):
    r"""Momentum over curvature, clipped weight by weight (Liu et al. 2023, arXiv 2305.14342, Algorithm 3).

    .. math::
        m_t=\beta_1m_{t-1}+(1-\beta_1)g_t,\qquad
        h_t=\beta_2h_{t-k}+(1-\beta_2)\hat h_t\ \text{every}\ k\ \text{updates},\qquad
        \theta_{t+1}=(1-\eta\lambda)\theta_t-\eta\,\mathrm{clip}\Big(\frac{m_t}{\max(\rho h_t,\epsilon)},1\Big)

    Both averages start at zero and are not corrected for it, as in the paper. SOUL (Jia et al. 2024, arXiv 2404.18239)
    puts it under any unlearning loss. Its code departs from the paper: :math:`\hat h_t` is the squared gradient of the
    unlearning loss itself, at every update; :math:`\rho h` is multiplied by a constant, 5120; and the momentum is moved
    twice an update. ``rho: 204.8, betas: [0.81, 0.95], hessian: squared-gradient, hessian_every: 1`` is the same,
    because twice .9 is once .81.
    """

    def __init__(
        self,
        parameters: Sequence[torch.Tensor],
        squares: Squares | None,
        *,
        lr: float,
        betas: tuple[float, float],
        rho: float,
        eps: float,
        weight_decay: float,
        every: int,
    ) -> None:
        """Take the parameters and what estimates their curvature.

        Args:
            parameters: float tensors, any shapes.
            squares: called before the first step and every `every` after it; None = the gradient's square.
            lr: the largest step of a weight.
            betas: decay rates of momentum and curvature.
            rho: curvature counts this many times.
            eps: least denominator.
            weight_decay: decoupled.
            every: steps from one estimate to the next.
        """
        super().__init__(list(parameters), {"lr": lr, "betas": betas, "rho": rho, "eps": eps, "decay": weight_decay})
        self._squares, self._every, self._taken = squares, every, 0

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Take one step along the gradients; parameters without one stay where they are.

        Args:
            closure: as torch has it: computes the gradients anew and returns the loss, which is then returned.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        if self._taken % self._every == 0:
            self._look()
        for group in self.param_groups:
            first = group["betas"][0]
            for p in group["params"]:
                if p.grad is None:
                    continue
                momentum = self._of(p, "momentum").lerp_(p.grad, 1 - first)
                step = momentum / (group["rho"] * self._of(p, "hessian")).clamp_min_(group["eps"])
                p.mul_(1 - group["lr"] * group["decay"]).add_(step.clamp_(-1, 1), alpha=-group["lr"])
        self._taken += 1
        return loss

    def _look(self) -> None:
        parameters = [(p, group["betas"][1]) for group in self.param_groups for p in group["params"]]
        if self._squares is None:
            found = [torch.zeros_like(p) if p.grad is None else p.grad.square() for p, _ in parameters]
        else:
            found = list(self._squares())
        for (p, second), square in zip(parameters, found, strict=True):
            self._of(p, "hessian").lerp_(square, 1 - second)

    def _of(self, p: torch.Tensor, name: str) -> torch.Tensor:
        state: dict[str, torch.Tensor] = self.state[p]
        if name not in state:
            state[name] = torch.zeros_like(p)
        return state[name]
