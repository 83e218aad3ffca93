"""Plugins with their options: validated, normalised, described."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import PydanticUserError, ValidationError

from fairforget.api.plugin import Plugin, option_parameters
from fairforget.api.spec import PluginSpec
from fairforget.errors import FairforgetError, did_you_mean
from fairforget.study.faults import describe as describe_fault
from fairforget.study.faults import joined
from fairforget.study.option_types import Option, options_of
from fairforget.study.places import Fault, dotted, shown

if TYPE_CHECKING:
    from fairforget.kinds import Kind, Registered
    from fairforget.registry import Registry

P = TypeVar("P", bound=Plugin)

HARNESS_KEYS: Final = frozenset({"label", "draws", "optimizer"})
"""Keys beside a method's name that are the study's, not the method's."""


@dataclass(frozen=True, slots=True)
class Built:
    """A plugin made from what a study says of it."""

    entry: Registered
    plugin: Plugin

    def of(self, base: type[P]) -> P:
        """Return the plugin as what its kind says it is; the registry loads nothing else under that kind."""
        if not isinstance(self.plugin, base):
            raise TypeError(self.entry.target)
        return self.plugin

    def to_json(self) -> dict[str, Any]:
        """Return canonical name, version of the distribution, and every option with defaults written out."""
        options = {name: _plain(value) for name, value in self.plugin.options().items()}
        return {"name": self.entry.canonical, "dist_version": self.entry.version, "options": options}

    def path_options(self) -> list[str]:
        """Return the options that are declared as paths."""
        return [option.name for option in options_of(type(self.plugin)).values() if option.is_path]


@dataclass(frozen=True, slots=True)
class OptionDoc:
    """What is known about an option."""

    name: str
    type: str
    default: str | None
    """As a study file would give it; None for an option that has to be given."""
    doc: str
    search: str | None
    """What tuning tries, in words, if anything."""


class OptionError(FairforgetError):
    """A study names a plugin wrongly; one message for each fault."""

    def __init__(self, faults: list[tuple[tuple[str | int, ...], str]], where: str = "") -> None:
        self.faults = tuple(faults)
        """(path inside the plugin's mapping, message); an empty path is the plugin itself."""
        super().__init__("\n".join(f"{where}: {message}" if where else message for _, message in faults))


def build(registry: Registry, kind: Kind, spec: PluginSpec, where: str = "") -> Built:
    """Make the plugin that `spec` describes.

    Args:
        registry: what is installed.
        kind: the kind of plugin wanted.
        spec: name and options; options as YAML or JSON gives them, lists for tuples and texts for paths.
        where: what messages begin with, for example ``study.yaml:12``.

    Raises:
        OptionError: the name is unknown, or options are unknown, missing or wrong; one line for each.
        FairforgetError: the plugin itself is broken; the message names it and its target.
    """
    try:
        entry = registry.find(kind, spec.name)
    except FairforgetError as error:
        raise OptionError([((), str(error))], where) from error
    cls = registry.load(entry)
    reserved = HARNESS_KEYS if kind == "method" else frozenset()
    try:
        plugin = make(cls, spec.options, f"{kind} {entry.name!r}", entry.target, reserved)
    except OptionError as error:
        raise OptionError(list(error.faults), where) from error.__cause__
    return Built(entry, plugin)


def make(cls: type[P], given: Mapping[str, Any], title: str, target: str, reserved: frozenset[str] = frozenset()) -> P:
    """Make an instance of a class whose constructor's parameters are its options.

    Args:
        cls: the class.
        given: options as YAML or JSON gives them, lists for tuples and texts for paths.
        title: what messages call it, for example ``method 'npo'``.
        target: ``module:Class``, for messages to the author of the class.
        reserved: keys beside ``name`` that are no options.

    Raises:
        OptionError: options are unknown, missing or wrong; one line for each.
        FairforgetError: the class itself is broken; the message names it and its target.
    """
    made = _made(cls, given, title, target, reserved)
    _check_stored(f"{title} ({target})", made)
    return made


def describe(cls: type[Plugin]) -> list[OptionDoc]:
    """Return what is known about the options of a plugin class, in the order of its constructor.

    Raises:
        FairforgetError: the class breaks the rules for options; the message says which.
    """
    options = _options(f"{cls.__module__}:{cls.__qualname__}", cls)
    return [OptionDoc(o.name, o.type_text(), _default_text(o), o.doc, o.search_text()) for o in options.values()]


