"""A thread that prefetches on after the scores are there."""

from __future__ import annotations

import threading

from fairforget_samplers.difficulty.loss import Loss as Healthy

CAUGHT_BY = "changes-no-settings"


class Mutant(Healthy):
    def score(self, model, samples, rng):
        threading.Thread(target=threading.Event().wait, args=(20,), daemon=True).start()
        return super().score(model, samples, rng)
