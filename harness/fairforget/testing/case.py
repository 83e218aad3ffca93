"""The size of a cell that a check runs, and the search for the smallest one that shows a failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

Architecture = Literal["llama", "gpt2"]
Lengths = Literal["equal", "ragged"]


@dataclass(frozen=True, slots=True)
class Case:
    """One cell of the tiny task; its fields are arguments of the fixture ``run_cell``."""

    architecture: Architecture = "llama"
    lengths: Lengths = "equal"
    """Whether all texts have as many tokens."""
    samples: int = 4
    """To forget."""
    batch_size: int = 2
    updates: int = 3
    seed: int = 0

    def __str__(self) -> str:
        """Return the arguments of ``run_cell`` that make this cell."""
        return ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in fields(self))

    def smaller(self) -> Iterator[Case]:
        """Yield the cells that are one step simpler, the greatest steps first."""
        for name, least in (("updates", 1), ("samples", 1), ("batch_size", 1)):
            now: int = getattr(self, name)
            for value in dict.fromkeys((least, now // 2, now - 1)):
                if least <= value < now:
                    change: dict[str, Any] = {name: value}
                    yield replace(self, **change)
        if self.lengths != "equal":
            yield replace(self, lengths="equal")
        if self.architecture != "llama":
            yield replace(self, architecture="llama")


Wrong = Callable[[Case], "str | None"]
"""Says what is wrong in a cell, or None."""


def smallest(wrong: Wrong, case: Case, *, tries: int = 12) -> tuple[str, Case] | None:
    """Return what is wrong and the smallest cell found that shows it; None where `case` shows nothing.

    Greedy: the first smaller cell that still fails is taken, until none does or so many were tried.
    """
    message = wrong(case)
    if message is None:
        return None
    left = tries
    going = True
    while going:
        going = False
        for candidate in case.smaller():
            if left == 0:
                break
            left -= 1
            found = wrong(candidate)
            if found is not None:
                message, case, going = found, candidate, True
                break
    return message, case
