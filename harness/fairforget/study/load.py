"""Opening a study: by file or by name, with the settings of the command line."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from fairforget.errors import FairforgetError
from fairforget.study.faults import faults_of
from fairforget.study.override import Setting, apply, parse_setting
from fairforget.study.places import Places
from fairforget.study.schema import Study
from fairforget.study.yaml_core import to_yaml
from fairforget.study.yaml_lines import Document, parse_yaml, read_yaml

if TYPE_CHECKING:
    from fairforget.kinds import Kind
    from fairforget.registry import Registry


@dataclass(frozen=True, slots=True)
class StudyFile:
    """A study together with where each part of it was written."""

    study: Study
    places: Places


def open_study(study: str | Path, registry: Registry | None = None, settings: Sequence[str] = ()) -> StudyFile:
    """Open a study.

    A text that starts with ``./`` or ``../``, anywhere in a file, is a path relative to the file's folder; in a
    setting of the command line it is relative to the current folder. Every other text stays as it is.

    Args:
        study: a file, or the name of a study that a plugin ships; what ends in ``.yaml`` or ``.yml`` is a file.
        registry: where names are looked up; None = files only.
        settings: ``key=value`` each, key dotted (``budget.epochs``, ``methods.2.beta``), value as YAML. Later ones
            win over earlier ones, and all over the file.

    Raises:
        FairforgetError: the study does not exist or is wrong; the message has one line for each fault, with file, line
            and key.
    """
    path = _find(study, registry)
    document = read_yaml(path)
    return _opened(_anchored(document, path.absolute().parent), settings)


def load_study(study: str | Path, registry: Registry | None = None, settings: Sequence[str] = ()) -> Study:
    """Return the study that `open_study` opens."""
    return open_study(study, registry, settings).study


def parse_study(
    text: str, source: str = "study", settings: Sequence[str] = (), folder: Path | None = None
) -> StudyFile:
    """Open a study given as text; `folder` is where relative paths start, by default the current folder."""
    return _opened(_anchored(parse_yaml(text, source), (folder or Path.cwd()).absolute()), settings)


def dump(study: Study) -> str:
    """Return the study as YAML with every default written out; loading it gives an equal study."""
    return to_yaml(study.to_json())


def study_of(document: Document, settings: Sequence[Setting] = ()) -> StudyFile:
    """Return the study that a document and settings make; relative paths in both are absolute already.

    Raises:
        FairforgetError: the study is wrong, as `open_study`.
    """
    for setting in settings:
        document = apply(document, setting, setting.value)
    return StudyFile(_validated(document), document.places)


def of_command_line(settings: Sequence[str]) -> list[Setting]:
    """Return the settings of the command line, their relative paths made absolute from the current folder.

    Raises:
        FairforgetError: one of them is no ``key=value``.
    """
    parsed = [parse_setting(text) for text in settings]
    return [replace(setting, value=anchored(setting.value, Path.cwd())) for setting in parsed]


def _opened(document: Document, settings: Sequence[str]) -> StudyFile:
    return study_of(document, of_command_line(settings))


def _validated(document: Document) -> Study:
    try:
        # As JSON, because pydantic's strictness then allows what YAML cannot say otherwise: a list for a tuple.
        return Study.model_validate_json(json.dumps(document.value))
    except ValidationError as error:
        raise document.places.error(faults_of(error, Study)) from error


def _find(study: str | Path, registry: Registry | None) -> Path:
    """Return the file of a study."""
    path = named_file("study", study, registry)
    if path is None and registry is not None:
        return registry.path(registry.find("study", str(study)))
    return path or Path(study)


def named_file(kind: Kind, asked: str | Path, registry: Registry | None) -> Path | None:
    """Return the file that was asked for; None where it is a name to look up in the registry.

    Raises:
        FairforgetError: there is no such file, or it is a folder.
    """
    name, path = str(asked), Path(asked)
    if not name or "\0" in name:
        msg = f"{name!r} is neither a file nor the name of a {kind}"
        raise FairforgetError(msg)
    if path.is_file() or isinstance(asked, Path) or registry is None or path.suffix in {".yaml", ".yml"}:
        if path.is_dir():
            msg = f"{path}: a folder; name the {kind} file in it"
            raise FairforgetError(msg)
        if not path.exists():
            near = sorted(p.name for p in _siblings(path) if p.suffix in {".yaml", ".yml"})
            hint = f" That folder has {', '.join(near[:10])}." if near else ""
            msg = f"{path}: there is no such file.{hint}"
            raise FairforgetError(msg)
        return path
    return None


def _siblings(path: Path) -> list[Path]:
    try:
        return list(path.parent.iterdir())
    except OSError:
        return []


def _anchored(document: Document, folder: Path) -> Document:
    return Document(anchored(document.value, folder), document.places)


def anchored(value: Any, folder: Path) -> Any:
    """Return `value` with every relative path in it (``./…``, ``../…``) made absolute from `folder`."""
    if isinstance(value, str) and (value in {".", ".."} or value.startswith(("./", "../"))):
        return os.path.normpath(folder / value)
    if isinstance(value, dict):
        return {key: anchored(inner, folder) for key, inner in value.items()}
    if isinstance(value, list):
        return [anchored(inner, folder) for inner in value]
    return value
