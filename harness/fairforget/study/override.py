"""``--set key=value``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from fairforget.errors import FairforgetError
from fairforget.study.places import KeyPath, Place, dotted, shortened
from fairforget.study.yaml_lines import Document, YamlError, parse_yaml


@dataclass(frozen=True, slots=True)
class Setting:
    """One ``key=value`` of the command line."""

    path: KeyPath
    value: Any
    source: str
    """What messages call it: ``--set key=value``."""

    @classmethod
    def of(cls, key: str, value: Any, source: str) -> Setting | None:
        """Return the setting of a dotted key; None where the key, or a part of it, is empty."""
        parts = key.strip().split(".")
        if not all(parts):
            return None
        path = tuple(int(p) if p.isascii() and p.isdigit() and len(p) < 10 else p for p in parts)
        return cls(path, value, source)


def parse_setting(text: str) -> Setting:
    """Read ``key=value``.

    Raises:
        FairforgetError: it has no ``=``, an empty key, or a value that is no YAML.
    """
    key, equals, value = text.partition("=")
    source = f"--set {shortened(text if text.isprintable() else repr(text), 80)}"
    setting = Setting.of(key, None, source) if equals else None
    if setting is None:
        msg = f"{source}: write key=value, for example --set budget.epochs=5"
        raise FairforgetError(msg)
    try:
        parsed = parse_yaml(value, source).value
    except YamlError as error:
        msg = f"{error}. Put a text with special characters in quotation marks"
        raise FairforgetError(msg) from error
    return replace(setting, value=parsed)


def apply(document: Document, setting: Setting, value: Any) -> Document:
    """Return the document with `value` at the setting's path.

    A plugin given by its bare name becomes a mapping when an option of it is set; mappings that are missing on the
    way are made. Whether the key exists is for the validation of the whole study to say.

    Raises:
        FairforgetError: the path leads through a list at a position it does not have, or through a plain value.
    """
    changed = _put(document.value if document.value is not None else {}, setting.path, value, setting, ())
    return Document(changed, document.places.moved(setting.path, Place(setting.source)))


def _put(inside: Any, path: KeyPath, value: Any, setting: Setting, done: KeyPath) -> Any:
    if not path:
        return value
    part, rest = path[0], path[1:]
    here = dotted(done) or "the study"
    if isinstance(inside, list):
        if not isinstance(part, int) or part >= len(inside):
            positions = f"0 … {len(inside) - 1}" if inside else "none, it is empty"
            msg = f"{setting.source}: {here} is a list with the positions {positions}, not {part!r}"
            raise FairforgetError(msg)
        new = _put(inside[part], rest, value, setting, (*done, part))
        return [new if i == part else kept for i, kept in enumerate(inside)]
    if isinstance(inside, str) and done and done[0] in {"task", "samplers", "methods", "curricula", "engine"}:
        inside = {"name": inside}
    if inside is None:
        inside = {}
    if not isinstance(inside, dict):
        msg = f"{setting.source}: {here} is a plain value and has no {part!r} inside"
        raise FairforgetError(msg)
    return {**inside, str(part): _put(inside.get(str(part)), rest, value, setting, (*done, str(part)))}
