"""Structural counts beside committed ones: how many, exactly, so that they fail on any machine or on none."""

from __future__ import annotations

import contextlib
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import counting

UPDATE = "FAIRFORGET_SPEED_UPDATE"
"""Set to anything, the committed counts are written anew instead of compared."""


class Counts:
    """What the fixture ``counts`` gives."""

    def __init__(self, file: Path, ear: counting.Ear) -> None:
        self._file = file
        self._ear = ear

    @contextlib.contextmanager
    def __call__(
        self, name: str, *, within: Path | None = None, models: bool = False, hooks: bool = False
    ) -> Iterator[Counter[str]]:
        """Count what happens inside and compare it with what ``counts.json`` beside the test says under `name`.

        Args:
            name: of the piece of code.
            within: files are counted below this folder.
            models: whether to count passes and steps; imports torch.
            hooks: whether to count calls of hooks of pluggy.

        Yields:
            The counts; what else can be counted may be put in by hand.

        Raises:
            pytest.fail.Exception: they are not the committed ones.
        """
        found: Counter[str] = Counter()
        with contextlib.ExitStack() as stack:
            if hooks:
                stack.enter_context(counting.hook_calls(found))
            if models:
                stack.enter_context(counting.passes(found))
            stack.enter_context(counting.statements(found))
            stack.enter_context(self._ear.open(found, within))
            yield found
        self._compare(name, {what: int(found[what]) for what in sorted(found)})

    def _compare(self, name: str, found: dict[str, int]) -> None:
        committed = json.loads(self._file.read_text(encoding="utf-8")) if self._file.exists() else {}
        if os.environ.get(UPDATE):
            committed[name] = found
            text = json.dumps(dict(sorted(committed.items())), indent=2, ensure_ascii=False)
            self._file.write_text(f"{text}\n", encoding="utf-8")
            return
        was = committed.get(name)
        if was is None:
            pytest.fail(f"{self._file.name} has no counts of {name!r}; write them with --update-counts", pytrace=False)
        changed = [
            f"{what}: {was.get(what, 0)} -> {found.get(what, 0)}"
            for what in sorted({*was, *found})
            if was.get(what, 0) != found.get(what, 0)
        ]
        if changed:
            message = f"{name}: {'; '.join(changed)}. If that is meant, write them anew with --update-counts"
            pytest.fail(message, pytrace=False)
