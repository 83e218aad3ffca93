"""Sets the threads of the process."""

from __future__ import annotations

import torch

from fairforget_samplers.difficulty.loss import Loss as Healthy

CAUGHT_BY = "changes-no-settings"


class Mutant(Healthy):
    def score(self, model, samples, rng):
        torch.set_num_threads(torch.get_num_threads() + 1)
        return super().score(model, samples, rng)
