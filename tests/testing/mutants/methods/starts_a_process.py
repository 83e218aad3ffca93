"""Work that another process does."""

from __future__ import annotations

import subprocess
import sys

from fairforget.api import LossMethod

CAUGHT_BY = "starts-no-process"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Healthy):
    def unlearn(self, run):
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        super().unlearn(run)
