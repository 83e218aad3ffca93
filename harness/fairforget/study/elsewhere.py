"""Models that were made elsewhere, in the cells of a plan: found, described, and complained of all at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from fairforget.api import CameBack, MadeElsewhere, Wanted
from fairforget.errors import FairforgetError
from fairforget.store.jsonable import jsonable
from fairforget.study.rows import PlannedMethod

if TYPE_CHECKING:
    from fairforget.study.plan import Plan

_MOST: Final = 10
"""Faults that a message lists."""


def wanted_of(draw: Mapping[str, Any], seed: int, target: str) -> Wanted:
    """Return which model a cell wants.

    Args:
        draw: as in a cell.
        seed: of the cell.
        target: id of the target.
    """
    return Wanted(draw["digest"], draw["stratum"], draw["index"], seed, target)


def described(found: CameBack) -> dict[str, Any]:
    """Return what a cell says of a model that came back: all that changes a score, and whose row it is."""
    content, _ = jsonable(dict(found.content))
    return {"made_by": found.made_by, "content": content}


@dataclass(slots=True)
class Returns:
    """Finds the models of the cells of a plan."""

    target: str
    """Id of the target."""
    _faults: list[str] = field(default_factory=list)
    _makers: dict[str, set[str]] = field(default_factory=dict)
    """Label of a row -> what is said to have made its models."""

    def of(self, method: PlannedMethod, draw: Mapping[str, Any], seed: int) -> dict[str, Any]:
        """Return what stands in a cell of the method beside its name and options; nothing where it runs here."""
        plugin = method.built.plugin
        if not isinstance(plugin, MadeElsewhere):
            return {}
        try:
            found = plugin.find(wanted_of(draw, seed, self.target))
        except FairforgetError as error:
            self._faults.append(f"{method.label}, stratum {draw['stratum']!r}, draw {draw['index']}: {error}")
            return {}
        self._makers.setdefault(method.label, set()).add(found.made_by)
        options = method.built.to_json()["options"]
        return {"brought": described(found), "paths": sorted(options.keys() & set(plugin.places))}

    def check(self) -> None:
        """Say what is wrong with the models that were asked for.

        Raises:
            FairforgetError: some are missing or not what they should be, or rows cannot be told apart.
        """
        faults = list(dict.fromkeys(self._faults))
        for label, makers in self._makers.items():
            if len(makers) > 1:
                names = ", ".join(sorted(map(repr, makers))[:5])
                faults.append(f"{label}: its models are declared to be made by {names}; a row has one method")
        owners: dict[str, str] = {}
        for label, makers in self._makers.items():
            faults += [
                f"{label} and {owners[maker]}: the models of both are declared to be made by {maker!r}; declare "
                "different methods, or leave one row out"
                for maker in sorted(makers)
                if owners.setdefault(maker, label) != label
            ]
        if faults:
            more = [f"… and {len(faults) - _MOST} more"] if len(faults) > _MOST else []
            raise FairforgetError("\n".join([*faults[:_MOST], *more]))


def check_elsewhere(plan: Plan) -> None:
    """Find out before anything runs whether models that are to come from elsewhere can be there at all.

    Raises:
        FairforgetError: they cannot; one line for each row.
    """
    faults = []
    for method in plan.methods:
        if isinstance(method.built.plugin, MadeElsewhere):
            try:
                method.built.plugin.check()
            except FairforgetError as error:
                faults.append(f"{method.label}: {error}")
    if faults:
        raise FairforgetError("\n".join(faults))
