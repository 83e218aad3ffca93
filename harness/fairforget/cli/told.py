"""Ends of a command that the user has heard of already."""

from __future__ import annotations

from fairforget.errors import FairforgetError


class ToldError(FairforgetError):
    """An error that the user can mend and that a log has told."""


class ToldInterrupt(KeyboardInterrupt):
    """Ctrl-C, or a polite request to end, that a log has told."""
