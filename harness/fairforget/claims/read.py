"""Reading a claim file: what it says, before anything that it names is looked up; quick enough for lists."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from fairforget.claims.claim_file import ClaimFile
from fairforget.errors import FairforgetError
from fairforget.study.faults import faults_of
from fairforget.study.load import named_file
from fairforget.study.places import Fault, Places, shown
from fairforget.study.yaml_lines import Document, read_yaml

if TYPE_CHECKING:
    from fairforget.kinds import Registered
    from fairforget.registry import Registry


@dataclass(frozen=True, slots=True)
class ReadClaim:
    """A claim file and where it lies; what it names is not looked up."""

    name: str
    """``distribution/name``; of a file that no plugin ships, its name without the ending."""
    file: ClaimFile
    path: Path
    root: Path
    """The folder that no path in the file leads out of."""
    places: Places


def read_claim(claim: str | Path, registry: Registry) -> ReadClaim:
    """Read a claim file.

    Args:
        claim: a file, or the name of a claim that a plugin ships, bare or as ``distribution/name``; what ends in
            ``.yaml`` or ``.yml`` is a file.
        registry: where names are looked up.

    Raises:
        FairforgetError: it does not exist or is wrong; the message has one line for each fault, with file, line and
            key.
    """
    path = named_file("claim", claim, registry)
    if path is None:
        return read_entry(registry.find("claim", str(claim)), registry)
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", path.stem):
        msg = (
            f"{path}: a claim is called as its file, which needs lower-case letters and digits, joined by '-'; "
            "rename the file"
        )
        raise FairforgetError(msg)
    document = read_yaml(path)
    return ReadClaim(path.stem, _file_of(document), path, path.absolute().parent, document.places)


def read_entry(entry: Registered, registry: Registry) -> ReadClaim:
    """Read the file behind an entry.

    Raises:
        FairforgetError: as `read_claim`.
    """
    path = registry.path(entry)
    document = read_yaml(path)
    return ReadClaim(entry.canonical, _file_of(document), path, registry.folder(entry), document.places)


def _file_of(document: Document) -> ClaimFile:
    if not isinstance(document.value, dict):
        raise document.places.error([Fault((), f"a claim file is a mapping of keys, not {shown(document.value)}")])
    try:
        # As JSON, because pydantic's strictness then allows what YAML cannot say otherwise: a list for a tuple.
        return ClaimFile.model_validate_json(json.dumps(document.value))
    except ValidationError as error:
        raise document.places.error(faults_of(error, ClaimFile)) from error
