"""One effect from those of several targets."""

from __future__ import annotations

import math
from collections.abc import Sequence

from fairforget.claims.values import Effect


def pooled(effects: Sequence[Effect]) -> Effect:
    """Return the mean of independent effects, each of its own target.

    The targets are those of the claim, not a sample of all there could be: the interval speaks for them. It is that of
    Zou and Donner (2008, Statistics in Medicine 27, "MOVER"), which keeps the asymmetry of each: the squares of the
    distances from the values to the lower ends add up, and so do those to the upper ends.

    Returns:
        An unknown effect where one of them is unknown: a mean over the targets that happened to work is another one.
    """
    if not effects:
        return Effect.unknown("there is no target")
    lost = [effect for effect in effects if not effect.known]
    n, unit = sum(effect.n for effect in effects), effects[0].unit
    if lost:
        return Effect.unknown(lost[0].problem or "a target has no interval", n, unit)
    size = len(effects)
    value = math.fsum(effect.value for effect in effects) / size
    down = math.sqrt(math.fsum((effect.value - effect.low) ** 2 for effect in effects)) / size
    up = math.sqrt(math.fsum((effect.high - effect.value) ** 2 for effect in effects)) / size
    return Effect(value, value - down, value + up, n, unit, effects[0].level)
