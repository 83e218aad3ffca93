"""Tells somebody about every measurement."""

from __future__ import annotations

import contextlib
import socket

from fairforget_tasks.metrics.probability import Probability as Healthy

CAUGHT_BY = "no-network"


class Mutant(Healthy):
    def measure(self, subject):
        with contextlib.suppress(OSError):
            socket.create_connection(("192.0.2.1", 80), timeout=0.1).close()
        return super().measure(subject)
