"""Every forget sample once an epoch, in random order."""

from __future__ import annotations

from dataclasses import dataclass

from fairforget.api import Curriculum


@dataclass(frozen=True)
class Uniform(Curriculum):
    """A new random permutation every epoch; the same one for every method on the same draw and seed."""
