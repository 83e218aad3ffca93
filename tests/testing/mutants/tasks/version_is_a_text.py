"""Has a text for a version."""

from __future__ import annotations

from fairforget.testing.tiny import TinyTask as Healthy

CAUGHT_BY = "version-is-an-integer"


class Mutant(Healthy):
    version = "1"
