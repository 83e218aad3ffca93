"""What a study file may say of the modules that get an adapter."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from fairforget.study.part import as_tuple


def _usable(value: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
    """Return the value.

    Raises:
        ValueError: no module could have such a name.
    """
    if value is None:
        return None
    if not value or "" in ((value,) if isinstance(value, str) else value):
        msg = "names no module; write the names of some, or remove the key for what peft chooses for the architecture"
        raise ValueError(msg)
    if isinstance(value, str):
        try:
            re.compile(value)
        except re.error as error:
            msg = (
                f"must be a list of names, a regular expression or all-linear; {value!r} is no regular expression: "
                f"{error}"
            )
            raise ValueError(msg) from error
    return value


TargetModules = Annotated[str | tuple[str, ...] | None, BeforeValidator(as_tuple), AfterValidator(_usable)]
"""Names, a regular expression that fits whole names, or ``all-linear``."""
