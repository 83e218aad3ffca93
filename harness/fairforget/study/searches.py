"""What tuning searches for each row of a board."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from fairforget.api import Search
from fairforget.errors import FairforgetError
from fairforget.study.option_types import Option, options_of

if TYPE_CHECKING:
    from fairforget.study.options import Built
    from fairforget.study.rows import PlannedCurriculum, PlannedMethod
    from fairforget.study.tuning import Tuning

LEARNING_RATE: Final = "optimizer.lr"
OF_CURRICULUM: Final = "curriculum."
"""What the names of a curriculum's options begin with, so that they are none of the method's."""
_AROUND: Final = 10.0
"""The learning rate is searched from a tenth of the row's own to ten times it, unless the study says otherwise."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """One thing that tuning may change."""

    name: str
    """Option of the method, ``curriculum.`` and an option of the curriculum, or ``optimizer.lr``."""
    search: Search
    integer: bool = False

    @property
    def choices(self) -> list[Any]:
        """What there is to choose from, as JSON has it; empty for a range."""
        found: list[Any] = json.loads(json.dumps(self.search.choices))
        return found

    def contains(self, value: object) -> bool:
        """Return whether the search could come upon a value, as JSON has it."""
        if self.search.choices:
            return value in self.choices
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        low, high = self.search.low, self.search.high
        return low is not None and high is not None and low <= value <= high

    def to_json(self) -> dict[str, Any]:
        """Return the form it has in files."""
        if self.search.choices:
            return {"name": self.name, "choices": self.choices}
        return {"name": self.name, "low": self.search.low, "high": self.search.high, "log": self.search.log}

    def __str__(self) -> str:
        """Return it as people read it: ``beta 0.01 … 1 (log)``."""
        return f"{self.name} {self.search}"


@dataclass(frozen=True, slots=True)
class PlannedSearch:
    """A row that is tuned."""

    method: PlannedMethod
    curriculum: PlannedCurriculum
    dimensions: tuple[Dimension, ...]

    @property
    def label(self) -> str:
        """Name of the row, for messages."""
        return f"{self.method.label} + {self.curriculum.label}"

    def defaults(self) -> dict[str, Any]:
        """Return what the row has before tuning, by the name of the dimension."""
        return {dimension.name: self._default(dimension.name) for dimension in self.dimensions}

    def _default(self, name: str) -> Any:
        if name == LEARNING_RATE:
            return self.method.optimizer["lr"]
        if name.startswith(OF_CURRICULUM):
            return self.curriculum.built.to_json()["options"][name.removeprefix(OF_CURRICULUM)]
        return self.method.built.to_json()["options"][name]


def dimensions_of(built: Built, given: Collection[str], prefix: str = "") -> tuple[Dimension, ...]:
    """Return the options of a plugin that its author lets tuning search; those in `given` stay as they are.

    Raises:
        FairforgetError: the author declares a search that the option's own type does not allow.
    """
    options = options_of(type(built.plugin)).values()
    return tuple(
        Dimension(prefix + option.name, _checked(built, option, option.search), option.numbers() == {int})
        for option in options
        if option.search is not None and option.name not in given
    )


def dimensions(tuning: Tuning, method: PlannedMethod, curriculum: PlannedCurriculum | None) -> tuple[Dimension, ...]:
    """Return everything that is searched for a row; nothing for a reference row."""
    if curriculum is None:
        return ()
    return (*method.searched, *curriculum.searched, *_learning_rates(tuning, method.optimizer["lr"]))


def with_tuned(methods: Sequence[PlannedMethod], tuning: Tuning) -> list[PlannedMethod]:
    """Return the methods with those rows apart that are tuned.

    A row with nothing to search stays as it is. What tuning chooses is put in their place when it is known.
    """
    found = []
    for method in methods:
        searched = tuple(c for c in method.curricula if dimensions(tuning, method, c))
        plain = tuple(c for c in method.curricula if tuning.untuned or c not in searched)
        found += [replace(method, curricula=plain)] if plain else []
        found += [replace(method, curricula=searched, tuned=True)] if searched else []
    return found


def has_range_around(tuning: Tuning, own: float) -> bool:
    """Return whether a learning rate can be searched: a tenth may be rounded to 0, and ten times it be infinite."""
    return tuning.lr is not None or (own / _AROUND > 0 and math.isfinite(own * _AROUND))


def _learning_rates(tuning: Tuning, own: float) -> tuple[Dimension, ...]:
    if tuning.lr is False:
        return ()
    low, high = tuning.lr or (own / _AROUND, own * _AROUND)
    return (Dimension(LEARNING_RATE, Search(low, high, log=True)),)


def _checked(built: Built, option: Option, search: Search) -> Search:
    title = f"{built.entry.kind} {built.entry.name!r} ({built.entry.target}): the search of its option {option.name!r}"
    whole = option.numbers() == {int}
    ends = [search.low, search.high]
    if not search.choices and not option.numbers():
        msg = f"{title} is a range, but the option is {option.type_text()}; its author has to give choices"
        raise FairforgetError(msg)
    if not search.choices and whole and any(end is None or not float(end).is_integer() for end in ends):
        msg = f"{title} is over whole numbers, but one of its ends is none; its author has to mend it"
        raise FairforgetError(msg)
    for value in search.choices or [int(end) if whole and end is not None else end for end in ends]:
        try:
            option.adapter().validate_json(json.dumps(value), strict=True)
        except (TypeError, ValueError, ValidationError) as error:
            msg = f"{title} has {value!r}, and the option is {option.type_text()}; its author has to mend it"
            raise FairforgetError(msg) from error
    return search
