"""What parts of the program log as a warning, while a command works."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fairforget.cli.log import Log

_OURS: Final = "fairforget"
"""Loggers that begin so are the harness's, its plugins' and those of distributions called ``fairforget-…``."""


@contextmanager
def heard(log: Log, *, everything: bool) -> Iterator[None]:
    """Have a log told of warnings while inside.

    Args:
        log: is told of what ``fairforget…`` loggers say.
        everything: also what loggers of other libraries say that nobody else shows, and what `warnings.warn` says.
    """
    root, before = logging.getLogger(), warnings.showwarning
    relay = _Relay(log, root, everything=everything)
    root.addHandler(relay)
    try:
        if everything:
            warnings.showwarning = relay.show
        yield
    finally:
        if everything:
            warnings.showwarning = before
        root.removeHandler(relay)


class _Relay(logging.Handler):
    def __init__(self, log: Log, root: logging.Logger, *, everything: bool) -> None:
        super().__init__(logging.WARNING)
        self._log, self._everything = log, everything
        # Before there was any handler Python printed warnings itself, and does not any more.
        self._alone = not root.handlers
        self._before = logging.lastResort

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(_OURS) or (self._alone and self._everything):
            try:
                text = record.getMessage()
            except (TypeError, ValueError, KeyError):  # a format that its arguments do not fit
                text = str(record.msg)
            self._log.warned(text, record.name)
        elif self._alone and self._before is not None:
            self._before.handle(record)

    def show(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: object = None,
        line: str | None = None,
    ) -> None:
        """Stand in for `warnings.showwarning`."""
        del filename, lineno, file, line
        self._log.warned(str(message), category.__name__)
