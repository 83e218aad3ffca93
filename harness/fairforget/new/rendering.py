"""From a kind and a name to the files of a distribution."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from fairforget.errors import FairforgetError
from fairforget.new.naming import Names
from fairforget.version import version

_FILES: Final[Mapping[str, str]] = {
    "pyproject.toml": "common/pyproject.toml",
    "README.md": "common/README.md",
    ".gitignore": "common/gitignore",
    ".github/workflows/test.yml": "common/workflow.yml",
    "{module}.py": "{kind}/module.py",
    "tests/test_{underscored}.py": "{kind}/tests.py",
}
"""Place in the distribution -> template."""


class _Template(string.Template):
    """``%%{name}``: a delimiter that neither Python nor a shell, a workflow or Markdown has."""

    delimiter = "%%"


def render(names: Names, author: str | None = None, *, shared: bool = False) -> dict[str, str]:
    """Return the files of a distribution: place relative to its folder -> text.

    Args:
        names: of the plugin.
        author: ``Name`` or ``Name <address>``, for its metadata.
        shared: whether a plugin of another kind has the name, so that commands say the kind, too.

    Raises:
        FairforgetError: the author cannot stand in metadata.
    """
    code = "".join(_text(f"{names.kind}/{file}.py") for file in ("module", "tests"))
    words = {
        "kind": names.kind,
        "name": names.name,
        "told": f"{names.name} --kind {names.kind}" if shared else names.name,
        "dist": names.dist,
        "module": names.module,
        "underscored": names.name.replace("-", "_"),
        "cls": names.cls(frozenset(re.findall(r"[A-Za-z_]\w*", code))),
        "authors": "" if author is None else f"authors = [{_author(author)}]\n",
        "bound": _bound(version()),
    }
    words["use"] = _filled(f"{names.kind}/use.md", words)
    return {place.format_map(words): _filled(template.format_map(words), words) for place, template in _FILES.items()}


def commands(files: Mapping[str, str]) -> list[str]:
    """Return what to type next, in the folder of the distribution: what its README shows."""
    readme = files["README.md"]
    return re.findall(r"^\$ (.*)$", readme.partition("## Before a commit")[0], re.MULTILINE)


def _text(template: str) -> str:
    return files("fairforget.new").joinpath("templates", f"{template}.txt").read_text(encoding="utf-8")


def _filled(template: str, words: Mapping[str, str]) -> str:
    return _Template(_text(template)).substitute(words)


def _bound(installed: str) -> str:
    """Return the requirement's lower bound; none where the version is not known."""
    public = installed.partition("+")[0]  # what is behind the plus is of one machine, and no bound may have it
    return f">={public}" if public[:1].isdigit() else ""


def _author(text: str) -> str:
    """Return the author as TOML."""
    found = re.fullmatch(r"\s*(?P<name>[^<>@]*?)\s*(<(?P<email>[^\s<>@]+@[^\s<>@]+)>)?\s*", text)
    if found is None or not text.isprintable() or not (found["name"] or found["email"]):
        msg = f"--author {text!r}: write a name, 'Ada Lovelace', or a name and an address, 'Ada <ada@example.org>'"
        raise FairforgetError(msg)
    parts = {key: value for key, value in found.groupdict().items() if value}
    # A printable text as JSON is a basic string of TOML, too.
    return "{" + ", ".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in parts.items()) + "}"
