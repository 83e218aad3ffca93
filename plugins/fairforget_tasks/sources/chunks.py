"""Long texts cut into pieces of a number of tokens."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from fairforget.errors import FairforgetError
from fairforget.paths import expanded, lies_at, short

Spans = Callable[[str], Sequence[tuple[int, int]]]
"""Start and end of every token of a text, in characters, in order."""

_WORD: Final = re.compile(r"\S+")


def chunks(text: str, size: int, spans: Spans) -> list[str]:
    """Cut a text into pieces of `size` tokens; the last one has what is left, so that nothing is lost.

    Pieces are slices of the text: cut before the first character of a token, stripped of surrounding space.

    Args:
        text: the whole text.
        size: tokens a piece.
        spans: says where the tokens are; `words`, or `tokenizer_spans`.

    Returns:
        The pieces that have a character other than space; none for an empty text.
    """
    starts = [start for start, end in spans(text) if end > start][::size]
    bounds = [0, *starts[1:], len(text)]
    pieces = (text[start:end].strip() for start, end in pairwise(bounds))
    return [piece for piece in pieces if piece]


def words(text: str) -> list[tuple[int, int]]:
    """Return where the words are: whatever stands between spaces."""
    return [match.span() for match in _WORD.finditer(text)]


def spans_of(tokenizer: str | None) -> Spans:
    """Return how tokens are counted: those of a tokenizer (hub id or folder), or words for None.

    Raises:
        FairforgetError: there is no such tokenizer, or it is not a fast one.
    """
    if tokenizer is None:
        return words
    folder = expanded(tokenizer)
    file = folder / "tokenizer.json" if lies_at(folder) == "folder" else folder
    if lies_at(file) != "file":
        file = _from_hub(tokenizer)
    backend = _load(file)

    def spans(text: str) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = backend.encode(text, add_special_tokens=False).offsets
        return found

    return spans


def _load(file: Path) -> Any:
    from tokenizers import Tokenizer

    try:
        backend = Tokenizer.from_file(str(file))
    except Exception as error:  # the library raises nothing narrower
        raise FairforgetError(f"{file}: not a tokenizer ({error})") from error
    backend.no_truncation()
    backend.no_padding()
    return backend


def _from_hub(name: str) -> Path:
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(name, "tokenizer.json"))
    except Exception as error:  # a name that is none, no network, gated: one mend
        lines = str(error).strip().splitlines() or [""]
        msg = (
            f"tokenizer {short(name)} is no folder with a tokenizer.json, and cannot be had from the hub "
            f"({type(error).__name__}: {lines[0]:.300}); without a network give a folder, or null to count words"
        )
        raise FairforgetError(msg) from error
