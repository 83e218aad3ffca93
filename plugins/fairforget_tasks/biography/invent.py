"""Invented words and names: pronounceable, and never the same one twice."""

from __future__ import annotations

import random
from typing import Final

_ONSETS: Final = "b d f g h j k l m n p r s t v w z br dr fl gr kl pr st tr".split()
_VOWELS: Final = "a e i o u".split()
_ENDS: Final = "l m n r s x nd rt lk th".split()
_RARE_ENDS: Final = "ble fen gorn lix mott phex quill sque thorp vane wick zarn".split()


class Inventor:
    """Makes words; remembers what it has made so that none is repeated."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._made: set[str] = set()

    def name(self, syllables: int) -> str:
        """Return a new capitalised name, such as ``Dravunth``."""
        return self._new(syllables, _ENDS).capitalize()

    def rare_word(self) -> str:
        """Return a new lower-case word that looks like no name and no ordinary word, such as ``brovequill``."""
        return self._new(2, _RARE_ENDS)

    def _new(self, syllables: int, ends: list[str]) -> str:
        while True:
            parts = [self._rng.choice(_ONSETS) + self._rng.choice(_VOWELS) for _ in range(syllables)]
            word = "".join([*parts, self._rng.choice(ends)])
            if word not in self._made:
                self._made.add(word)
                return word
