"""Text of strangers on a terminal."""

from __future__ import annotations

import unicodedata
from typing import Final

# Control, format (bidirectional overrides among them), surrogate, line and paragraph separator.
_HOSTILE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def printable(text: str, *, keep: str = "") -> str:
    """Return `text` without the characters that steer a terminal, except those in `keep`.

    Names, summaries and messages of plugins, and whatever stands in a result file, are written by others: an escape
    sequence in them could rewrite what the screen shows.
    """
    if text.isprintable():  # most are: nothing of these categories, nor a space but the plain one
        return text
    return "".join(c for c in text if c in keep or unicodedata.category(c) not in _HOSTILE)
