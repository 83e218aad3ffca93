"""Where the data of a task is: a folder, a file, or a hub id."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fairforget.errors import FairforgetError
from fairforget.paths import expanded, lies_at, short
from fairforget_tasks.sources.files import SUFFIXES, read_file
from fairforget_tasks.sources.hub import read_hub
from fairforget_tasks.sources.rows import Row

_HUB_ID: Final = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")
_CARD: Final = "README.md"


@dataclass(frozen=True, slots=True)
class Source:
    """A folder of files, one file, a folder with a copy of a hub repository, or the id of a data set on a hub.

    In a folder of files the split ``test`` of the configuration ``wmdp-bio`` is ``wmdp-bio/test.jsonl``,
    ``wmdp-bio-test.jsonl``, ``wmdp-bio_test.jsonl`` or ``wmdp-bio.jsonl``, whichever is there first
    (``test.jsonl`` where there is no configuration); other endings of `fairforget_tasks.sources.files.SUFFIXES`
    likewise.
    """

    data: str
    revision: str | None = None
    """Commit, branch or tag of a data set on a hub."""

    def local(self) -> Path | None:
        """Return the folder or file, or None for a hub id.

        Raises:
            FairforgetError: `data` is none of these.
        """
        place = expanded(self.data)
        if lies_at(place):
            return place
        if place.is_absolute() or self.data.startswith((".", "~")) or not _HUB_ID.fullmatch(self.data):
            raise FairforgetError(f"data {short(self.data)} does not exist; give a folder, a file, or a hub id")
        return None

    def rows(self, config: str | None, split: str, *, most: int | None = None) -> list[Row]:
        """Return the rows of a split.

        Args:
            config: name of the configuration; None = there is only one.
            split: name of the split.
            most: rows to take, from the start.

        Raises:
            FairforgetError: it is missing, empty, or has another form; the message names file and row.
        """
        rows = self.optional_rows(config, split, most=most)
        if rows is None:
            raise FairforgetError(self._no_split(config, split))
        if not rows:
            raise FairforgetError(f"{self.data} ({config or 'default'}, {split}): the split is empty")
        return rows

    def optional_rows(self, config: str | None, split: str, *, most: int | None = None) -> list[Row] | None:
        """Return the rows of a split, or None where there is none of this name."""
        place = self.local()
        if place is None:
            return read_hub(self.data, config, split, revision=self.revision, most=most)
        if place.is_file():
            return read_file(place)[:most]
        for name in _names(config, split):
            for suffix in SUFFIXES:
                file = place / f"{name}{suffix}"
                if file.is_file():
                    return read_file(file)[:most]
        # A copy of a hub's repository says in its card where its files are.
        if (place / _CARD).is_file() and (place / _CARD).read_bytes().startswith(b"---"):
            return read_hub(str(place), config, split, most=most)
        return None

    def _no_split(self, config: str | None, split: str) -> str:
        named = f"split {split!r}" + (f" of {config!r}" if config else "")
        if self.local() is None:
            return f"{self.data!r} has no {named} on the hub"
        tried = ", ".join(_names(config, split))
        return f"{self.data!r} has no {named}: the folder has no file {tried} with an ending {', '.join(SUFFIXES)}"


def _names(config: str | None, split: str) -> Sequence[str]:
    if config is None:
        return (split,)
    return (f"{config}/{split}", f"{config}-{split}", f"{config}_{split}", config)
