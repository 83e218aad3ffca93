"""Plugins as a study file names them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fairforget.api.spec import PluginSpec
from fairforget.study.places import shown


def parse_spec(value: Any, *, what: str = "plugin") -> PluginSpec:
    """Return the plugin that ``name`` or ``{name: …, option: …}`` stands for; `what` is what messages call it.

    Raises:
        ValueError: it is neither; the message says what was wanted.
    """
    if isinstance(value, PluginSpec):
        return value
    if isinstance(value, str) and value:
        return PluginSpec(value)
    if isinstance(value, Mapping):
        name = value.get("name")
        if isinstance(name, str) and name:
            return PluginSpec(name, {k: v for k, v in value.items() if k != "name"})
        msg = f"has no name; write {{name: …}} with the {what}'s options beside it"
        raise ValueError(msg)
    msg = f"must be the name of a {what}, or a mapping with its name and options, not {shown(value)}"
    raise ValueError(msg)


def study_name(value: str) -> str:
    """Return the name of a study, which is also the name of a folder.

    Raises:
        ValueError: it is no slug.
    """
    if len(value) > 80 or not re.fullmatch(r"[a-z0-9]+([._-][a-z0-9]+)*", value):
        msg = f"must be lower-case letters and digits, joined by '-', '_' or '.', at most 80, not {shown(value)}"
        raise ValueError(msg)
    return value


def engine_name(value: str) -> str:
    """Return an engine with its number of workers, ``name`` or ``name:N``.

    Raises:
        ValueError: it has another form.
    """
    if not re.fullmatch(r"[A-Za-z0-9._/-]+(:[1-9][0-9]{0,3})?", value):
        msg = f"must be the name of an engine, with ':N' for N workers if wanted, not {shown(value)}"
        raise ValueError(msg)
    return value


def engine_spec(value: Any) -> PluginSpec:
    """Return the engine that ``name``, ``name:N`` or ``{name: …, option: …}`` stands for; N becomes `workers`.

    Raises:
        ValueError: it is none of them; the message says what was wanted.
    """
    if isinstance(value, PluginSpec):
        return value
    if isinstance(value, str):
        spec = PluginSpec(value)
    elif isinstance(value, Mapping):
        spec = parse_spec(value)
    else:
        msg = f"must be the name of an engine, or a mapping with its name and options, not {shown(value)}"
        raise ValueError(msg)  # noqa: TRY004 - what pydantic takes from a validator
    name, colon, workers = engine_name(spec.name).partition(":")
    if colon and "workers" in spec.options:
        msg = f"says twice how many workers there are: {spec.name} and workers; leave one of them out"
        raise ValueError(msg)
    return PluginSpec(name, {**spec.options, "workers": int(workers)} if colon else spec.options)


def engine_json(spec: PluginSpec) -> str | dict[str, Any]:
    """Return an engine in its shortest form that `engine_spec` reads back."""
    if not spec.options:
        return spec.name
    workers = spec.options.get("workers")
    if set(spec.options) == {"workers"} and type(workers) is int and 0 < workers < 10_000:
        return f"{spec.name}:{workers}"
    return spec.to_json()
