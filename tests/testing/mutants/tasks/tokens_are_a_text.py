"""Says in words how long an answer may be."""

from __future__ import annotations

from dataclasses import replace

from fairforget.api import PluginSpec
from fairforget.testing.tiny import TinyTask as Healthy

CAUGHT_BY = "columns-can-be-measured"


class Mutant(Healthy):
    def metrics(self):
        return [replace(use, metric=PluginSpec("rouge-l")) for use in super().metrics()]

    def max_new_tokens(self):
        return "many"
