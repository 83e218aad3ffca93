"""What one use of a weight adds to each sample's gradient, without the gradient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import torch


@dataclass(frozen=True, slots=True, eq=False)
class Outer:
    """A gradient that is a sum of outer products over time: sum_t rows[t] columns[t]^T for each sample.

    A linear layer has its output gradients as rows and its inputs as columns; an embedding has token ids as rows,
    which stand for one-hot vectors, and output gradients as columns.
    """

    rows: torch.Tensor
    """(batch, time, height) float, or (batch, time) int64."""
    columns: torch.Tensor
    """(batch, time, width) float."""
    height: int

    def squared_norm(self) -> torch.Tensor:
        """Return the squared norm of each sample's gradient, (batch,) float64, the cheaper way."""
        time, width = self.columns.shape[1:]
        if time * (self.height + width) < self.height * width or not self.rows.is_floating_point():
            return inner(self, self)
        return self.gradient().square().sum((1, 2), dtype=torch.float64)

    def gradient(self) -> torch.Tensor:
        """Return the gradient itself, (batch, height, width)."""
        if self.rows.is_floating_point():
            return self.rows.transpose(1, 2) @ self.columns
        batch, _, width = self.columns.shape
        index = self.rows.unsqueeze(-1).expand_as(self.columns)
        return self.columns.new_zeros(batch, self.height, width).scatter_add(1, index, self.columns)


@dataclass(frozen=True, slots=True, eq=False)
class Direct:
    """A gradient of its own: of a bias, a norm's scale, or a small layer."""

    value: torch.Tensor
    """(batch, *shape of the weight)."""

    def squared_norm(self) -> torch.Tensor:
        """Return the squared norm of each sample's gradient, (batch,) float64."""
        return self.value.flatten(1).square().sum(1, dtype=torch.float64)

    def gradient(self) -> torch.Tensor:
        """Return the gradient itself."""
        return self.value


Contribution = Outer | Direct


def squared_norm(uses: Sequence[Contribution]) -> torch.Tensor:
    """Return the squared norm of the sum of `uses` of one weight, (batch,) float64; tied weights have several."""
    if len(uses) == 1:
        return uses[0].squared_norm()
    outer = [use for use in uses if isinstance(use, Outer)]
    if len(outer) < len(uses):
        return Direct(torch.stack([use.gradient() for use in uses]).sum(0)).squared_norm()
    total = torch.stack([use.squared_norm() for use in outer]).sum(0)
    return total + 2 * torch.stack([inner(a, b) for a, b in combinations(outer, 2)]).sum(0)


def inner(a: Outer, b: Outer) -> torch.Tensor:
    r"""Return :math:`\langle\sum_t a_t c_t^T,\sum_s b_s d_s^T\rangle=\sum_{ts}(a_t\cdot b_s)(c_t\cdot d_s)`."""
    columns = a.columns @ b.columns.transpose(1, 2)
    return (_row_products(a.rows, b.rows) * columns).sum((1, 2), dtype=torch.float64)


def _row_products(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Return a_t · b_s, (batch, time of a, time of b); ids are one-hot vectors, so they pick or compare."""
    if a.is_floating_point() and b.is_floating_point():
        return a @ b.transpose(1, 2)
    if a.is_floating_point():
        return a.gather(2, b.unsqueeze(1).expand(-1, a.shape[1], -1))
    if b.is_floating_point():
        return _row_products(b, a).transpose(1, 2)
    return a.unsqueeze(2) == b.unsqueeze(1)
