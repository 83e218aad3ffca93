"""``fairforget plugins show NAME``."""

from __future__ import annotations

import inspect
import json
import sys
from typing import TYPE_CHECKING, Any, Final

from fairforget.cli.output import discover, print_json
from fairforget.cli.plugins_list import facts
from fairforget.errors import FairforgetError, did_you_mean
from fairforget.kinds import BASES
from fairforget.names import UnknownName, matches
from fairforget.terminal import printable

if TYPE_CHECKING:
    import argparse

    from fairforget.kinds import Kind, Registered
    from fairforget.registry import Registry
    from fairforget.study.options import OptionDoc

# What the classes of fairforget.api say of themselves besides their options.
_ATTRIBUTES: Final = ("version", "licence", "citation", "higher_is", "unit", "needs_model", "reference")


def execute(args: argparse.Namespace) -> int:
    """Print what is known of one entry."""
    registry = discover(args)
    entry = registry.find(args.kind or _kind_of(registry, args.name), args.name)
    shown = _describe(registry, entry)
    if args.json:
        print_json(shown)
    else:
        _print(shown)
    return 0


def _kind_of(registry: Registry, name: str) -> Kind:
    """Return the kind of the entry called `name`, which must not be called so in two kinds."""
    kinds = list(dict.fromkeys(entry.kind for entry in registry.entries() if matches(entry, name)))
    if len(kinds) == 1:
        return kinds[0]
    if kinds:
        choices = " or ".join(f"--kind {kind}" for kind in kinds)
        msg = f"{name!r} is the name of a {' and of a '.join(kinds)}. Add {choices}."
        raise FairforgetError(msg)
    known = [entry.canonical if "/" in name else entry.name for entry in registry.entries()]
    failed = "".join(f"\nplugin {p.plugin} did not load: {p.error}" for p in registry.problems)
    msg = f"Nothing installed is called {name!r}. {did_you_mean(name.lower().replace('_', '-'), known)}{failed}"
    raise UnknownName(msg)


def _describe(registry: Registry, entry: Registered) -> dict[str, Any]:
    known: dict[str, Any] = {**facts(entry), "canonical": entry.canonical}
    if entry.kind == "claim":
        return known | _claim(registry, entry)
    if entry.kind not in BASES:
        return known | {"file": str(registry.path(entry)), "line": 1, "doc": "", "attributes": {}, "options": []}
    from fairforget.study.options import describe

    cls = registry.load(entry)
    file, line = _origin(cls)
    attributes = {name: value for name in _ATTRIBUTES if isinstance(value := getattr(cls, name, None), str | int)}
    options = [_facts(option) for option in describe(cls)]
    # A dataclass without a docstring gets its signature as one; the options say that better.
    doc = (inspect.getdoc(cls) or "") if cls.__doc__ and not cls.__doc__.startswith(f"{cls.__name__}(") else ""
    return known | {"file": file, "line": line, "doc": doc, "attributes": attributes, "options": options}


def _claim(registry: Registry, entry: Registered) -> dict[str, Any]:
    """Return what a claim says; its studies are planned, so that whatever is wrong with it is said here."""
    from fairforget.claims.open import opened
    from fairforget.claims.planned import plan_claim
    from fairforget.claims.read import read_entry

    read = read_entry(entry, registry)
    planned, file = plan_claim(opened(read, registry), registry), read.file
    borders = file.expect.model_dump(exclude_none=True, exclude={"because"})
    attributes = {
        "title": file.title,
        "family": file.family,
        "paper": file.source.paper,
        "where": file.source.where,
        "studies": ", ".join(f"{site.study}/{site.site.name}" for site in planned.sites),
        "cells": sum(len(site.plan) for site in planned.sites) if file.cells else 0,
        "statistic": json.dumps(file.statistic.to_json(), ensure_ascii=False),
        "expect": " ".join(f"{name} {json.dumps(value)}" for name, value in borders.items()),
    }
    return {"file": str(read.path), "line": 1, "doc": file.statement, "attributes": attributes, "options": []}


def _facts(option: OptionDoc) -> dict[str, Any]:
    facts = {"name": option.name, "type": option.type, "required": option.default is None, "doc": option.doc}
    try:
        default = None if option.default is None else json.loads(option.default)
    except ValueError:
        # A default that a study file could not give, told in words.
        default = option.default
    return facts | {"default": default, "search": option.search}


def _origin(cls: type) -> tuple[str | None, int | None]:
    """Return file and line of a class; None where its source is not at hand."""
    try:
        return inspect.getsourcefile(cls), inspect.getsourcelines(cls)[1]
    except (OSError, TypeError):
        return getattr(sys.modules.get(cls.__module__), "__file__", None), None


def _print(shown: dict[str, Any]) -> None:
    def line(text: str) -> None:
        print(printable(text.rstrip()))

    line(f"{shown['kind']} {shown['canonical']} {shown['version']}")
    if shown["summary"]:
        line(f"  {shown['summary']}")
    line(f"  plugin {shown['plugin']}, target {shown['target']}")
    if shown["file"]:
        line(f"  {shown['file']}" + (f":{shown['line']}" if shown["line"] else ""))
    for name, value in shown["attributes"].items():
        if value != "":
            line(f"  {name} = {value}")
    for text in ["", *shown["doc"].splitlines()] if shown["doc"] else []:
        line(f"  {text}")
    line("")
    line("options:" if shown["options"] else "no options")
    for option in shown["options"]:
        default = "(required)" if option["required"] else f"= {json.dumps(option['default'], ensure_ascii=False)}"
        line(f"  {option['name']}: {option['type']} {default}")
        if option["doc"]:
            line(f"      {option['doc']}")
        if option["search"]:
            line(f"      tuning tries {option['search']}")
