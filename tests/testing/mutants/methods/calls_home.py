"""A look for a newer version, whose failure nobody notices."""

from __future__ import annotations

import contextlib
import socket

from fairforget.api import LossMethod

CAUGHT_BY = "no-network"


class Healthy(LossMethod):
    def loss(self, model, batch):
        return -batch.forget.nll(model) + batch.retain.nll(model)


class Mutant(Healthy):
    def unlearn(self, run):
        with contextlib.suppress(OSError):
            socket.create_connection(("192.0.2.1", 80), timeout=0.1).close()
        super().unlearn(run)
