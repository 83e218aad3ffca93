"""What every class behind an entry has in common: its constructor parameters are its options."""

from __future__ import annotations

import inspect
from typing import Any


class Plugin:
    """Base of everything an `Entry` can point at.

    The constructor stores its parameters under their own names and does nothing else, so that a plugin can be
    described, validated, hashed and cloned without running. A frozen dataclass is the short way to write one::

        @dataclass(frozen=True)
        class Sleepy(LossMethod):
            beta: Annotated[float, "inverse temperature"] = 0.1

    The first string inside ``Annotated`` documents the option; pydantic constraints (``Field(gt=0)``) are checked.
    """

    def options(self) -> dict[str, Any]:
        """Return every option with its value, defaults written out, in the order of the constructor."""
        return {name: getattr(self, name) for name in option_parameters(type(self))}


def option_parameters(cls: type) -> dict[str, inspect.Parameter]:
    """Return the constructor parameters of a plugin class, in order, without ``self``.

    Raises:
        TypeError: the constructor takes ``*args`` or ``**kwargs``, whose names nobody could document or validate.
    """
    if cls.__init__ is object.__init__:  # type: ignore[misc]
        return {}
    parameters = dict(inspect.signature(cls).parameters)
    for parameter in parameters.values():
        if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}:
            msg = f"{cls.__module__}:{cls.__qualname__} takes {parameter}; options must be named one by one"
            raise TypeError(msg)
    return parameters
