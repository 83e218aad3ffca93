"""What is asked of every kind of plugin."""

from __future__ import annotations

from typing import Final

from fairforget.api.plugin import option_parameters
from fairforget.study.options import describe
from fairforget.testing.definition import Check, CheckFailed
from fairforget.testing.examined import Examined

KINDS: Final = ("method", "sampler", "task", "difficulty", "curriculum", "metric")


def loads(examined: Examined) -> None:
    """The class behind the entry can be imported and is of its kind."""
    _ = examined.cls


def options_documented(examined: Examined) -> None:
    """Every option has a type, a text and a default."""
    faults = []
    parameters = option_parameters(examined.cls)
    for option in describe(examined.cls):
        parameter = parameters[option.name]
        if parameter.annotation is parameter.empty:
            faults.append(f"{option.name} has no type")
        elif not option.doc:
            faults.append(f"{option.name} is not described; write Annotated[{option.type}, 'what it is']")
        if option.default is None and option.name not in examined.options:
            faults.append(f"{option.name} has no default")
    if faults:
        raise CheckFailed("\n".join(faults))


COMMON: Final = (
    Check("loads", KINDS, loads),
    Check("options-documented", KINDS, options_documented),
)
