"""What the mappings of a study file have in common."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, lt=1)]


class Part(BaseModel):
    """A mapping in a study file."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        ser_json_inf_nan="constants",
        use_attribute_docstrings=True,
    )


def as_tuple(value: Any) -> Any:
    """Return a list as a tuple: what went through Python on its way has lists, where strictness wants tuples."""
    return tuple(value) if isinstance(value, list) else value