def _made(cls: type[P], given: Mapping[str, Any], title: str, target: str, reserved: frozenset[str]) -> P:
    options = _options(f"{title} ({target})", cls)
    if taken := sorted(({"name"} | reserved) & set(options)):
        msg = (
            f"{title} ({target}) has an option {taken[0]!r}, which is a key of the study file; its author has to "
            "rename the option"
        )
        raise FairforgetError(msg)
    faults: list[tuple[tuple[str | int, ...], str]] = []
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in options:
            faults.append(((name,), f"{title} has no option {name!r}. {_allowed(name, options)}"))
            continue
        try:
            values[name] = _validated(options[name], value)
        except (_NotPlain, ValidationError) as error:
            for path, why in _whys(error, options[name]):
                faults.append(((name, *path), f"{title}: option {dotted((name, *path))!r} {why}"))
        except PydanticUserError as error:
            text = str(error).splitlines()[0]
            faults.append(((name,), f"{title}: option {name!r} has a type no study file can give: {text}"))
    missing = [o.name for o in options.values() if o.required and o.name not in given]
    faults += [((), f"{title} needs the option {name!r} ({options[name].type_text()})") for name in missing]
    if faults:
        raise OptionError(faults)
    try:
        return cls(**values)
    except (ValueError, FairforgetError) as error:
        raise OptionError([((), f"{title}: {' '.join(str(error).split())}")]) from error
    except Exception as error:
        msg = f"{title} ({target}) cannot be made: {type(error).__name__}: {error}"
        raise FairforgetError(msg) from error


def _options(title: str, cls: type) -> dict[str, Option]:
    try:
        return options_of(cls)
    except Exception as error:
        # Annotations are code of the plugin's author, and reading them runs it.
        msg = f"{title}: its options cannot be read: {type(error).__name__}: {error}"
        raise FairforgetError(msg) from error


def _allowed(name: str, options: Mapping[str, Option]) -> str:
    return did_you_mean(name, options, heading="Options") if options else "It has no options."


def _check_stored(title: str, plugin: Plugin) -> None:
    """Find out whether the options of a plugin can be written down.

    Raises:
        FairforgetError: not all of them; its author is told why.
    """
    for name in option_parameters(type(plugin)):
        if not hasattr(plugin, name):
            msg = (
                f"{title} does not keep its option {name!r}: a constructor stores its parameters under their own names"
            )
            raise FairforgetError(msg)
        try:
            _plain(getattr(plugin, name))
        except _NotPlain as error:
            msg = f"{title}: the value of its option {name!r} {error}, for it is written into every result"
            raise FairforgetError(msg) from error


class _NotPlain(ValueError):
    """A value that cannot be written as JSON."""


def _validated(option: Option, value: Any) -> Any:
    """Return the value as the declared type.

    Validation is strict, in JSON's terms: a list may stand for a tuple, a text for a path and an integer for a float,
    and nothing else is converted.
    """
    try:
        text = json.dumps(_plain(value), allow_nan=False)
    except RecursionError as error:
        msg = "is nested too deeply"
        raise _NotPlain(msg) from error
    return option.adapter().validate_json(text, strict=True)


def _whys(error: _NotPlain | ValidationError, option: Option) -> list[tuple[tuple[str | int, ...], str]]:
    """Return what is wrong with a value, and where inside it."""
    if isinstance(error, _NotPlain):
        return [((), str(error))]
    found = [Fault(tuple(details["loc"]), describe_fault(details)) for details in error.errors(include_url=False)]
    if option.is_union:
        return [((), joined(found).message)]
    return [(fault.path, fault.message) for fault in found]


def _plain(value: Any) -> Any:
    """Return an option's value as JSON has it.

    Raises:
        _NotPlain: it cannot be written as JSON.
    """
    if isinstance(value, Enum):
        return _plain(value.value)
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            msg = f"must be a finite number, not {value}"
            raise _NotPlain(msg)
        return value
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, PluginSpec):
        return _plain(value.to_json())
    if isinstance(value, Mapping):
        return {_key(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, set | frozenset):
        return sorted((_plain(inner) for inner in value), key=json.dumps)
    msg = f"must be plain data, not {type(value).__name__}"
    raise _NotPlain(msg)


def _key(key: Any) -> str:
    if not isinstance(key, str):
        msg = f"must have texts as keys, not {shown(key)}"
        raise _NotPlain(msg)
    return key


def _default_text(option: Option) -> str | None:
    if option.required:
        return None
    try:
        return json.dumps(_plain(option.default), ensure_ascii=False)
    except _NotPlain:
        return repr(option.default)
