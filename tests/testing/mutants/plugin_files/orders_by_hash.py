"""A task whose pool has the order of a set: the same in one process, another in the next."""

from __future__ import annotations

from dataclasses import replace

from fairforget import Entry, hookimpl
from fairforget.testing.tiny import TinyTask


@hookimpl
def fairforget_tasks():
    return [Entry("mutant", ":Mutant"), Entry("healthy", ":Healthy")]


class Healthy(TinyTask):
    pass


class Mutant(TinyTask):
    def corpus(self):
        found = super().corpus()
        samples = {sample.id: sample for sample in found.pool}
        return replace(found, pool=tuple(samples[name] for name in set(samples)))
