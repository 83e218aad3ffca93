"""How a method fails."""

from __future__ import annotations


class UnlearningFailed(Exception):
    """The method cannot go on; the cell records `kind` and the message."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
